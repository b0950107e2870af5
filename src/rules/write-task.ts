import type { Task } from '@medplum/fhirtypes';
import type { Actor } from '../model/actor.ts';
import type { Issue } from '../model/assertion.ts';
import {
  ALTERNATIVE,
  BUSINESS_STATUS,
  codeIn,
  HOLD_ANSWER,
  NOTICE_EXCEPTION,
  OBLIGATIONS,
  SAFETY_CLASS,
  TASK_CODE,
  TASK_PART,
  type TaskCode,
} from '../model/codes.ts';
import type { WriteRule } from '../model/write-rule.ts';
import { ANSWERED, ANSWERED_BY_PEOPLE_ONLY, answerFault, answerNeeds, isPersonal, refusal } from './acknowledge.ts';
import { affiliationsOf, organizationOf } from './facts.ts';
import { inputOf, isReferralTask, isReleased, outputOf, outputsOf } from './referral.ts';

type Write = Parameters<WriteRule['check']>[0];
interface TaskWrite extends Write {
  readonly was: Task | undefined;
  readonly is: Task;
  readonly code: TaskCode | undefined;
}

/** Tasks that clients write; every other obligation is raised by the hub alone. */
const BY_CLIENTS: readonly TaskCode[] = ['accept-referral', 'answer-cancellation'];

/**
 * What nobody may do to an obligation, each as one check; the first that speaks refuses. The hub itself passes, its bots nearly.
 * Rule: DESIGN 7 "Obligations", R10, R12, R16, H1, H2.
 */
const CHECKS: readonly ((write: TaskWrite) => Issue | undefined)[] = [
  keepsDemand,
  keepsDeadline,
  keepsAnswer,
  keepsSignature,
  keepsGate,
  byPerson,
  withdrawsInTime,
  answersWhatIsAsked,
  declinesWithReason,
];

export const taskRule: WriteRule = {
  resourceType: 'Task',
  needs: (before, after) => [
    ...new Set([
      ...answerNeeds(before as unknown as Task | undefined),
      ...answerNeeds(after as unknown as Task | undefined),
    ]),
  ],
  check(write) {
    if (write.actor.kind === 'hub') return undefined;
    const was = write.before as unknown as Task | undefined;
    const is = write.after as unknown as Task | undefined;
    if (is === undefined) {
      return was !== undefined && isObligation(codeIn(TASK_CODE, was.code))
        ? refusal('forbidden.obligation-kept', 'an obligation is never deleted', 'Task')
        : undefined;
    }
    const code = codeIn(TASK_CODE, is.code) ?? (isReferralTask(is) ? 'accept-referral' : undefined);
    for (const check of CHECKS) {
      const fault = check({ ...write, was, is, code });
      if (fault !== undefined) return fault;
    }
    return undefined;
  },
};

const isObligation = (code: TaskCode | undefined): boolean =>
  code !== undefined && (OBLIGATIONS as readonly TaskCode[]).includes(code);

const isMachine = (actor: Actor): boolean => actor.kind === 'bot';

/** What is asked, of whom and about what does not change once it is asked; only the hub asks (referrals excepted). */
function keepsDemand({ was, is, code, actor }: TaskWrite): Issue | undefined {
  if (isMachine(actor)) return undefined;
  if (was === undefined) {
    return isObligation(code) && !BY_CLIENTS.includes(code!)
      ? refusal('forbidden.hub-only', 'this kind of task is raised by the hub', 'Task.code')
      : undefined;
  }
  const codeBefore = codeIn(TASK_CODE, was.code) ?? (isReferralTask(was) ? 'accept-referral' : undefined);
  if (!isObligation(codeBefore)) return undefined;
  if (codeBefore !== code)
    return refusal('forbidden.demand-kept', 'the demand of an obligation does not change', 'Task.code');
  for (const element of ['focus', 'for', 'requester', 'authoredOn'] as const) {
    if (JSON.stringify(was[element]) !== JSON.stringify(is[element])) {
      return refusal('forbidden.demand-kept', 'the demand of an obligation does not change', `Task.${element}`);
    }
  }
  const moved = was.owner?.reference !== is.owner?.reference;
  return moved && !BY_CLIENTS.includes(code!)
    ? refusal('forbidden.demand-kept', 'an obligation is not handed on; its ladder reaches the others', 'Task.owner')
    : undefined;
}

