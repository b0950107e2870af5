import type { Encounter, Patient, ServiceRequest, Task } from '@medplum/fhirtypes';
import { codeIn, concept, TASK_CODE, TASK_PART } from '../../src/model/codes.ts';
import { ACT_CODE_SYSTEM } from '../../src/model/labels.ts';
import { DAY_MS, instantAfter, instantOf, plus } from '../../src/rules/instants.ts';
import { asksForDosing, isReferralTask } from '../../src/rules/referral.ts';
import { derived, keyOf, referenceTo } from '../derived.ts';

export const INPATIENT = ['IMP', 'ACUTE', 'NONAC'];
/** HL7 table 0069: services that are not psychiatry. A service that is missing or not listed there is watched. */
const OTHER_SERVICES = ['MED', 'SUR', 'URO', 'PUL', 'CAR'];
/** NUBC and FHIR codes of a discharge by death. */
const DIED = ['20', '40', '41', '42', 'exp'];
/** A history that is loaded from years ago asks nobody for anything. */
const WATCH_DAYS = 30;
const ACCEPTED = ['accepted', 'in-progress', 'completed'];
const OPEN = ['requested', 'received'];

export interface Referral {
  readonly task: Task;
  readonly request: ServiceRequest | undefined;
}

export interface DischargeFacts {
  readonly encounter: Encounter & { readonly id: string };
  readonly patient?: Patient | undefined;
  /** Referrals of the person, in whatever state. */
  readonly referrals: readonly Referral[];
  /** Review Tasks about this encounter, in whatever state. */
  readonly reviews: readonly Task[];
  /** Organization id of the hospital; absent: not known. */
  readonly organization?: string | undefined;
  readonly deadline: string;
  readonly now: string;
}

/** A Task to write: created when nothing stands, else an update. */
export interface Decided {
  readonly task: Task;
  readonly standing?: Task;
}

/** True for an inpatient stay that is psychiatric as far as is known. */
export function isWatched(encounter: Encounter): boolean {
  const inpatient =
    INPATIENT.includes(encounter.class?.code ?? '') && (encounter.class?.system ?? ACT_CODE_SYSTEM) === ACT_CODE_SYSTEM;
  const services = (encounter.serviceType?.coding ?? []).map((each) => each.code ?? '');
  return inpatient && !services.some((code) => OTHER_SERVICES.includes(code));
}

/**
 * A psychiatric stay that ended without an accepted referral asks the hospital to review it, once; an accepted referral or a cancelled
 * discharge closes the Task with the reason. The discharge itself is never blocked, changed or judged. A review a person has begun or
 * closed is left alone. Rule: R21, R23, H17, DESIGN 7 "The hub never decides care".
 */
export function decide(facts: DischargeFacts): Decided | undefined {
  const { encounter, reviews } = facts;
  const open = reviews.find((each) => OPEN.includes(each.status));
  const accepted = facts.referrals.find((each) => isLanding(each, encounter));
  if (open === undefined) return mayRaise(facts, accepted) ? { task: review(facts) } : undefined;
  if (encounter.status !== 'finished' || !isWatched(encounter)) {
    return closed(open, 'cancelled', 'The discharge was cancelled', facts);
  }
  return accepted === undefined
    ? undefined
    : closed(open, 'completed', 'A referral has been accepted', facts, accepted.request);
}

function mayRaise(facts: DischargeFacts, accepted: Referral | undefined): boolean {
  const { encounter, reviews } = facts;
  if (accepted !== undefined || !isWatched(encounter) || encounter.status !== 'finished') return false;
  const end = instantOf(encounter.period?.end);
  if (end !== undefined && plus(end, WATCH_DAYS * DAY_MS) < facts.now) return false;
  if (hasDied(facts)) return false;
  // What a person has taken up is not asked again; what the hub closed itself may have to be.
  return reviews.every((each) => closedByHub(each));
}

/** Accepted since the admission, or for this stay. Dosing goes on beside a program and is no place to be discharged to (R25). */
function isLanding({ task, request }: Referral, encounter: Encounter): boolean {
  if (!isReferralTask(task) || !ACCEPTED.includes(task.status)) return false;
  if (request !== undefined && (asksForDosing(request) || request.status === 'entered-in-error')) return false;
  if (request?.encounter?.reference === `Encounter/${encounter.id}`) return true;
  const admitted = instantOf(encounter.period?.start);
  const asked = instantAfter(request?.authoredOn ?? task.authoredOn ?? task.meta?.lastUpdated);
  return admitted === undefined || (asked !== undefined && asked >= admitted);
}

function hasDied({ encounter, patient }: DischargeFacts): boolean {
  const codes = (encounter.hospitalization?.dischargeDisposition?.coding ?? []).map((each) => each.code ?? '');
  return codes.some((code) => DIED.includes(code)) || patient?.deceasedBoolean === true || !!patient?.deceasedDateTime;
}

const CLOSED_BY_HUB = ['The discharge was cancelled', 'A referral has been accepted'];
const closedByHub = (task: Task): boolean =>
  ['cancelled', 'completed'].includes(task.status) && CLOSED_BY_HUB.includes(task.statusReason?.text ?? '');

function review(facts: DischargeFacts): Task {
  const { encounter, reviews, organization, now, deadline } = facts;
  return derived<Task>(
    `review-discharge/${encounter.id}/${reviews.length + 1}`,
    {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      priority: 'urgent',
      code: concept(TASK_CODE, 'review-discharge'),
      description: 'Discharged, and no referral has been accepted. Say who takes over, or why nobody has to.',
      focus: referenceTo(encounter),
      for: encounter.subject as Task['for'],
      authoredOn: now,
      lastModified: now,
      requester: { display: 'Handoff' },
      owner: organization === undefined ? undefined : { reference: `Organization/${organization}` },
      restriction: { period: { end: deadline } },
      input: [{ type: concept(TASK_PART, 'missing'), valueString: 'Accepted referral' }],
    },
    [encounter],
  );
}

function closed(
  standing: Task,
  status: 'cancelled' | 'completed',
  reason: (typeof CLOSED_BY_HUB)[number],
  { now }: DischargeFacts,
  by?: ServiceRequest,
): Decided {
  const output =
    by === undefined
      ? standing.output
      : [...(standing.output ?? []), { type: concept(TASK_PART, 'action-taken'), valueReference: referenceTo(by) }];
  const change = { ...standing, status, statusReason: { text: reason }, lastModified: now, output };
  return { task: derived<Task>(keyOf(standing) ?? '', change, by === undefined ? [] : [by], standing), standing };
}

export const isReview = (task: Task): boolean => codeIn(TASK_CODE, task.code) === 'review-discharge';
