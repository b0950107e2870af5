import { hubIdentifier, hubQuestionnaire, hubSystem } from './systems.ts';

/** One code system of the hub: its URI, and code → words a clinician reads. A code is never given another meaning. */
export interface CodeTable<C extends string = string> {
  readonly system: string;
  readonly codes: Readonly<Record<C, string>>;
}

const table = <C extends string>(name: string, codes: Record<C, string>): CodeTable<C> => ({
  system: hubSystem(name),
  codes,
});

/** The Coding of a code of a hub table. */
export function coding<C extends string>(of: CodeTable<C>, code: C): { system: string; code: C; display: string } {
  return { system: of.system, code, display: of.codes[code] };
}

/** The CodeableConcept of a code of a hub table. */
export function concept<C extends string>(of: CodeTable<C>, code: C) {
  return { coding: [coding(of, code)] };
}

/** The first code of this table in a CodeableConcept, whatever other codings stand beside it. */
export function codeIn<C extends string>(
  of: CodeTable<C>,
  value:
    | {
        readonly coding?:
          | readonly { readonly system?: string | undefined; readonly code?: string | undefined }[]
          | undefined;
      }
    | undefined,
): C | undefined {
  const found = value?.coding?.find((each) => each.system === of.system && isCode(of, each.code));
  return found?.code as C | undefined;
}

export function isCode<C extends string>(of: CodeTable<C>, code: string | undefined): code is C {
  return code !== undefined && Object.hasOwn(of.codes, code);
}

/** There is no HL7 code for PHP or IOP; partner codes travel beside these. Rule: DOMAIN B1. */
export const LEVEL_OF_CARE = table('level-of-care', {
  op: 'Outpatient',
  iop: 'Intensive outpatient program',
  php: 'Partial hospitalization program',
  res: 'Residential',
  ip: 'Inpatient',
  crisis: 'Crisis',
  dosing: 'Ketamine or esketamine clinic',
});

/** Second coding of `Appointment.appointmentType`. Rule: DOMAIN B3. */
export const APPOINTMENT_KIND = table('appointment-kind', {
  dose: 'Dose session with observation',
  recovery: 'Recovery after a dose session',
  group: 'Group session',
  individual: 'Individual session',
  'med-mgmt': 'Medication management',
  intake: 'Intake',
  ur: 'Utilization review',
  'team-review': 'Team review',
});

/** `Communication.reasonCode` of a safety note. Rule: DOMAIN B6, D5. */
export const SAFETY_REASON = table('safety-reason', {
  'emergent-suicidality': 'Emergent suicidality',
  'suicide-behavior-recent': 'Suicidal behavior within three months',
  'loss-of-contact': 'Loss of contact with a patient at risk',
  'respiratory-depression': 'Respiratory depression at a session',
  'hypertensive-crisis': 'Hypertensive crisis at a session',
  'prolonged-sedation': 'Prolonged sedation at a session',
  dissociation: 'Dissociation persisting beyond the session',
  'sudden-activation': 'Sudden activation',
  agitation: 'New agitation',
  'emotional-flooding': 'Emotional flooding',
  'uncontrolled-blood-pressure': 'Uncontrolled blood pressure before leaving',
  'session-adverse-event': 'Adverse event at a session',
  'suicide-risk-screen': 'Suicide risk screen positive',
  'phq9-item-9': 'PHQ-9 item 9 positive',
  'non-response': 'Non-response',
  'worsening-score': 'Worsening score',
  'missed-dose': 'Missed dose',
  'missed-program-day': 'Missed program day',
  'medication-change': 'Medication change',
  'routine-update': 'Routine update',
  unspecified: 'Reason not stated or not understood',
});
export type SafetyReason = keyof typeof SAFETY_REASON.codes;

/** What the sender of a note asks for. Rule: DOMAIN B6, R20. */
export const REQUESTED_ACTION = table('requested-action', {
  'call-me-now': 'Call me now',
  'assess-today': 'Assess today',
  'hold-next-dose-decision': 'Decide about the next dose',
  fyi: 'For your information',
});

/** How fast a named human must answer. Rule: DOMAIN D5. */
export const SAFETY_CLASS = table('safety-class', {
  E0: 'Emergent',
  E1: 'Urgent',
  E2: 'Same day',
  E3: 'Routine',
});
export type SafetyClass = keyof typeof SAFETY_CLASS.codes;

