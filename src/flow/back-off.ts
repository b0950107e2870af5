/** Exponential, bounded, with jitter, so that what failed together does not come back together. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to wait after the `failures`-th failure in a row (from 1). `random` gives [0, 1); the wait is 75–125 % of the plain one. */
export function backOffMs({ firstMs, maxMs }: BackOff, failures: number, random: () => number): number {
  const plain = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return Math.min(maxMs, Math.round(plain * (0.75 + random() / 2)));
}
