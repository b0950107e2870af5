import type { Appointment, DetectedIssue, Slot, Task } from '@medplum/fhirtypes';
import {
  APPOINTMENT_KIND,
  codeIn,
  concept,
  DETECTED_ISSUE,
  MITIGATION,
  TASK_CODE,
  TASK_PART,
} from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { wallTime } from '../../src/rules/calendar.ts';
import { latest, plus } from '../../src/rules/instants.ts';
import type { SafetyPolicy } from '../../src/rules/safety-policy.ts';

/** A span somebody is busy, in instants. */
export interface Busy {
  readonly start: string;
  readonly end: string;
}

const BLOCKING = ['booked', 'pending', 'arrived', 'checked-in'];
const DOSE = ['dose', 'recovery'];
const SESSION = ['group', 'individual', 'med-mgmt', 'intake'];
const MINUTE_MS = 60_000;

export const isDose = (appointment: Appointment): boolean => DOSE.includes(kindOf(appointment) ?? '');
export const isSession = (appointment: Appointment): boolean => SESSION.includes(kindOf(appointment) ?? '');
const kindOf = (appointment: Appointment) => codeIn(APPOINTMENT_KIND, appointment.appointmentType);

/**
 * The time an appointment takes; undefined: none (cancelled, or without times). A dose blocks the whole monitored session, never less
 * than the policy's block, and the patient's recovery after it. Rule: R01, R02.
 */
export function busyOf(appointment: Appointment, policy: SafetyPolicy, recoveryMin: number): Busy | undefined {
  const { start, end } = appointment;
  if (!BLOCKING.includes(appointment.status) || start === undefined || end === undefined) return undefined;
  const from = new Date(start).toISOString();
  const to = new Date(end).toISOString();
  if (kindOf(appointment) !== 'dose') return { start: from, end: to };
  const least = plus(from, policy.schedule.doseMin * MINUTE_MS);
  return { start: from, end: plus(latest(to, least), recoveryMin * MINUTE_MS) };
}

export const overlap = (a: Busy, b: Busy): boolean => a.start < b.end && b.start < a.end;

export interface Pair {
  readonly dose: Appointment;
  readonly session: Appointment;
}

/** Dose or recovery on one side, group or individual session on the other, whichever of them changed. Rule: R04. */
export function pairsOf(changed: Appointment, others: readonly Appointment[]): Pair[] {
  return others
    .filter((other) => other.id !== changed.id)
    .flatMap((other) => {
      if (isDose(changed) && isSession(other)) return [{ dose: changed, session: other }];
      return isSession(changed) && isDose(other) ? [{ dose: other, session: changed }] : [];
    });
}

/** One issue per pair, whoever moved last. */
export const pairAct = ({ dose, session }: Pair): string => `conflict/${dose.id}/${session.id}`;

export function issueOf({ dose, session }: Pair, patient: string, now: string): DetectedIssue {
  return {
    resourceType: 'DetectedIssue',
    status: 'preliminary',
    code: concept(DETECTED_ISSUE, 'schedule-conflict'),
    severity: 'moderate',
    patient: { reference: patient as `Patient/${string}` },
    identifiedDateTime: now,
    implicated: [{ reference: `Appointment/${dose.id}` }, { reference: `Appointment/${session.id}` }],
  };
}

/** The issue once the pair no longer overlaps: kept, with what ended it. */
export function resolved(issue: DetectedIssue, { dose, session }: Pair, now: string): DetectedIssue {
  const gone = [dose, session].some((each) => !BLOCKING.includes(each.status));
  return {
    ...issue,
    status: 'final',
    mitigation: [
      ...(issue.mitigation ?? []),
      { action: concept(MITIGATION, gone ? 'cancelled' : 'rescheduled'), date: now },
    ],
  };
}

export interface Proposal extends Busy {
  /** Why it stands where it stands, in words a scheduler reads. */
  readonly reasons: readonly string[];
}

export interface ProposalFacts {
  /** Free slots the clinic itself published. */
  readonly slots: readonly Slot[];
  /** What else the person does. */
  readonly sessions: readonly Busy[];
  readonly dose: Busy;
  readonly recoveryMin: number;
  /** The clinic's zone: "afternoon" is its own. */
  readonly zone: string;
  readonly now: string;
  readonly policy: SafetyPolicy;
}

const PROPOSALS_MAX = 3;

/**
 * Published afternoon slots that hold the whole dose block and leave every session whole, recovery included; the nearest day first, then
 * the earliest. Empty: no free time is known, which is not "there is none". The hub books and moves nothing. Rule: R03.
 */
export function proposalsOf(facts: ProposalFacts): Proposal[] {
  const { slots, sessions, dose, recoveryMin, zone, now, policy } = facts;
  const blockMs = policy.schedule.doseMin * MINUTE_MS;
  const day = (at: string) => Math.abs(Date.parse(at) - Date.parse(dose.start));
  const fits = slots.flatMap((slot): Proposal[] => {
    const start = new Date(slot.start).toISOString();
    const end = plus(start, blockMs);
    const whole = { start, end: plus(end, recoveryMin * MINUTE_MS) };
    const free = slot.status === 'free' && start > now && end <= new Date(slot.end).toISOString();
    if (!free || wallTime(start, zone) < policy.schedule.afternoonFrom) return [];
    if (sessions.some((each) => overlap(each, whole))) return [];
    const before = sessions.filter(
      (each) => each.end <= start && Date.parse(start) - Date.parse(each.end) < 12 * 60 * MINUTE_MS,
    );
    const gap = before
      .map((each) => Math.round((Date.parse(start) - Date.parse(each.end)) / MINUTE_MS))
      .sort((a, b) => a - b)[0];
    const reasons = ['afternoon', 'every session stays whole', `${recoveryMin} min recovery`];
    return [{ start, end, reasons: gap === undefined ? reasons : [...reasons, `${gap} min after the last session`] }];
  });
  return fits.sort((a, b) => day(a.start) - day(b.start) || a.start.localeCompare(b.start)).slice(0, PROPOSALS_MAX);
}

/** The Task of one scheduler. Of the other side it says when, and not what, where or with whom. Rule: R04, H4. */
export function schedulerTask(
  issue: { readonly id: string },
  own: { readonly organization: string; readonly patient: string | undefined },
  otherSide: Busy,
  proposals: readonly Proposal[],
  times: { readonly now: string; readonly due: string },
): Task {
  const busy = {
    type: concept(TASK_PART, 'busy-interval'),
    valuePeriod: { start: otherSide.start, end: otherSide.end },
  };
  const proposed = proposals.map(({ start, end, reasons }) => ({
    type: concept(TASK_PART, 'proposal'),
    valuePeriod: { start, end },
    extension: [{ url: hubExtension('reason'), valueString: reasons.join('; ') }],
  }));
  const none = { type: concept(TASK_PART, 'no-free-time'), valueString: 'no free time known' };
  return {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: concept(TASK_CODE, 'resolve-schedule-conflict'),
    focus: { reference: `DetectedIssue/${issue.id}` },
    ...(own.patient === undefined ? {} : { for: { reference: own.patient } }),
    owner: { reference: `Organization/${own.organization}` },
    authoredOn: times.now,
    lastModified: times.now,
    restriction: { period: { end: times.due } },
    input: [busy, ...(proposed.length > 0 ? proposed : [none])],
  };
}
