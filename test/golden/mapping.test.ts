import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validate } from '../../src/fhir/validate.ts';
import { goldenOf } from '../../src/hub/golden-case.ts';
import { toBundle } from '../../src/mapping/bundle.ts';
import { CASES, definitions, mapBytes } from './mapping-cases.ts';

const UPDATE = process.env.GOLDEN_UPDATE === '1';

describe('golden cases of the mapping', () => {
  it('are found', () => expect(CASES.length).toBeGreaterThan(35));

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
