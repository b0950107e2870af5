import type { CareTeam, Communication, EpisodeOfCare, Flag, Task } from '@medplum/fhirtypes';
import {
  BUSINESS_STATUS,
  codeIn,
  concept,
  FLAG_CODE,
  REQUESTED_ACTION,
  SAFETY_CLASS,
  SAFETY_REASON,
  type SafetyClass,
  type SafetyReason,
  TASK_CODE,
  TASK_PART,
} from '../../src/model/codes.ts';
import { onBusinessDay } from '../../src/rules/calendar.ts';
import { classify, deadlineOf, moreUrgent, reclassified } from '../../src/rules/deadline.ts';
import type { Directory, Route } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { plus } from '../../src/rules/instants.ts';
import { inputOf } from '../../src/rules/referral.ts';

export interface NoteFacts {
  readonly note: Communication;
  /** Organization id; absent: nobody knows who said it. */
  readonly sender: string | undefined;
  readonly careTeams: readonly CareTeam[];
  readonly episodes: readonly EpisodeOfCare[];
  readonly affiliations: Readonly<Record<string, string>>;
  readonly directory: Directory;
  /** ISO instant at which the note came to the hub: deadlines count from it, however late the bot runs. */
  readonly receivedAt: string;
}

/** A resource with the act it belongs to; the same act again finds the first. */
export interface Raised<T> {
  readonly act: string;
  readonly resource: T;
}

export interface Demands {
  readonly class: SafetyClass;
  readonly reason: SafetyReason;
  readonly tasks: readonly Raised<Task>[];
  readonly flag: Raised<Flag>;
}

/** Reasons a program raises before anyone assumes that the drug must stop: the prescriber decides. Rule: R16. */
const ASKS_PRESCRIBER: readonly SafetyReason[] = ['sudden-activation', 'agitation', 'emotional-flooding'];
const REVIEW_DAYS = 7;
const PRIORITY = { E0: 'stat', E1: 'asap', E2: 'urgent', E3: 'routine' } as const;

/**
 * One demand for acknowledgement per recipient organization, a decision Task for the prescriber when a program asks about the drug, a
 * Flag while it is open. An emergent or urgent note that no responder can be reached for is returned to its sender at once. What is
 * not understood goes to an operator besides, never instead. Rule: R15, R16, DOMAIN B6, D5.
 */
export function demand(facts: NoteFacts): Demands {
  const { note, directory, sender } = facts;
  const stated = findCode(note, SAFETY_CLASS.system);
  const known = classify(
    {
      ...(reasonOf(note) === undefined ? {} : { reason: reasonOf(note)! }),
      ...(stated === undefined ? {} : { stated }),
    },
    directory.policy,
  );
  const routes = recipientsOf(facts).flatMap((each) => directory.routes.get(each) ?? []);
  const tasks = routes.map((route) => acknowledge(facts, route, known.class, known.reason));
  const prescribers = routes.filter((route) => isClinic(route.organization, directory));
  if (asksPrescriber(note, known.reason) && sender !== undefined && !isClinic(sender, directory)) {
    tasks.push(...prescribers.map((route) => decideDose(facts, route, known.class, known.reason)));
  }
  const reachable = routes.some((route) => route.role === 'responder' && hasRoute(route));
  const urgent = known.class === 'E0' || known.class === 'E1';
  if (urgent && !reachable)
    tasks.push(...telephone(facts, 'Nobody with a duty to answer this note can be reached through the hub'));
  if (known.unknown || sender === undefined) tasks.push(operator(facts));
  return { class: known.class, reason: known.reason, tasks, flag: flagOf(facts) };
}

const hasRoute = (route: Route): boolean => route.ladder.length > 0 || route.telephone !== undefined;

const isClinic = (organization: string, directory: Directory): boolean =>
  directory.levels.get(organization)?.includes('dosing') === true;

const reasonOf = (note: Communication): string | undefined =>
  (note.reasonCode ?? []).flatMap((each) => codeIn(SAFETY_REASON, each) ?? [])[0] ??
  note.reasonCode?.[0]?.coding?.[0]?.code;

const asksPrescriber = (note: Communication, reason: SafetyReason): boolean =>
  findCode(note, REQUESTED_ACTION.system) === 'hold-next-dose-decision' || ASKS_PRESCRIBER.includes(reason);

/** The first code of a hub system in category, reason or extensions of the note. */
export function findCode(note: Communication, system: string): string | undefined {
  const concepts = [...(note.category ?? []), ...(note.reasonCode ?? []), note.topic];
  const extensions = (note.extension ?? []).flatMap((each) => [
    each.valueCodeableConcept,
    { coding: [each.valueCoding ?? {}] },
  ]);
  const codings = [...concepts, ...extensions].flatMap((each) => each?.coding ?? []);
  return codings.find((each) => each.system === system)?.code;
}

/** Whom the sender names, and everybody who treats the person; never the sender itself. */
export function recipientsOf({ note, sender, careTeams, episodes, affiliations }: NoteFacts): string[] {
  const named = (note.recipient ?? []).map((each) => organizationOf(each, affiliations));
  const team = careTeams.flatMap((each) =>
    (each.participant ?? []).map(({ member }) => organizationOf(member, affiliations)),
  );
  const treating = episodes.map((each) => organizationOf(each.managingOrganization, affiliations));
  const all = [...named, ...team, ...treating].filter((each) => each !== undefined && each !== sender);
  return [...new Set(all as string[])].sort();
}

