import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { validate } from '../../src/fhir/validate.ts';
import { goldenOf } from '../../src/hub/golden-case.ts';
import { toBundle } from '../../src/mapping/bundle.ts';
import { CASES, definitions, mapBytes } from './mapping-cases.ts';

const UPDATE = process.env.GOLDEN_UPDATE === '1';

/** MSH-9.1 and -9.2. */
const eventOf = (bytes: Buffer): string => {
  const [type, trigger] = bytes.toString('utf8').split('\r')[0]!.split('|')[8]!.split('^');
  return `${type}^${trigger}`;
};

describe('golden cases of the mapping', () => {
  it('are found', () => expect(CASES.length).toBeGreaterThan(35));

  it('there is one of every event that has a map', () => {
    const shown = new Set(CASES.map(({ bytes }) => eventOf(bytes)));
    const mapped = DEFINITIONS.messages.flatMap(({ events }) => events);
    expect(mapped.filter((event) => !shown.has(event))).toEqual([]);
  });

  describe.each(CASES.map((each) => [each.name, each] as const))('%s', (_, { bytes, partner, folder }) => {
    const mapped = mapBytes(bytes, partner);
    const { bundle } = toBundle(mapped, definitions);

    it('is no message of production', () => {
      expect(bytes.toString('utf8').split('\r')[0]!.split('|')[10]).toMatch(/^[TD]$/);
    });

    it('says why it is here', () => expect(readFileSync(join(folder, 'why.md'), 'utf8').length).toBeGreaterThan(40));

    it('gives the Bundle and the issues that stand beside it', () => {
      const actual = goldenOf(mapped, definitions);
      const file = join(folder, '1-bundle.json');
      if (UPDATE) writeFileSync(file, actual);
      expect(actual).toBe(readFileSync(file, 'utf8'));
    });

    it('gives valid R4 only', () => {
      for (const { resource } of bundle.entry ?? []) {
        const errors = validate(definitions, resource).filter(
          (issue) => issue.severity === 'error' || issue.severity === 'fatal',
        );
        expect(errors.map((issue) => [issue.expression, issue.details?.text])).toEqual([]);
      }
    });

    it('is applied', () => expect(mapped.refused).toBeUndefined());
  });
});
