/** What the sender gets. No `bytes`: nothing is answered. `settled` is to be told whether the answer was handed to the socket. */
export interface Answer {
  readonly bytes?: Uint8Array;
  /** MSA-1, for HTTP status and counters; also of an answer the sender did not want. */
  readonly code?: string;
  /** HTTP status of a refusal, which tells "later" from "never" where MSA-1 does not. */
  readonly http?: number;
  readonly after: 'keep' | 'close';
  readonly settled?: (written: boolean) => void;
}
