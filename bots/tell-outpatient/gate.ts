import type { CareTeam, Communication, Reference, ServiceRequest, Task } from '@medplum/fhirtypes';
import { BUSINESS_STATUS, codeIn, concept, NOTICE_EXCEPTION, TASK_CODE, TASK_PART } from '../../src/model/codes.ts';
import { onBusinessDay, wallTime } from '../../src/rules/calendar.ts';
import { type Directory, isOutpatient } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { plus } from '../../src/rules/instants.ts';
import {
  asksForDosing,
  contentOf,
  isReferralTask,
  isReleased,
  outputOf,
  RELEASED_CONTENT,
} from '../../src/rules/referral.ts';

export interface GateFacts {
  readonly task: Task;
  readonly request: ServiceRequest;
  readonly careTeams: readonly CareTeam[];
  readonly affiliations: Readonly<Record<string, string>>;
  readonly directory: Directory;
  /** Notices of this referral that exist already, one per outpatient provider. */
  readonly notices: readonly Communication[];
  /** The Task by which a clinician excuses the missing notice, if it was raised. */
  readonly told: Task | undefined;
  /** Organization that refers. */
  readonly referrer: string | undefined;
  readonly now: string;
}

/**
 * `none`: nothing to decide (withdrawn, gone already, or one that had to wait was answered meanwhile). `release`: let it go. `wait`: tell the outpatient providers
 * first; `providers` is empty when there is none on the care team.
 */
export type Gate =
  | { readonly kind: 'none' }
  | { readonly kind: 'release'; readonly because: 'not-gated' | 'told' | 'excused' | 'waited-long-enough' }
  | { readonly kind: 'wait'; readonly providers: readonly Reference[]; readonly until: string };

/**
 * A ketamine or esketamine referral leaves only after its outpatient provider was told (delivered), a clinician recorded a coded
 * reason, or the configured wait is over. Only this one thing is ever held: no stop, pause, adverse event or safety notice is.
 * Rule: R10, H18.
 */
export function gateOf(facts: GateFacts): Gate {
  const { task, request, told, now } = facts;
  if (!isReferralTask(task) || isReleased(task) || request.status !== 'active') return { kind: 'none' };
  const waiting = ['requested', 'received'].includes(task.status);
  // Accepted before it left, by another way or in another order: what was asked still goes to who accepted it.
  const accepted = ['accepted', 'in-progress'].includes(task.status);
  if (!isGated(facts)) return waiting || accepted ? { kind: 'release', because: 'not-gated' } : { kind: 'none' };
  if (!waiting) return { kind: 'none' };
  const excuse = told === undefined ? undefined : outputOf(told, 'notice-exception')?.valueCodeableConcept;
  if (told?.status === 'completed' && codeIn(NOTICE_EXCEPTION, excuse) !== undefined) {
    return { kind: 'release', because: 'excused' };
  }
  const providers = providersOf(facts.careTeams, facts.affiliations, facts.directory, facts.referrer);
  const arrived = (provider: Reference) =>
    facts.notices.some((each) => each.received !== undefined && each.recipient?.[0]?.reference === provider.reference);
  if (providers.length > 0 && providers.every(arrived)) return { kind: 'release', because: 'told' };
  const until = waitUntil(facts);
  return until <= now ? { kind: 'release', because: 'waited-long-enough' } : { kind: 'wait', providers, until };
}

function isGated({ request, task, affiliations, directory }: GateFacts): boolean {
  const performers = [...(request.performer ?? []), task.owner].map((each) => organizationOf(each, affiliations));
  return (
    asksForDosing(request) || performers.some((each) => directory.levels.get(each ?? '')?.includes('dosing') === true)
  );
}

/** Care team members of organizations that treat outpatients only, one reference per organization. */
export function providersOf(
  careTeams: readonly CareTeam[],
  affiliations: Readonly<Record<string, string>>,
  directory: Directory,
  except: string | undefined,
): Reference[] {
  const found = new Map<string, Reference>();
  for (const { member } of careTeams.flatMap((each) => each.participant ?? [])) {
    const organization = organizationOf(member, affiliations);
    if (member?.reference === undefined || organization === undefined || organization === except) continue;
    if (
      isOutpatient(directory.levels.get(organization)) &&
      directory.routes.has(organization) &&
      !found.has(organization)
    ) {
      found.set(organization, { reference: member.reference });
    }
  }
  return [...found.values()];
}

/** One business day of the referrer by default, counted from the referral and not from the last look at it. */
function waitUntil({ task, request, directory, referrer, now }: GateFacts): string {
  const since = new Date(task.authoredOn ?? request.authoredOn ?? now).toISOString();
  const { noticeWaitSec, noticeWaitBusinessDays } = directory.policy;
  if (noticeWaitSec !== undefined) return plus(since, noticeWaitSec * 1000);
  const calendar = directory.routes.get(referrer ?? '')?.calendar;
  const day = 86_400_000 * noticeWaitBusinessDays;
  if (calendar === undefined) return plus(since, day);
  return onBusinessDay(since, noticeWaitBusinessDays, wallTime(since, calendar.zone), calendar) ?? plus(since, day);
}

/** The referral Task with its gate open. Only what the hub itself says is touched; messages go on to state the rest. */
export function opened(task: Task, request: ServiceRequest, now: string): Task {
  const waited = codeIn(BUSINESS_STATUS, task.businessStatus) === 'waiting-outpatient-notice';
  const { statusReason: _waited, ...rest } = task;
  return {
    ...(waited ? { ...rest, businessStatus: concept(BUSINESS_STATUS, 'sent') } : task),
    lastModified: now,
    output: [
      ...(task.output ?? []),
      {
        type: concept(TASK_PART, 'released-at'),
        valueInstant: now,
        extension: [{ url: RELEASED_CONTENT, valueString: contentOf(request) }],
      },
    ],
  };
}

/** The referral Task while it waits, so that everybody who sees it sees why. */
export function held(task: Task, now: string): Task {
  if (codeIn(BUSINESS_STATUS, task.businessStatus) === 'waiting-outpatient-notice') return task;
  return {
    ...task,
    lastModified: now,
    businessStatus: concept(BUSINESS_STATUS, 'waiting-outpatient-notice'),
    statusReason: { text: 'Waits until the outpatient provider has been told' },
  };
}

/** By this Task a clinician of the referrer excuses the missing notice with a coded reason; after the wait it is a same-day matter. */
export function toldTask({ task, request, referrer }: GateFacts, until: string): Task {
  return {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: concept(TASK_CODE, 'told-outpatient-provider'),
    focus: { reference: `ServiceRequest/${request.id}` },
    ...(task.for === undefined ? {} : { for: task.for }),
    ...(referrer === undefined ? {} : { owner: { reference: `Organization/${referrer}` } }),
    authoredOn: task.authoredOn ?? until,
    lastModified: task.authoredOn ?? until,
    restriction: { period: { end: until } },
  };
}
