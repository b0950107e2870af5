import type { Bundle, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outboundMaps } from '../../../mappings/outbound/maps.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { render } from '../../../src/mapping/outbound/render.ts';
import { OUTBOUND_VERSIONS } from '../../../src/mapping/outbound/version.ts';
import { outboundCases } from '../../golden/outbound-cases.ts';
import { endpointOf, partnerOf } from './network.ts';
import { bundleOf, eventOf, note, patient } from './resources.ts';

/** What finds a resource or says what it is; everything else may hold any text, codes and systems too. */
const FIXED = new Set(['reference', 'url', 'resourceType', 'id', 'status', 'contentType', 'data']);
const CODES = new Set(['reference', 'system', 'url', 'resourceType', 'id', 'status', 'use', 'code', 'type', 'gender']);
const TIMES = /^\d{4}(-|$)/;

/** The same resources with other words: everything that is not a code, a reference or a time. */
function reworded(value: unknown, word: (old: string) => string, kept: ReadonlySet<string> = CODES, key = ''): unknown {
  if (typeof value === 'string') return kept.has(key) || TIMES.test(value) ? value : word(value);
  if (Array.isArray(value)) return value.map((item) => reworded(item, word, kept, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, reworded(member, word, kept, name)]));
}

/** Every character set an endpoint may name and MLLP can carry. */
const CHARSETS = [
  'ASCII',
  '8859/1',
  '8859/15',
  'UNICODE UTF-8',
  'WINDOWS-1252',
  'GB 18030-2000',
  'BIG-5',
  'ISO IR14',
  'ISO IR87',
  'SHIFT_JIS',
  'EUC-JP',
  'KS X 1001',
];

/** How a message is built, whatever it says: repetitions, components and subcomponents of each field of each segment. */
const shape = (bytes: Uint8Array): string[] =>
  parseMessage(bytes)
    .message.segments()
    .map((segment) => {
      const fields = Array.from({ length: 60 }, (_, index) =>
        segment
          .repetitions(index + 1)
          .map((repetition) => repetition.components().map((one) => one.subcomponents().length))
          .join('~'),
      );
      return `${segment.name}|${fields.join('|')}`.replace(/\|+$/, '');
    });

const hostile = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    'a\rOBX|1|TX|forged||forged',
    'a\nPID|1||forged',
    '\\X0D\\OBX|9',
    '|^~\\&',
    '""',
    '\x1c\r\x0bMSH|^~\\&|',
    '\\.br\\ZZZ|1',
    'toString',
    '\ud800|PID|1',
    'OBX\udc00|',
    '\u2028MSH|x',
    '\u0085OBX|x',
    '#\\F\\\\S\\\\T\\\\R\\\\E\\',
  ),
);

const names = (bytes: Uint8Array): string[] =>
  parseMessage(bytes)
    .message.segments()
    .map(({ name }) => name);

describe('content cannot forge a segment (H21)', () => {
  it('whatever the words of the resources are, the segments of the message stay the same', () => {
    const cases = outboundCases();
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.array(hostile, { minLength: 1, maxLength: 8 }), (one, words) => {
        let turn = 0;
        const swap = () => words[turn++ % words.length]!;
        const bundle = reworded(one.bundle, swap) as Bundle;
        const { event } = one;
        const before = render(outboundMaps(), event, one.bundle, one.endpoint, one.partner);
        const after = render(outboundMaps(), event, bundle, one.endpoint, one.partner);
        if ('refused' in before || 'refused' in after) throw new Error('refused');
        expect(names(after.bytes)).toEqual(names(before.bytes));
        const raw = Buffer.from(after.bytes).toString('latin1');
        expect(raw).not.toMatch(/[\x00-\x0c\x0e-\x1f\x7f]/);
        // A receiver that decodes hexadecimal escapes before it splits must not find a segment more either.
        const naive = raw.replace(/\\X0[AD]\\/gi, '\r').split(/[\r\n]/);
        expect(naive.filter((line) => /^[A-Z][A-Z0-9]{2}(\||$)/.test(line))).toHaveLength(names(before.bytes).length);
        expect(raw.split('\r').filter((line) => line !== '')).toHaveLength(names(before.bytes).length);
      }),
      { numRuns: 400 },
    );
  });

  it('every kind of message the hub writes stands among the cases', () => {
    const types = outboundCases().map(({ event, bundle, endpoint, partner }) => {
      const rendered = render(outboundMaps(), event, bundle, endpoint, partner);
      return 'refused' in rendered ? rendered.refused.code : rendered.structure.split('^')[0];
    });
    const all = ['ADT', 'DFT', 'MDM', 'ORU', 'PGL', 'PPR', 'RAS', 'REF', 'RRI', 'SIU', 'SRM'];
    expect([...new Set(types)].sort()).toEqual(all);
  });

  it('no text, code, system or number adds, ends or alters a field, in any character set or version', () => {
    const cases = outboundCases();
    const line = fc
      .oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
        fc.constantFrom(
          'a|b',
          'a^b',
          'a~b',
          'a&b',
          'a\\b',
          '\\F\\',
          '\\X7C\\',
          '\\.br\\',
          '""',
          '|',
          '\\',
          'toString',
          '\ud800|',
          '|\udc00',
          '許|',
          '啯^',
          'ソ&',
          '\u20ac|',
        ),
      )
      .map((text) => `x${text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')}x`);
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...CHARSETS),
        fc.constantFrom(...OUTBOUND_VERSIONS),
        ({ event, bundle, endpoint, partner }, words, charset, version) => {
          const to = { ...endpoint, charset, version };
          const written = (word: (turn: number) => string) => {
            let turn = 0;
            const swapped = reworded(bundle, () => word(turn++), FIXED) as Bundle;
            const rendered = render(outboundMaps(), event, swapped, to, partner);
            return 'refused' in rendered ? [rendered.refused.code] : shape(rendered.bytes);
          };
          const hostileAt = (turn: number) => words[turn % words.length]!;
          // Equal words stay equal: a text that repeats its code is told once.
          const plainAt = (turn: number) => `y${words.indexOf(hostileAt(turn))}y`;
          expect(written(hostileAt)).toEqual(written(plainAt));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('words come back as they were, except control characters', () => {
    const endpoint = endpointOf('riverside');
    const partner = partnerOf('riverside');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (text) => {
        const resources: Resource[] = [note({ payload: [{ contentString: `x${text}x` }] }), patient()];
        const rendered = render(outboundMaps(), eventOf('safety-note'), bundleOf(...resources), endpoint, partner);
        if ('refused' in rendered) throw new Error('refused');
        const obx = parseMessage(rendered.bytes).message.segment('OBX');
        const lines = obx?.repetitions(5).map((repetition) => repetition.text ?? '') ?? [];
        const expected = `x${text}x`.replace(/\r\n?/g, '\n').replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/g, ' ');
        expect(lines.join('\n')).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('the text "" is no delete', () => {
    const rendered = render(
      outboundMaps(),
      eventOf('safety-note'),
      bundleOf(note(), patient({ name: [{ family: '""' }] })),
      endpointOf('riverside'),
      partnerOf('riverside'),
    );
    if ('refused' in rendered) throw new Error('refused');
    const name = parseMessage(rendered.bytes).message.segment('PID')?.field(5);
    expect(name?.isDelete).toBe(false);
    expect(name?.repetition(1).get(1)).toBe('""');
  });
});
