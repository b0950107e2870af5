import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../../src/flow/back-off.ts';

describe('back-off', () => {
  it('grows from the first pause to the longest, is never longer, and never less than three quarters of the plain one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1000, max: 1_000_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (firstMs, maxMs, failures, random) => {
          const waitMs = backOffMs({ firstMs, maxMs }, failures, () => random);
          const plain = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
          expect(waitMs).toBeLessThanOrEqual(maxMs);
          expect(waitMs).toBeGreaterThanOrEqual(Math.floor(plain * 0.75));
        },
      ),
    );
  });

  it('what failed together does not come back together', () => {
    const waits = new Set(
      Array.from({ length: 20 }, (_, i) => backOffMs({ firstMs: 1000, maxMs: 60_000 }, 3, () => i / 20)),
    );
    expect(waits.size).toBe(20);
  });
});
