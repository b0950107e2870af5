import type { TransportLog } from '../../model/transport.ts';
import type { BrokenWhy } from '../mllp-decoder.ts';

export interface Peer {
  /** Unique in this process, for logs. */
  readonly id: string;
  readonly address: string;
  /** Common name of the verified client certificate. */
  readonly cn?: string;
}

/** What to do with the sender after a frame. Without `bytes` the sender gets no answer. */
export interface Reply {
  /** The ACK, unframed. */
  readonly bytes?: Uint8Array;
  readonly after: 'keep' | 'close';
  /** Told whether the answer was handed to the socket, which does not mean that the sender read it. */
  readonly settled?: (written: boolean) => void;
}

/** A frame that is not handed on as a message. `head` is the beginning of its content, for naming it in a refusal. */
export interface BrokenFrame {
  /** `refused`: a whole frame that the gate did not let in. */
  readonly why: BrokenWhy | 'refused';
  readonly bytesCount: number;
  readonly head: Uint8Array;
}

/** `paused`: what is sent stays in the sender's hands; `refuse`: it is read and answered by `onBroken`. */
export type Gate = 'open' | 'paused' | 'refuse';

export interface MllpLimits {
  /** Content of one frame. */
  readonly frameMaxBytes: number;
  readonly connectionsMax: number;
  /** Keep-alive: how long a connection may do nothing, and how long an ACK may stay unread. */
  readonly idleTimeoutMs: number;
  /** From VT to FS, while we read. */
  readonly frameTimeoutMs: number;
  /** Frames of one connection that wait for their answer at once. */
  readonly inFlightMax: number;
  /** Content in memory over all connections: above it reading stops until answers set some free. Default 256 MiB. */
  readonly heldMaxBytes?: number;
}

export interface MllpHandlers {
  /** Called in order of arrival, concurrently. A rejection closes the connection without an answer. */
  readonly onFrame: (bytes: Uint8Array, peer: Peer) => Promise<Reply>;
  /** Undefined: no answer. For `truncated` the connection is closed afterwards whatever is answered. */
  readonly onBroken: (broken: BrokenFrame, peer: Peer) => Reply | undefined;
  /** Asked before each frame, and again every 50 ms while it says `paused`. */
  readonly gate?: () => Gate;
  readonly log: TransportLog;
}

export interface MllpCounters {
  connectionsOpen: number;
  connectionsOpened: number;
  connectionsRefused: number;
  tlsFailed: number;
  bytesIn: number;
  bytesOut: number;
  /** In memory now: see `heldMaxBytes`. */
  bytesHeld: number;
  frames: number;
  answers: number;
  /** Whole frames that got no answer because their connection was gone, or being closed. */
  unanswered: number;
  junkBytes: number;
  broken: Record<BrokenFrame['why'], number>;
}