/** A deadline moves only earlier, and only together with a more urgent class. */
function keepsDeadline({ was, is, code }: TaskWrite): Issue | undefined {
  const before = was?.restriction?.period?.end;
  const after = is.restriction?.period?.end;
  if (before === undefined || before === after || !isObligation(code)) return undefined;
  const place = 'Task.restriction.period.end';
  const earlier = after !== undefined && Date.parse(after) < Date.parse(before);
  if (!earlier) return refusal('forbidden.deadline-kept', 'the deadline of an obligation does not move later', place);
  const raised = order(classOf(is)) > order(classOf(was!));
  return raised
    ? undefined
    : refusal('forbidden.deadline-kept', 'a deadline moves only with a more urgent class', place);
}

const classOf = (task: Task) => codeIn(SAFETY_CLASS, inputOf(task, 'safety-class')?.valueCodeableConcept);
const order = (code: string | undefined): number => (code === undefined ? -1 : 3 - Number(code.slice(1)));

const PROGRESS: Readonly<Record<string, number>> = {
  draft: 0,
  requested: 1,
  received: 2,
  ready: 2,
  'on-hold': 3,
  accepted: 3,
  'in-progress': 4,
  completed: 5,
  rejected: 5,
  failed: 5,
  cancelled: 5,
  'entered-in-error': 5,
};

const WITHDRAWN = ['draft', 'on-hold', 'cancelled', 'entered-in-error'];

/** What was answered stays answered; it is neither reopened nor taken back nor signed by another. */
function keepsAnswer({ was, is, code, actor }: TaskWrite): Issue | undefined {
  if (was === undefined || !isObligation(code)) return undefined;
  const before = PROGRESS[was.status] ?? 0;
  const after = PROGRESS[is.status] ?? 0;
  const moved = was.status !== is.status;
  if (moved && !isMachine(actor) && !BY_CLIENTS.includes(code!) && WITHDRAWN.includes(is.status)) {
    return refusal('forbidden.obligation-kept', 'an obligation is answered, not withdrawn', 'Task.status');
  }
  // A referral may pause for information and go on.
  const pauses = code === 'accept-referral' && before < 5 && [was.status, is.status].includes('on-hold');
  if (pauses) return undefined;
  if ((before >= 3 && after < before) || (before === 5 && moved)) {
    return refusal('forbidden.answered', 'an answered obligation is not reopened', 'Task.status');
  }
  return undefined;
}

/**
 * Who answered, when and what is said in the write that answers, once, and stays: nobody signs beside it, nobody signs for another
 * beforehand. Steps of the ladder are the hub's and are only added to.
 */
function keepsSignature({ was, is, code, actor }: TaskWrite): Issue | undefined {
  if (was === undefined || !isObligation(code)) return undefined;
  const answering = ANSWERED.includes(is.status) && was.status !== is.status;
  for (const part of ['acknowledged-by', 'acknowledged-at', 'hold-answer'] as const) {
    const [said, says] = [outputsOf(was, part), outputsOf(is, part)];
    const place = `Task.output('${part}')`;
    if (said.length > 0 && JSON.stringify(said) !== JSON.stringify(says))
      return refusal('forbidden.answered', 'who answered, when and what stays as it was recorded', place);
    if (said.length === 0 && says.length > 0 && !answering && !isMachine(actor))
      return refusal('forbidden.not-an-answer', 'who answers is said in the write that answers', place);
    if (said.length === 0 && says.length > 1)
      return refusal('invalid.person-missing', 'an answer is given by one person, once', place);
  }
  const [taken, takes] = [outputsOf(was, 'ladder-step'), outputsOf(is, 'ladder-step')];
  // A person who answers may have read the Task before the last step was taken: his answer counts, what he forges does not.
  const unseen = answering ? taken.slice(takes.length) : [];
  const kept = isMachine(actor) ? takes.slice(0, taken.length) : [...takes, ...unseen];
  return JSON.stringify(taken) === JSON.stringify(kept)
    ? undefined
    : refusal('forbidden.answered', 'what the hub did to reach somebody stays recorded', "Task.output('ladder-step')");
}

/** Only the hub opens the gate of a referral; until then its receiver can do nothing with it (R10). */
function keepsGate({ was, is, actor }: TaskWrite): Issue | undefined {
  if (isMachine(actor) || !isReferralTask(is)) return undefined;
  const open = was !== undefined && isReleased(was);
  if (JSON.stringify(was && outputOf(was, 'released-at')) !== JSON.stringify(outputOf(is, 'released-at'))) {
    return refusal('forbidden.gate', 'only the hub lets a referral go', "Task.output('released-at')");
  }
  if (open) return undefined;
  const waiting = was !== undefined && codeIn(BUSINESS_STATUS, was.businessStatus) === 'waiting-outpatient-notice';
  if (
    waiting &&
    codeIn(BUSINESS_STATUS, is.businessStatus) !== 'waiting-outpatient-notice' &&
    is.status !== 'cancelled'
  ) {
    return refusal(
      'forbidden.gate',
      'the referral waits for the notice to the outpatient provider',
      'Task.businessStatus',
    );
  }
  const allowed = ['draft', 'requested', 'cancelled', 'entered-in-error'];
  return allowed.includes(is.status)
    ? undefined
    : refusal('forbidden.gate', 'a referral that has not left cannot be answered', 'Task.status');
}

