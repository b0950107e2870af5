import type { Communication, Task } from '@medplum/fhirtypes';
import {
  BUSINESS_STATUS,
  COMMUNICATION_KIND,
  codeIn,
  concept,
  LADDER_STEP,
  OBLIGATIONS,
  SAFETY_CLASS,
  type SafetyClass,
  TASK_CODE,
  TASK_PART,
  type TaskCode,
} from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { type LadderInstant, ladderDue, nextStepAt } from '../../src/rules/deadline.ts';
import type { Directory, Route } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { inputOf, outputsOf } from '../../src/rules/referral.ts';
import type { Raised } from '../raise-safety-note/rule.ts';

export interface Escalation {
  /** The Task with the steps recorded on it. Nobody else becomes its owner. */
  readonly task: Task;
  readonly notices: readonly Raised<Communication>[];
  readonly operator: readonly Raised<Task>[];
}

const OPEN = ['requested', 'received'];
/** Obligations about a note follow the ladder of its class; all others that of E2 from their deadline. */
const BY_CLASS: readonly TaskCode[] = ['acknowledge-safety-note', 'answer-hold-request'];

/** The codes a sweep has to look at. */
export const SWEPT = OBLIGATIONS.filter((each) => each !== 'operator-attention');

/**
 * The steps of the ladder that are due and not yet taken; undefined: none. The same Task and instant give the same steps with the same
 * acts, so a second run adds nothing. The deadline and the owner never change; an E0 goes on until a named person answers. A step that
 * reaches nobody is not recorded as taken; when the deadline has passed and nobody at all was told, the operator is. `others`: what the
 * same sweep looks at; see `inStep`. Rule: DOMAIN D5, H1.
 */
export function escalate(
  task: Task,
  directory: Directory,
  now: string,
  affiliations: Readonly<Record<string, string>> = {},
  others: readonly Task[] = [],
): Escalation | undefined {
  const code = codeIn(TASK_CODE, task.code);
  const deadline = task.restriction?.period?.end;
  if (code === undefined || !OPEN.includes(task.status) || deadline === undefined || task.authoredOn === undefined)
    return undefined;
  const due = new Date(deadline).toISOString();
  const taken = new Set(outputsOf(task, 'ladder-step').map(takenName));
  const steps = ladderDue(
    classOf(task, code),
    new Date(task.authoredOn).toISOString(),
    due,
    now,
    directory.policy,
  ).filter((each) => !taken.has(nameOf(each)));
  if (steps.length === 0) return undefined;
  const owner = directory.routes.get(organizationOf(task.owner, affiliations) ?? '');
  const sender = directory.routes.get(organizationOf(task.requester, affiliations) ?? '');
  const named = inStep(task, others);
  const told = steps.map((step) => ({ step, notices: noticesOf(step, task, named, owner, sender, directory, now) }));
  const reached = told.filter(({ step, notices }) => NO_NOTICE.includes(step.step) || notices.length > 0);
  const isTold =
    [...taken].some((name) => !name.startsWith('duty#')) || reached.some(({ step }) => step.step !== 'duty');
  const operator = steps.some((each) => each.step === 'operator')
    ? [operatorTask(task, now, 'An emergent safety note is not acknowledged by anybody')]
    : isTold || now < due
      ? []
      : [operatorTask(task, now, 'An obligation is not answered in time, and nobody is known whom to tell')];
  const change = recorded(
    task,
    reached.map(({ step }) => step),
    now,
    due,
  );
  if (change === undefined && operator.length === 0) return undefined;
  return { task: change ?? task, notices: reached.flatMap(({ notices }) => notices), operator };
}

/**
 * Ids of this obligation and of those that climb the same rungs at the same instants to the same people: they ask about one note, of the
 * same owner, from the same start to the same deadline. One notice names them all, under one act, so whichever of them comes first sends it
 * and the others find it sent. One that is not among `others` has a notice of its own: twice rather than never. Rule: H26.
 */
function inStep(task: Task, others: readonly Task[]): readonly string[] {
  const ladder = ladderOf(task);
  const isAboutNote = task.focus?.reference?.startsWith('Communication/') === true;
  const same = others.filter((each) => isAboutNote && OPEN.includes(each.status) && ladderOf(each) === ladder);
  return [...new Set([task, ...same].map((each) => each.id ?? ''))].sort();
}

const ladderOf = (task: Task): string =>
  JSON.stringify([
    [task.focus, task.for, task.owner, task.requester].map((each) => each?.reference),
    classOf(task, codeIn(TASK_CODE, task.code)),
    task.authoredOn,
    task.restriction?.period?.end,
  ]);

/** The note itself, which is on its way, and the operator, who has a Task. */
const NO_NOTICE: readonly LadderInstant['step'][] = ['duty', 'operator'];

/** Extension on a recorded step that is repeated: which time it was. */
const TURN = hubExtension('turn');

function takenName(output: NonNullable<Task['output']>[number]): string {
  const turn = output.extension?.find((each) => each.url === TURN)?.valueInteger ?? 1;
  return `${codeIn(LADDER_STEP, output.valueCodeableConcept)}#${turn}`;
}

