import { describe, expect, it } from 'vitest';
import { validate } from '../../src/fhir/validate.ts';
import { toBundle } from '../../src/mapping/bundle.ts';
import { corpusMessages, hasCorpus, mapUnknown } from './corpus-messages.ts';
import { definitions } from './mapping-cases.ts';

const UNMAPPED = new Set(['map.no-map', 'map.identity-unsupported']);

describe.skipIf(!hasCorpus)('the public corpus', () => {
  const messages = hasCorpus ? corpusMessages().filter((each) => each.isWellFormed) : [];
  const mapped = messages.map((each) => ({ ...each, mapped: mapUnknown(each.bytes) }));
  const withMap = mapped.filter((each) => !UNMAPPED.has(each.mapped.refused?.code ?? ''));
  const refused = withMap.filter((each) => each.mapped.refused !== undefined);

  it('is there', () => expect(messages.length).toBeGreaterThan(500));

  it('no map fails', () => {
    expect(refused.filter((each) => each.mapped.refused?.code === 'map.failed').map((each) => each.name)).toEqual([]);
  });

  it('98 % of the whole messages that have a map convert; the rest is refused with a code and a place', () => {
    const whole = withMap.filter((each) => !(each.isFragment && each.mapped.refused !== undefined));
    const converted = whole.filter((each) => each.mapped.refused === undefined);
    expect(converted.length / whole.length).toBeGreaterThanOrEqual(0.98);
    for (const each of refused)
      expect(each.mapped.refused).toMatchObject({
        code: expect.stringMatching(/^map\./),
        location: expect.any(String),
      });
  });

  it('every resource that comes out is valid R4', () => {
    const invalid: string[] = [];
    for (const each of withMap) {
      for (const { resource } of toBundle(each.mapped, definitions).bundle.entry ?? []) {
        for (const issue of validate(definitions, resource)) {
          if (issue.severity === 'error' || issue.severity === 'fatal')
            invalid.push(`${each.name} ${issue.expression?.[0]} ${issue.details?.text}`);
        }
      }
    }
    expect(invalid).toEqual([]);
  });

  it('an identity event without a map is refused as one, never converted', () => {
    for (const each of mapped) {
      if (!/^ADT\^A(19|2[039]|35|36|4[1-589]|5[01])$/.test(each.mapped.event)) continue;
      expect([each.name, each.mapped.refused?.code]).toEqual([each.name, 'map.identity-unsupported']);
    }
  });

  it('the loss report names a place of the message for everything it lists', () => {
    for (const each of messages.slice(0, 150)) {
      for (const issue of mapUnknown(each.bytes, true).issues) {
        if (issue.code === 'map.unmapped')
          expect(issue.location).toMatch(/^[A-Z][A-Z0-9]{2}\[\d+\](-\d+\[\d+\]\.\d+\.\d+)?$/);
      }
    }
  });
});
