/**
 * What became of a message, first axis: did the store take it.
 * received: on disk, its turn will come. claimed: a worker holds it under a lease. applied: in the store.
 * listed: on disk, and there is no map for it. parked: on disk, and needs a person or a new map.
 */
export type MessageState = 'received' | 'claimed' | 'applied' | 'listed' | 'parked';

/** Second axis: did the sender get its ACK. `unwritten`: the connection was gone; after a crash it stays `unknown`. */
export type Answered = 'unknown' | 'written' | 'unwritten';

/** A message as ingest hands it to the journal. Times are milliseconds since the epoch. */
export interface NewMessage {
  readonly feed: string;
  readonly partner: string;
  /** MSH-3 and MSH-4. With partner, control id and hash it names a repeat. */
  readonly sender: string;
  readonly controlId: string;
  /** SHA-256 of the bytes, hex. */
  readonly hash: string;
  readonly receivedAt: number;
  readonly peer: string;
  /** `ADT^A01`. */
  readonly trigger: string;
  readonly version: string;
  readonly lane: 'safety' | 'normal';
  /** Keys of the lanes it takes a place in; none: its patient cannot be read, it has a lane of its own. */
  readonly lanes: readonly string[];
  /** A parked head lets later rows pass. */
  readonly passOnPark: boolean;
  /** Answered on commit of the journal: the ACK code given then. Absent: the answer waits for translate. */
  readonly ackOnCommit?: 'AA' | 'CA';
  /** MSH-16 of a message in enhanced mode; decides whether an application ACK leaves later. */
  readonly applicationAck?: string;
  readonly configVersion: string;
  readonly bytes: Uint8Array;
  readonly retentionDays: number;
}

/** A message as translate works on it. `lease` fences: a settle under an older lease does nothing. */
export interface ClaimedMessage {
  readonly id: number;
  readonly lease: number;
  readonly feed: string;
  readonly partner: string;
  readonly controlId: string;
  readonly hash: string;
  readonly receivedAt: number;
  readonly trigger: string;
  readonly lane: 'safety' | 'normal';
  readonly tries: number;
  readonly replays: number;
  readonly applicationAck?: string;
  readonly bytes: Uint8Array;
}

/**
 * stored: durable. `lease` above 0: it heads its lanes and the caller holds it under that lease.
 * repeat: it was here before; `retried`: it was parked and runs again.
 */
export type Appended =
  | {
      readonly outcome: 'stored';
      readonly id: number;
      readonly lease: number;
      readonly flagged: boolean;
      /** When an ACK on commit was given. */
      readonly ackAt: number;
    }
  | {
      readonly outcome: 'repeat';
      readonly id: number;
      readonly state: MessageState;
      readonly retried: boolean;
      readonly reason?: MessageReason;
      readonly ackCode?: string;
      readonly ackAt?: number;
    };

/** A part of a message that waits for a person while the rest was applied. */
export interface ParkedPartRow {
  readonly part: string;
  readonly code: string;
  readonly location?: string;
  readonly text: string;
}

/** How one claimed message ends. `again`: transient trouble of ours, tried at `at` without counting the try. */
export type MessageOutcome =
  | {
      readonly kind: 'applied' | 'listed';
      readonly ackCode: string;
      readonly mappingVersion: string;
      /** Resources that got a new version; 0 when nothing new was said. */
      readonly changed: number;
      readonly reason?: MessageReason;
      readonly parts: readonly ParkedPartRow[];
    }
  | {
      readonly kind: 'parked';
      readonly ackCode: string;
      readonly mappingVersion: string;
      readonly reason: MessageReason;
      /** Holds its lanes whatever the feed's `onPark` says (identity and cancel triggers). */
      readonly holdLanes: boolean;
      /** Somebody must be told at once: a safety note, or an identity that may be wrong. */
      readonly tell: boolean;
    }
  | { readonly kind: 'again'; readonly at: number; readonly counted: boolean; readonly reason: MessageReason };

/** `code` is of the failure table. No member holds a value of the message. */
export interface MessageReason {
  readonly code: string;
  readonly location?: string;
  readonly text: string;
}

export interface SettledMessage {
  readonly id: number;
  readonly lease: number;
  /** When it came to its outcome: the time its ACK bears. */
  readonly at: number;
  readonly outcome: MessageOutcome;
}

/** A row as `/ops/messages`, the CLI and the console show it. */
export interface MessageRow {
  readonly id: number;
  readonly feed: string;
  readonly partner: string;
  readonly sender: string;
  readonly controlId: string;
  readonly hash: string;
  readonly receivedAt: number;
  readonly trigger: string;
  readonly version: string;
  readonly lane: 'safety' | 'normal';
  readonly state: MessageState;
  readonly blockers: number;
  readonly tries: number;
  readonly repeats: number;
  readonly flagged: boolean;
  readonly late: boolean;
  readonly answered: Answered;
  readonly ackCode?: string;
  readonly reason?: MessageReason;
  readonly settledAt?: number;
  readonly configVersion: string;
  readonly mappingVersion?: string;
  readonly parts: readonly ParkedPartRow[];
}

/** What waits in one feed. */
export interface Backlog {
  readonly feed: string;
  readonly rows: number;
  readonly oldestReceivedAt: number;
}

/** A parked message whose obligation is not raised yet. */
export interface UntoldMessage {
  readonly journalId: number;
  readonly partner: string;
  readonly trigger: string;
  readonly code: string;
}
