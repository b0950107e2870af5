import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { FhirResource } from '../../../src/server/engine.ts';
import { INDEX_RULES, indexRows } from '../../../src/server/index-rows.ts';
import { EXAMPLE_FILES, example, R4 } from '../fhir/r4.ts';

/** Every tenth example in the order of names: all kinds of rows are among them. */
const SAMPLE = EXAMPLE_FILES.toSorted().filter((_, n) => n % 10 === 0);

/** What the rules give for the sample, by their number. A change of the rules is a new number and a new line. */
const GIVEN: Readonly<Record<number, string>> = {
  1: '7c17c82243d901fa',
  2: '564428e51c5243be',
};

it('rules that give other rows have another number, or nobody would know what to rebuild', () => {
  const hash = createHash('sha256');
  for (const file of SAMPLE) {
    const rows = indexRows(R4, example(file) as unknown as FhirResource);
    for (const [table, of] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(JSON.stringify([file, table, [...of.keys()].sort()]));
  }
  expect(SAMPLE.length).toBeGreaterThan(100);
  expect(hash.digest('hex').slice(0, 16)).toBe(GIVEN[INDEX_RULES]);
});
