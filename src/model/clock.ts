/** Where the present instant comes from. Injected everywhere, so that a test can hold it still. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** Where new random identifiers come from (UUID text). Never used for anything that a replay must reproduce. */
export type NewId = () => string;
