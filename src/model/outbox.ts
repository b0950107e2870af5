import type { Purpose } from './visibility.ts';

/** A business act somebody must be told of. Unique on (recipient, eventKey): a re-mapped replay sends nothing twice. */
export interface OutboxEvent {
  /** Partner id; of a mirror `partner/endpoint`: it has a queue, a link and a lag of its own. */
  readonly recipient: string;
  /** Organization id of the partner. */
  readonly organization: string;
  /** The act and not a resource version: `safety-note/<Communication id>`, `task/<id>/accepted`. */
  readonly eventKey: string;
  /** What the endpoint must be able to carry; selects the outbound map. */
  readonly kind: EventKind;
  readonly lane: 'safety' | 'normal';
  /** Person id, for the lane; absent: the partner's common lane. */
  readonly person?: string;
  readonly purpose: Purpose;
  /** Relative references; the first is what the event is about. Content is read, decided on and rendered at send. */
  readonly resources: readonly string[];
  /** Organization id of the sender in the clinical sense, told when the delivery parks or is refused. */
  readonly sender?: string;
}

export const EVENT_KINDS = [
  'referral',
  'referral-modify',
  'referral-cancel',
  /** Nobody answered in time: what became of it? */
  'referral-status',
  'referral-answer',
  'safety-note',
  'safety-answer',
  'acknowledgement',
  'escalation',
  'not-delivered',
  'notice',
  'appointment',
  'conflict',
  /** An event its authoritative source issued, told on: encounter, administration, observation, problem, charge. */
  'relay',
  'application-ack',
  /** A version of a resource, for a server that is kept as the store is. */
  'mirror',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Why something is not sent now, in words an operator reads. The code is of the failure table. */
export interface Waiting {
  readonly code: string;
  readonly since: string;
  readonly nextAttemptAt?: string;
}
