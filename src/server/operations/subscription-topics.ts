import {
  APPOINTMENT_KIND,
  COMMUNICATION_KIND,
  type CodeTable,
  HL7_TASK_CODE,
  SESSION_CODE,
  TASK_CODE,
} from '../../model/codes.ts';
import { hubTopic } from '../../model/systems.ts';

/** One kind of change a topic tells of. */
export interface TopicTrigger {
  readonly resourceType: string;
  readonly on: readonly ('create' | 'update' | 'delete')[];
  /** Search on the changed resource alone. */
  readonly query?: string;
}

/** A topic as SubscriptionTopic of R5 would say it; R4 has no such resource, so `metadata` lists the canonicals. */
export interface Topic {
  readonly url: string;
  readonly title: string;
  readonly description: string;
  /** Notices of this topic go before others. */
  readonly lane: 'safety' | 'normal';
  readonly triggers: readonly TopicTrigger[];
}

const WRITTEN = ['create', 'update'] as const;
const CHANGED = ['create', 'update', 'delete'] as const;
const of = <C extends string>({ system }: CodeTable<C>, ...codes: readonly C[]): string =>
  codes.map((code) => encodeURIComponent(`${system}|${code}`)).join(',');

/** Rule: DOMAIN B10 "Topics to offer". */
export const TOPICS: readonly Topic[] = [
  {
    url: hubTopic('referral-task'),
    title: 'Referral',
    description: 'A referral was made, answered, worked on or cancelled',
    lane: 'normal',
    triggers: [
      {
        resourceType: 'Task',
        on: WRITTEN,
        query: `code=${of(TASK_CODE, 'accept-referral', 'answer-cancellation')},${['fulfill', 'abort'].map((code) => encodeURIComponent(`${HL7_TASK_CODE}|${code}`)).join(',')}`,
      },
    ],
  },
  {
    url: hubTopic('safety-note'),
    title: 'Safety note',
    description: 'A safety note, an answer to one, or the Task that asks for an acknowledgement',
    lane: 'safety',
    triggers: [
      {
        resourceType: 'Communication',
        on: WRITTEN,
        query: `category=${of(COMMUNICATION_KIND, 'safety-note', 'safety-answer', 'not-acknowledged', 'not-delivered')}`,
      },
      {
        resourceType: 'Task',
        on: WRITTEN,
        query: `code=${of(TASK_CODE, 'acknowledge-safety-note', 'answer-hold-request')}`,
      },
    ],
  },
  {
    url: hubTopic('dose-session'),
    title: 'Dose session',
    description: 'A dose was planned, given or not given, or its session changed',
    lane: 'normal',
    triggers: [
      { resourceType: 'Procedure', on: WRITTEN, query: `code=${of(SESSION_CODE, 'dose-session')}` },
      { resourceType: 'MedicationAdministration', on: WRITTEN },
      { resourceType: 'Appointment', on: WRITTEN, query: `appointment-type=${of(APPOINTMENT_KIND, 'dose')}` },
    ],
  },
  {
    url: hubTopic('appointment-change'),
    title: 'Appointment',
    description: 'An appointment was made, moved, cancelled, kept or missed',
    lane: 'normal',
    triggers: [{ resourceType: 'Appointment', on: CHANGED }],
  },
  {
    url: hubTopic('episode-change'),
    title: 'Episode of care',
    description: 'An episode of care began, changed or ended',
    lane: 'normal',
    triggers: [{ resourceType: 'EpisodeOfCare', on: CHANGED }],
  },
  {
    url: hubTopic('consent-change'),
    title: 'Consent',
    description: 'A consent was given, changed or revoked',
    lane: 'normal',
    triggers: [{ resourceType: 'Consent', on: CHANGED }],
  },
  {
    url: hubTopic('discharge-handoff'),
    title: 'Discharge and hand-off',
    description:
      'An encounter was finished, a discharge summary written, or a discharge without accepted referral is to be reviewed',
    lane: 'normal',
    triggers: [
      { resourceType: 'Encounter', on: WRITTEN, query: 'status=finished' },
      { resourceType: 'Composition', on: WRITTEN, query: 'type=http%3A%2F%2Floinc.org%7C18842-5' },
      { resourceType: 'Task', on: WRITTEN, query: `code=${of(TASK_CODE, 'review-discharge')}` },
    ],
  },
];

export const topicOf = (canonical: string): Topic | undefined =>
  TOPICS.find(({ url }) => url === canonical.split('|')[0]);

/** What `metadata` says of the topics. Rule: subscriptions backport, capability-subscriptiontopic-canonical. */
export const TOPIC_EXTENSIONS = TOPICS.map(({ url }) => ({
  url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capabilitystatement-subscriptiontopic-canonical',
  valueCanonical: url,
}));
