/** What the sender gets. No `bytes`: nothing is answered. `settled` is to be told whether the answer was handed to the socket. */
export interface Answer {
  readonly bytes?: Uint8Array;
  /** MSA-1, for HTTP status and counters. */
  readonly code?: string;
  readonly after: 'keep' | 'close';
  readonly settled?: (written: boolean) => void;
}