function byPerson(write: TaskWrite): Issue | undefined {
  const { was, is, code, actor } = write;
  const answering = ANSWERED.includes(is.status) && was?.status !== is.status;
  if (!answering || code === undefined) return undefined;
  if (isMachine(actor)) {
    return ANSWERED_BY_PEOPLE_ONLY.includes(code)
      ? refusal('forbidden.not-a-person', 'only a named person may answer this task, not a system', 'Task.status')
      : undefined;
  }
  if (isPersonal(is)) return answerFault(write, is);
  return byOwner(write);
}

/** Referrals, cancellations and conflicts may be answered by the owner's system; by nobody else's. */
function byOwner({ is, actor, facts }: TaskWrite): Issue | undefined {
  const affiliations = affiliationsOf(facts as unknown as Parameters<typeof affiliationsOf>[0]);
  const owner = organizationOf(is.owner, affiliations);
  const requester = organizationOf(is.requester, affiliations);
  if (owner === undefined || owner === actor.organization || actor.kind === 'operator') return undefined;
  // The referrer may record that his referral failed; he may not accept or decline it.
  if (requester === actor.organization && is.status === 'failed') return undefined;
  return refusal('forbidden.not-the-owner', 'only the organization that owns the task may answer it', 'Task.status');
}

/** Once work began, a referral is not withdrawn but its cancellation asked for by a Task of its own. Rule: DOMAIN B7 [COW]. */
function withdrawsInTime({ was, is, code, actor, facts }: TaskWrite): Issue | undefined {
  if (code !== 'accept-referral' || is.status !== 'cancelled' || was?.status !== 'in-progress') return undefined;
  const owner = organizationOf(is.owner, affiliationsOf(facts as unknown as Parameters<typeof affiliationsOf>[0]));
  return owner === actor.organization || isMachine(actor)
    ? undefined
    : refusal('forbidden.work-began', 'work began: ask for the cancellation by a task with code abort', 'Task.status');
}

/** A hold request is answered by one of four words; a notice that was not delivered is excused by a coded reason only. */
function answersWhatIsAsked({ is, code, actor }: TaskWrite): Issue | undefined {
  if (is.status !== 'completed' || isMachine(actor)) return undefined;
  if (
    code === 'answer-hold-request' &&
    codeIn(HOLD_ANSWER, outputOf(is, 'hold-answer')?.valueCodeableConcept) === undefined
  ) {
    return refusal(
      'invalid.answer-missing',
      'the answer is continue, adjust, hold or stop',
      "Task.output('hold-answer')",
    );
  }
  const excuse = codeIn(NOTICE_EXCEPTION, outputOf(is, 'notice-exception')?.valueCodeableConcept);
  return code === 'told-outpatient-provider' && excuse === undefined
    ? refusal(
        'invalid.reason-missing',
        'a coded reason is needed to let the referral go',
        "Task.output('notice-exception')",
      )
    : undefined;
}

/** A declined referral says why, and names another way or that none is known (R12); a declined note says why. */
function declinesWithReason({ was, is, code }: TaskWrite): Issue | undefined {
  if (is.status !== 'rejected' || was?.status === 'rejected' || !isObligation(code)) return undefined;
  const reason = is.statusReason?.text?.trim() || is.statusReason?.coding?.[0]?.code;
  if (!reason) return refusal('invalid.reason-missing', 'a rejection needs a reason', 'Task.statusReason');
  if (code !== 'accept-referral') return undefined;
  const alternative = is.output?.find((each) => codeIn(TASK_PART, each.type) === 'alternative');
  const none = codeIn(ALTERNATIVE, alternative?.valueCodeableConcept) === 'none';
  const offered = alternative?.valueReference?.reference !== undefined || alternative?.valueString?.trim();
  return none || offered
    ? undefined
    : refusal(
        'invalid.alternative-missing',
        'a declined referral names an alternative or says that none is known',
        "Task.output('alternative')",
      );
}
