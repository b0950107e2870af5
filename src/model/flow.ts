import type { Mapped, Stamp } from './assertion.ts';
import type { UntoldMessage } from './journal.ts';
import type { EventKind, OutboxEvent } from './outbox.ts';
import type { Endpoint, Feed, Partner } from './partner.ts';
import type { Attempt } from './transport.ts';

/** Receives codes of the failure table, ids, counts and durations; never a value out of a message. */
export type FlowLog = (code: string, facts: Readonly<Record<string, string | number | boolean>>) => void;

/** A message on its way into the store. */
export interface Inbound {
  readonly bytes: Uint8Array;
  readonly feed: Feed;
  readonly partner: Partner;
  /** SHA-256, hex. */
  readonly hash: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/**
 * What the mapping makes of a message. `unsupported`: a well-formed trigger without a map;
 * `identity`: it moves or cancels identities, so that going on without it would be wrong (when it parks, it holds its lanes).
 */
export type Translated =
  | {
      readonly kind: 'mapped';
      readonly mapped: Mapped;
      readonly stamp: Stamp;
      readonly event: string;
      readonly software?: readonly string[];
      readonly identity?: true;
    }
  | { readonly kind: 'unsupported'; readonly identity: boolean };

/** Bytes to assertions. Pure; a throw is a defect and parks the message after its tries. */
export interface TranslatePort {
  /** Recorded on every row it settles. */
  readonly version: string;
  translate(inbound: Inbound): Translated;
}

/** Which class a message belongs to, read before it is stored. Unsure on a safety feed: safety. */
export type ClassifyPort = (inbound: Inbound, trigger: string) => 'safety' | 'normal';

/** One attempt at an endpoint. */
export interface SendPort {
  send(
    endpoint: Endpoint,
    payload: Uint8Array,
    options: { readonly controlId: string; readonly urgent: boolean; readonly kind: EventKind },
  ): Promise<Attempt>;
}

/**
 * Told when a row that somebody must know of did not go: refused, denied, unknown or parked. Raises the obligation in the store.
 * Called again until it resolves; the event key makes it one obligation.
 */
export type ReturnToSender = (
  event: OutboxEvent,
  reason: { readonly code: string; readonly text: string; readonly rowId: number },
) => Promise<void>;

/**
 * Told when a partner's system has a row: its obligations become `received`, which is no acknowledgement (H2).
 * `at`: milliseconds since the epoch. Called again until it resolves.
 */
export type ConfirmDelivery = (event: OutboxEvent, at: number) => Promise<void>;

/** Told at once when an inbound safety note parks. Called again until it resolves. */
export type RaiseParked = (message: UntoldMessage) => Promise<void>;

/** A subscription job as the react loop hands it on. */
export interface Job {
  readonly id: number;
  readonly handler: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly versionId: string;
  readonly interaction: 'create' | 'update' | 'delete';
  readonly person?: string;
  readonly lane: 'safety' | 'normal';
  readonly tries: number;
}

/** Runs one bot on one job. A throw is tried again; its message is kept as it is, so it must name no value. */
export type RunBot = (job: Job) => Promise<void>;

/** The router: which events a committed change causes. They are written in the transaction that settles its job. */
export type RouteJob = (job: Job) => Promise<readonly RoutedEvent[]>;

/** `notBefore`: milliseconds since the epoch; until then the row waits, visibly. */
export type RoutedEvent = OutboxEvent & { readonly notBefore?: number };