function acknowledge(facts: NoteFacts, route: Route, safetyClass: SafetyClass, reason: SafetyReason): Raised<Task> {
  const responder = route.role === 'responder';
  const { calendar } = route;
  const deadline = responder
    ? deadlineOf(safetyClass, reason, facts.receivedAt, calendar, facts.directory.policy)
    : onBusinessDay(facts.receivedAt, 1, facts.directory.policy.E2.by, calendar);
  return {
    act: `acknowledge/${facts.note.id}/${route.organization}`,
    resource: taskOf(facts, 'acknowledge-safety-note', route.organization, {
      priority: PRIORITY[responder ? safetyClass : 'E3'],
      ...(deadline === undefined ? {} : { restriction: { period: { end: deadline } } }),
      // Who is only informed gets a notice in business hours and no ladder.
      input: [classPart(responder ? safetyClass : 'E3')],
    }),
  };
}

function decideDose(facts: NoteFacts, route: Route, safetyClass: SafetyClass, reason: SafetyReason): Raised<Task> {
  const { policy } = facts.directory;
  const deadline = deadlineOf(safetyClass, reason, facts.receivedAt, route.calendar, policy);
  return {
    act: `hold/${facts.note.id}/${route.organization}`,
    resource: taskOf(facts, 'answer-hold-request', route.organization, {
      priority: PRIORITY[safetyClass],
      ...(deadline === undefined ? {} : { restriction: { period: { end: deadline } } }),
      input: [classPart(safetyClass)],
    }),
  };
}

/**
 * An open demand under a class that has become more urgent: the shorter of its old deadline and a new one counted from now. Undefined:
 * nothing to sharpen. It never gets less urgent and never later. Rule: DOMAIN D5 "Reclassification".
 */
export function sharpened(standing: Task, demands: Demands, directory: Directory, now: string): Task | undefined {
  const before = codeIn(SAFETY_CLASS, inputOf(standing, 'safety-class')?.valueCodeableConcept);
  const route = directory.routes.get(organizationOf(standing.owner, {}) ?? '');
  const open = standing.status === 'requested' || standing.status === 'received';
  if (before === undefined || route?.role !== 'responder' || !open) return undefined;
  if (moreUrgent(before, demands.class) === before) return undefined;
  const renewed = deadlineOf(demands.class, demands.reason, now, route.calendar, directory.policy);
  const end = reclassified(standing.restriction?.period?.end, renewed);
  return {
    ...standing,
    priority: PRIORITY[demands.class],
    lastModified: now,
    ...(end === undefined ? {} : { restriction: { ...standing.restriction, period: { end } } }),
    input: [
      classPart(demands.class),
      ...(standing.input ?? []).filter((each) => codeIn(TASK_PART, each.type) !== 'safety-class'),
    ],
  };
}

const classPart = (safetyClass: SafetyClass) => ({
  type: concept(TASK_PART, 'safety-class'),
  valueCodeableConcept: concept(SAFETY_CLASS, safetyClass),
});

function telephone(facts: NoteFacts, why: string): Raised<Task>[] {
  if (facts.sender === undefined) return [];
  const end = plus(facts.receivedAt, facts.directory.policy.E0.ackSec * 1000);
  return [
    {
      act: `telephone/${facts.note.id}/nobody`,
      resource: taskOf(facts, 'telephone-recipient', facts.sender, {
        priority: 'stat',
        description: why,
        businessStatus: concept(BUSINESS_STATUS, 'not-delivered'),
        restriction: { period: { end } },
      }),
    },
  ];
}

/** The sender's obligation of a note for which nobody was known, and not of one that could not be delivered. */
export const nobodyWasKnown = (task: Task): boolean =>
  codeIn(TASK_CODE, task.code) === 'telephone-recipient' && inputOf(task, 'undelivered-to') === undefined;

function operator(facts: NoteFacts): Raised<Task> {
  const end = plus(facts.receivedAt, facts.directory.policy.E1.ackSec * 1000);
  return {
    act: `operator/${facts.note.id}/unknown`,
    resource: taskOf(facts, 'operator-attention', undefined, {
      priority: 'asap',
      description: 'A safety note whose reason, class or sender is not understood: it was sent as urgent',
      restriction: { period: { end } },
    }),
  };
}

function taskOf(
  facts: NoteFacts,
  code: keyof typeof TASK_CODE.codes,
  owner: string | undefined,
  more: Partial<Task>,
): Task {
  const { note, sender, receivedAt } = facts;
  return {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    code: concept(TASK_CODE, code),
    focus: { reference: `Communication/${note.id}` },
    ...(note.subject === undefined ? {} : { for: note.subject }),
    authoredOn: receivedAt,
    lastModified: receivedAt,
    ...(sender === undefined ? {} : { requester: { reference: `Organization/${sender}` } }),
    ...(owner === undefined ? {} : { owner: { reference: `Organization/${owner}` } }),
    ...more,
  };
}

function flagOf({ note, receivedAt, sender }: NoteFacts): Raised<Flag> {
  return {
    act: `flag/${note.id}`,
    resource: {
      resourceType: 'Flag',
      status: note.status === 'entered-in-error' ? 'entered-in-error' : 'active',
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'safety' }] }],
      code: concept(FLAG_CODE, 'safety-note-open'),
      subject: (note.subject ?? {}) as Flag['subject'],
      period: { start: receivedAt, end: plus(receivedAt, REVIEW_DAYS * 86_400_000) },
      ...(sender === undefined ? {} : { author: { reference: `Organization/${sender}` } }),
    },
  };
}