/** Class of a note that states a reason and nothing else. Rule: DOMAIN D5. */
export const CLASS_OF_REASON: Readonly<Record<SafetyReason, SafetyClass>> = {
  'emergent-suicidality': 'E0',
  'suicide-behavior-recent': 'E0',
  'loss-of-contact': 'E0',
  'respiratory-depression': 'E0',
  'hypertensive-crisis': 'E0',
  'prolonged-sedation': 'E0',
  dissociation: 'E1',
  'sudden-activation': 'E1',
  agitation: 'E1',
  'emotional-flooding': 'E1',
  'uncontrolled-blood-pressure': 'E1',
  'session-adverse-event': 'E1',
  'suicide-risk-screen': 'E1',
  'phq9-item-9': 'E1',
  'non-response': 'E2',
  'worsening-score': 'E2',
  'missed-dose': 'E2',
  'missed-program-day': 'E2',
  'medication-change': 'E2',
  'routine-update': 'E3',
  unspecified: 'E1',
};

/** `Communication.category`, beside THO communication-category. */
export const COMMUNICATION_KIND = table('communication-kind', {
  'safety-note': 'Safety note',
  'safety-answer': 'Answer to a safety note',
  'lifecycle-notice': 'Notice to the outpatient provider',
  'not-acknowledged': 'Not acknowledged: telephone now',
  'not-delivered': 'Not delivered: telephone now',
  'schedule-notice': 'Schedule notice',
});
export type CommunicationKind = keyof typeof COMMUNICATION_KIND.codes;

/** `Task.code`. Accepting a referral also carries HL7 task-code `fulfill`. */
export const TASK_CODE = table('task-code', {
  'acknowledge-safety-note': 'Acknowledge the safety note',
  'answer-hold-request': 'Decide: continue, adjust, hold or stop',
  'accept-referral': 'Accept or decline the referral',
  'answer-cancellation': 'Answer the cancellation request',
  'resolve-schedule-conflict': 'Resolve the schedule conflict',
  'review-discharge': 'Discharged without an accepted referral: review',
  'told-outpatient-provider': 'Tell the outpatient provider before the referral leaves',
  'telephone-recipient': 'The note did not get through: telephone',
  'review-dose-total': 'Review the total of the dose session',
  'operator-attention': 'Operator: look at this',
});
export type TaskCode = keyof typeof TASK_CODE.codes;

/**
 * Tasks somebody must answer by `restriction.period.end`. No client may delete them, move their deadline later or reopen them,
 * and the sweep walks the ladder for them. Rule: DESIGN 7 "Obligations", H1.
 */
export const OBLIGATIONS = [
  'acknowledge-safety-note',
  'answer-hold-request',
  'accept-referral',
  'answer-cancellation',
  'resolve-schedule-conflict',
  'review-discharge',
  'told-outpatient-provider',
  'telephone-recipient',
  'review-dose-total',
  'operator-attention',
] as const satisfies readonly TaskCode[];

/** `Task.businessStatus`. The referral rows are DOMAIN B7; the rest say where an obligation stands. */
export const BUSINESS_STATUS = table('business-status', {
  'waiting-outpatient-notice': 'Waits until the outpatient provider has been told',
  sent: 'Sent',
  received: 'Received',
  'awaiting-information': 'Waits for information',
  accepted: 'Accepted',
  declined: 'Declined',
  'visit-scheduled': 'Visit scheduled',
  'visit-noshow': 'No-show',
  'visit-cancelled': 'Visit cancelled',
  'interim-note': 'Visit done',
  'cancellation-requested': 'Cancellation requested',
  cancelled: 'Cancelled',
  'outcome-final': 'Outcome final',
  delivered: 'Delivered, not acknowledged',
  'not-delivered': 'Not delivered',
  acknowledged: 'Acknowledged by a named person',
  escalated: 'Not acknowledged in time, escalated',
});
export type BusinessStatus = keyof typeof BUSINESS_STATUS.codes;

/** `DetectedIssue.code`. */
export const DETECTED_ISSUE = table('detected-issue', {
  'schedule-conflict': 'Dose or recovery overlaps a session',
  'dose-total-unusual': 'Session total is not a labelled dose',
  'observation-incomplete': 'Observations of the session are missing',
  'dose-while-request-open': 'Next dose is near and the hold request is unanswered',
});

/** `DetectedIssue.mitigation.action`. */
export const MITIGATION = table('mitigation', {
  rescheduled: 'One side was rescheduled',
  cancelled: 'One side was cancelled',
});

/** `Flag.code`. */
export const FLAG_CODE = table('flag', {
  'safety-note-open': 'Safety note open',
  'needs-clinician-decision': 'Needs clinician decision',
});

