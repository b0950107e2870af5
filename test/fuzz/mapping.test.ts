import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validate } from '../../src/fhir/validate.ts';
import { parseMessage } from '../../src/hl7/parse.ts';
import { toBundle } from '../../src/mapping/bundle.ts';
import { mapMessage } from '../../src/mapping/map-message.ts';
import { CASES, definitions, MAPS, PARTNERS } from '../golden/mapping-cases.ts';

const OUTBOUND = new URL('../../fixtures/outbound-cases/', import.meta.url);
const SEEDS = [
  ...CASES.map((each) => each.bytes.toString('utf8')),
  ...(existsSync(OUTBOUND) ? readdirSync(OUTBOUND, { recursive: true, encoding: 'utf8' }) : [])
    .filter((each) => each.endsWith('.hl7'))
    .map((each) => readFileSync(new URL(each, OUTBOUND), 'utf8')),
];

/** Fields cut, doubled, swapped and filled with what breaks parsers, in a message that once made sense. */
const JUNK = [
  '',
  '""',
  '~',
  '^^^^',
  '&&',
  '\\',
  '\\X0D\\',
  '99999999999999999999',
  '-1',
  '20260308023000',
  '00000000',
  'NaN',
  '\u0000',
  '𝄞',
  '<b>',
  "'",
];

const mutation = fc.record({
  segment: fc.nat(30),
  field: fc.nat(40),
  kind: fc.constantFrom('junk', 'drop-field', 'drop-segment', 'double-segment', 'cut'),
  junk: fc.constantFrom(...JUNK),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(message: string, { segment, field, kind, junk }: Mutation): string {
  const segments = message.split('\r');
  const at = segments.length === 0 ? 0 : segment % segments.length;
  const fields = (segments[at] ?? '').split('|');
  // The header stays readable: what cannot be parsed is the parser's test.
  if (at === 0) return message;
  const place = 1 + (field % Math.max(fields.length, 2));
  if (kind === 'junk') fields[place] = junk;
  else if (kind === 'drop-field') fields.splice(place, 1);
  else if (kind === 'drop-segment') return segments.filter((_, i) => i !== at).join('\r');
  else if (kind === 'double-segment') return [...segments.slice(0, at), segments[at], ...segments.slice(at)].join('\r');
  else return message.slice(0, Math.max(60, message.length - field * 20));
  return segments.map((each, i) => (i === at ? fields.join('|') : each)).join('\r');
}

const seedOf = (part: string) => SEEDS.find((each) => each.includes(part))!;

/** What longer runs found: each was not valid R4 once. */
const FOUND: [string, Mutation[], 'refuse' | 'message'][] = [
  [seedOf('RDE^O25'), [{ segment: 3, field: 3, kind: 'junk', junk: '-1' }], 'refuse'],
  [seedOf('|GH0401|'), [{ segment: 6, field: 3, kind: 'junk', junk: '\\X0D\\' }], 'refuse'],
  [seedOf('|GH0401|'), [{ segment: 9, field: 4, kind: 'junk', junk: '20260308023000' }], 'refuse'],
  [
    seedOf('|GH0010|'),
    [
      { segment: 4, field: 0, kind: 'junk', junk: '' },
      { segment: 3, field: 0, kind: 'junk', junk: '\u0000' },
    ],
    'refuse',
  ],
  [seedOf('|RV0908|'), [{ segment: 5, field: 6, kind: 'junk', junk: '20260308023000' }], 'refuse'],
];

function map(message: string, mode: 'refuse' | 'message') {
  return mapMessage(
    MAPS,
    parseMessage(Buffer.from(message, 'utf8')).message,
    {
      partner: PARTNERS[message.length % PARTNERS.length]!,
      partners: PARTNERS,
      hubKey: Buffer.alloc(32, 'fuzz'),
      receivedAt: '2026-03-14T12:00:00.000Z',
      bodyHash: 'f'.repeat(64),
      unidentified: mode,
    },
    { loss: true },
  );
}

describe('mapping of mutated messages', () => {
  it('never throws, never fails inside a map, and what it emits is valid R4', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SEEDS),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('refuse' as const, 'message' as const),
        (seed, mutations, mode) => {
          const mapped = map(mutations.reduce(mutate, seed), mode);
          expect(mapped.refused?.code).not.toBe('map.failed');
          for (const { resource } of toBundle(mapped, definitions).bundle.entry ?? []) {
            const errors = validate(definitions, resource).filter(
              (issue) => issue.severity === 'error' || issue.severity === 'fatal',
            );
            expect(errors.map((issue) => [issue.expression, issue.details?.text])).toEqual([]);
          }
        },
      ),
      { numRuns: 4000, examples: FOUND },
    );
  });

  it('says the same thing twice', () => {
    for (const seed of SEEDS) expect(map(seed, 'message')).toEqual(map(seed, 'message'));
  });
});