/** When the ladder of a Task has to be looked at next; undefined: never again as it stands. */
export function lookAgainAt(task: Task, directory: Directory, now: string): string | undefined {
  const code = codeIn(TASK_CODE, task.code);
  const deadline = task.restriction?.period?.end;
  if (code === undefined || !OPEN.includes(task.status) || deadline === undefined || task.authoredOn === undefined)
    return undefined;
  const raisedAt = new Date(task.authoredOn).toISOString();
  return nextStepAt(classOf(task, code), raisedAt, new Date(deadline).toISOString(), now, directory.policy);
}

const nameOf = ({ step, turn }: LadderInstant): string => `${step}#${turn}`;

function classOf(task: Task, code: TaskCode | undefined): SafetyClass {
  const stated = codeIn(SAFETY_CLASS, inputOf(task, 'safety-class')?.valueCodeableConcept);
  return code !== undefined && BY_CLASS.includes(code) ? (stated ?? 'E1') : 'E2';
}

/** Undefined: there is nothing new to say. */
function recorded(task: Task, steps: readonly LadderInstant[], now: string, deadline: string): Task | undefined {
  const isLate = now >= deadline;
  if (steps.length === 0 && (!isLate || codeIn(BUSINESS_STATUS, task.businessStatus) === 'escalated')) return undefined;
  const output = steps.map(({ step, turn }) => ({
    type: concept(TASK_PART, 'ladder-step'),
    valueCodeableConcept: concept(LADDER_STEP, step),
    ...(turn === 1 ? {} : { extension: [{ url: TURN, valueInteger: turn }] }),
  }));
  return {
    ...task,
    lastModified: now,
    ...(output.length === 0 ? {} : { output: [...(task.output ?? []), ...output] }),
    ...(isLate ? { businessStatus: concept(BUSINESS_STATUS, 'escalated') } : {}),
  };
}

/** An acknowledged Task no longer reads "delivered" or "escalated". Undefined: it says so already, or nobody acknowledged it. */
export function answered(task: Task): Task | undefined {
  const taken = task.status === 'accepted' || task.status === 'in-progress' || task.status === 'completed';
  const code = codeIn(TASK_CODE, task.code);
  if (!taken || code === undefined || !BY_CLASS.includes(code)) return undefined;
  if (codeIn(BUSINESS_STATUS, task.businessStatus) === 'acknowledged') return undefined;
  return { ...task, businessStatus: concept(BUSINESS_STATUS, 'acknowledged') };
}

type Person = NonNullable<Communication['recipient']>[number];

/** Whom a step reaches. The first step is the note itself, which is on its way. */
function peopleOf(step: LadderInstant['step'], owner: Route | undefined, sender: Route | undefined): Person[] {
  const on = (route: Route | undefined, rung: LadderInstant['step']) =>
    (route?.ladder ?? [])
      .filter((each) => each.step === rung)
      .map((each): Person => ({ reference: `PractitionerRole/${each.practitionerRole}` }));
  switch (step) {
    case 'repeat':
      return on(owner, 'duty');
    case 'backup':
    case 'supervisor':
      return on(owner, step);
    case 'safety-officer':
      return [...on(owner, step), ...on(sender, step)];
    case 'sender':
      return sender === undefined ? [] : [{ reference: `Organization/${sender.organization}` }];
    default:
      return [];
  }
}

/** The text names neither patient nor reason; what may be known is behind the references, which each reader sees or does not. */
function noticesOf(
  step: LadderInstant,
  task: Task,
  named: readonly string[],
  owner: Route | undefined,
  sender: Route | undefined,
  directory: Directory,
  now: string,
): Raised<Communication>[] {
  const number = owner?.telephone ?? directory.policy.operatorTelephone;
  const who = owner?.name ?? 'the recipient';
  const call = number === undefined ? 'telephone now' : `telephone now: ${number}`;
  const text =
    step.step === 'sender'
      ? `Not acknowledged by ${who}. Please ${call}`
      : 'Not acknowledged in time. Please answer now';
  return peopleOf(step.step, owner, sender).map((recipient) => ({
    act: `escalation/${named.join('+')}/${nameOf(step)}/${recipient.reference}`,
    resource: {
      resourceType: 'Communication',
      status: 'completed',
      category: [concept(COMMUNICATION_KIND, 'not-acknowledged')],
      priority: 'stat',
      ...(task.for === undefined ? {} : { subject: task.for as NonNullable<Communication['subject']> }),
      about: named.map((id) => ({ reference: `Task/${id}` })),
      ...(task.focus?.reference?.startsWith('Communication/')
        ? { inResponseTo: [{ reference: task.focus.reference as `Communication/${string}` }] }
        : {}),
      sent: now,
      recipient: [recipient],
      payload: [{ contentString: `${text}. This message does not replace a telephone call or 911/988.` }],
    },
  }));
}

/** One operator Task per obligation, however often the last step repeats. */
function operatorTask(task: Task, now: string, description: string): Raised<Task> {
  return {
    act: `operator/${task.id}/escalated`,
    resource: {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      priority: 'stat',
      code: concept(TASK_CODE, 'operator-attention'),
      focus: { reference: `Task/${task.id}` },
      ...(task.for === undefined ? {} : { for: task.for }),
      authoredOn: now,
      lastModified: now,
      description,
    },
  };
}