/** The prescriber's answer to a hold request (R16). */
export const HOLD_ANSWER = table('hold-answer', {
  continue: 'Continue as planned',
  adjust: 'Adjust',
  hold: 'Hold the next dose',
  stop: 'Stop the series',
});
export type HoldAnswer = keyof typeof HOLD_ANSWER.codes;

/** Acts of a dosing series of which the outpatient provider hears, once each (R10). */
export const LIFECYCLE = table('lifecycle', {
  referred: 'Referral is about to leave',
  accepted: 'Referral accepted',
  declined: 'Referral declined',
  scheduled: 'First dose scheduled',
  ordered: 'Dose ordered',
  'first-dose': 'First dose given',
  'dose-changed': 'Dose or frequency changed',
  paused: 'Dosing paused',
  resumed: 'Dosing resumed',
  stopped: 'Dosing stopped',
});
export type Lifecycle = keyof typeof LIFECYCLE.codes;

/** Why a clinician lets a referral go although no notice was delivered (R10, H18). */
export const NOTICE_EXCEPTION = table('notice-exception', {
  'no-outpatient-provider': 'There is no outpatient provider',
  'patient-declined-sharing': 'The patient declined sharing',
  'consent-absent': 'Consent is absent',
  'told-by-telephone': 'Told by telephone',
});

/** What follows a rejected referral: an alternative by reference, or this code (R12). */
export const ALTERNATIVE = table('alternative', {
  offered: 'Alternative offered',
  none: 'No alternative known',
});

/** `Task.input.type` and `Task.output.type`. */
export const TASK_PART = table('task-part', {
  'acknowledged-by': 'Person who acknowledged',
  'acknowledged-at': 'Time of the acknowledgement',
  'action-taken': 'Action taken',
  'hold-answer': 'Answer to the hold request',
  'busy-interval': 'The other side is busy',
  proposal: 'Proposed time',
  'no-free-time': 'No free time known',
  'ladder-step': 'Escalation step taken',
  'safety-class': 'Safety class',
  'notice-exception': 'Reason to let the referral go without a delivered notice',
  'released-at': 'Referral released',
  alternative: 'Alternative to the declined referral',
  'told-by': 'Person who told the provider',
  missing: 'Missing item',
  'undelivered-to': 'Recipient who did not get it',
  telephone: 'Telephone number',
  note: 'Safety note',
});
export type TaskPart = keyof typeof TASK_PART.codes;

/** Rungs of a ladder in order. The operator is told with the last. Rule: DOMAIN D5. */
export const LADDER_STEP = table('ladder-step', {
  duty: 'On duty',
  repeat: 'Repeated',
  backup: 'Backup',
  sender: 'Sender told to telephone',
  supervisor: 'Supervisor',
  'safety-officer': 'Safety officers of both sides',
  operator: 'Hub operator',
});
export type LadderStep = keyof typeof LADDER_STEP.codes;

/** Observations and procedures the hub itself derives of a dose session. */
export const SESSION_CODE = table('session', {
  'dose-session': 'Dose session',
  'total-dose': 'Total dose of the session',
  'minimum-observation-ends': 'Minimum observation ends',
  sedation: 'Sedation (MOAA/S)',
  dissociation: 'Dissociation (CADSS)',
});

/** Kinds of `Basic` the hub keeps. */
export const RECORD = table('record', {
  'safety-policy': 'Safety policy',
  'hub-policy': 'Hub policy',
  'emergency-disclosure': 'Disclosure in a medical emergency, by a person of the disclosing program',
});

/** Questionnaires of the two-part plan and of the instruments the hub scores (canonical URLs). */
export const QUESTIONNAIRE = {
  planPart1: hubQuestionnaire('treatment-plan-part-1'),
  planPart2: hubQuestionnaire('treatment-plan-part-2'),
  phq9: hubQuestionnaire('phq-9'),
  phq2: hubQuestionnaire('phq-2'),
  gad7: hubQuestionnaire('gad-7'),
  auditC: hubQuestionnaire('audit-c'),
} as const;

/** Identifier systems of what bots write, so that a repeat finds the first. */
export const ACT_IDENTIFIER = hubIdentifier('act');
/** Identifier that ties the Appointments of one group session. */
export const SESSION_IDENTIFIER = hubIdentifier('session');
/** Referral loop keys (B7 PLAC and FILL slices carry their owner's own system; this is the hub's). */
export const REFERRAL_IDENTIFIER = hubIdentifier('referral');

/** HL7's own task codes. */
export const HL7_TASK_CODE = 'http://hl7.org/fhir/CodeSystem/task-code';
