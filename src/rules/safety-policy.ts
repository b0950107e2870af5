import type { LadderStep, SafetyClass, SafetyReason } from '../model/codes.ts';

/** When one step of a ladder is taken, in seconds after the note was raised. */
export interface Rung {
  readonly step: LadderStep;
  readonly afterSec: number;
}

/** Every number of the safety rules. The defaults are DOMAIN D5; a hub or a demo may set others, in seconds as well. */
export interface SafetyPolicy {
  readonly E0: {
    readonly ackSec: number;
    readonly ladder: readonly Rung[];
    /** After the last rung it goes on at this interval until a named person answers. */
    readonly repeatSec: number;
  };
  readonly E1: {
    /** Within the recipient's staffed hours; outside them the on-call has `onCallSec`. */
    readonly ackSec: number;
    readonly onCallSec: number;
    readonly ladder: readonly Rung[];
  };
  readonly E2: {
    /** Local wall time by which a note of the same day must be answered; received after `cutoff`: next business day at `nextDayBy`. */
    readonly by: string;
    readonly cutoff: string;
    readonly nextDayBy: string;
    /** Rungs count from the deadline. */
    readonly ladder: readonly Rung[];
  };
  /** E3 asks for no answer; after this long it stands in the overdue list. */
  readonly E3: { readonly visibleBusinessDays: number };
  /** A named person's answer to a hold request is flagged as missing when the next dose is nearer than this. */
  readonly nextDoseWindowSec: number;
  /** How long a referral waits for the notice to the outpatient provider (H18). */
  readonly noticeWaitBusinessDays: number;
  /** Overrides `noticeWaitBusinessDays` (demo). */
  readonly noticeWaitSec?: number;
  /** Length of a dose block at least, rest after it unless the patient's plan says otherwise, and from when doses are proposed (R01–R03). */
  readonly schedule: { readonly doseMin: number; readonly recoveryMin: number; readonly afternoonFrom: string };
  /** Telephone number of the hub's operator, for senders when a recipient has none. */
  readonly operatorTelephone?: string;
  /** Reason → class, for reasons that a hub wants classified otherwise. Only upward changes are honoured. */
  readonly classes?: Readonly<Partial<Record<SafetyReason, SafetyClass>>>;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

export const SAFETY_POLICY: SafetyPolicy = {
  E0: {
    ackSec: 15 * MINUTE,
    ladder: [
      { step: 'duty', afterSec: 0 },
      { step: 'repeat', afterSec: 5 * MINUTE },
      { step: 'backup', afterSec: 5 * MINUTE },
      { step: 'supervisor', afterSec: 15 * MINUTE },
      { step: 'sender', afterSec: 15 * MINUTE },
      { step: 'safety-officer', afterSec: 30 * MINUTE },
      { step: 'operator', afterSec: 30 * MINUTE },
    ],
    repeatSec: 15 * MINUTE,
  },
  E1: {
    ackSec: 60 * MINUTE,
    onCallSec: 2 * HOUR,
    ladder: [
      { step: 'duty', afterSec: 0 },
      { step: 'repeat', afterSec: 30 * MINUTE },
      { step: 'backup', afterSec: 60 * MINUTE },
      { step: 'sender', afterSec: 60 * MINUTE },
      { step: 'supervisor', afterSec: 2 * HOUR },
    ],
  },
  E2: {
    by: '17:00',
    cutoff: '15:00',
    nextDayBy: '10:00',
    ladder: [
      { step: 'sender', afterSec: 0 },
      { step: 'supervisor', afterSec: 0 },
    ],
  },
  E3: { visibleBusinessDays: 1 },
  nextDoseWindowSec: 24 * HOUR,
  noticeWaitBusinessDays: 1,
  schedule: { doseMin: 120, recoveryMin: 60, afternoonFrom: '12:00' },
};
