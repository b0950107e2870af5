import { dictionaries } from 'hl7v2-dictionary';
import { describe, expect, it } from 'vitest';
import { outboundMaps } from '../../../mappings/outbound/maps.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import type { Message } from '../../../src/hl7/tree.ts';
import { render } from '../../../src/mapping/outbound/render.ts';
import { outboundCases } from '../../golden/outbound-cases.ts';

interface Part {
  readonly idx: number;
  readonly min?: number;
  readonly max?: number;
  readonly segments?: Readonly<Record<string, Part>>;
}

interface Dictionary {
  readonly segments: Readonly<
    Record<string, { fields: Readonly<Record<string, { opt?: string; rep?: number | string }>> }>
  >;
  readonly messages: Readonly<Record<string, { segments?: Readonly<Record<string, Part>> }>>;
}

const PUBLISHED = dictionaries as unknown as Readonly<Record<string, Dictionary>>;

/** The published structure as a pattern over segment names. */
function pattern(parts: Readonly<Record<string, Part>>): string {
  return Object.entries(parts)
    .sort(([, a], [, b]) => a.idx - b.idx)
    .map(([name, { min = 0, max, segments }]) => {
      const one = segments === undefined ? `${name} ` : pattern(segments);
      return `(?:${one}){${min},${max ?? ''}}`;
    })
    .join('');
}

/** The structure by MSH-9.3, in older dictionaries by the trigger. */
function structureOf({ messages }: Dictionary, structure: string) {
  const [type, trigger, name] = structure.split('^');
  return (messages[name!] ?? messages[`${type}_${trigger}`])?.segments;
}

/** Fields that the version requires and the message does not have. */
function missing(message: Message, { segments }: Dictionary): string[] {
  return message.segments().flatMap((segment) =>
    Object.entries(segments[segment.name]?.fields ?? {})
      .filter(([field, { opt }]) => opt === 'R' && !segment.field(Number(field)).hasContent)
      .map(([field]) => `${segment.name}-${field}`),
  );
}

/** Conditional in the standard's text, which the tables of some versions print as required: only where OBX-3 repeats. */
const CONDITIONAL: readonly string[] = ['OBX-4'];

/** ROL stands after PID (of the person) and after PV2 (of the visit); the dictionary holds one place of a segment, the later. */
const PERSON_ROLES = /((?:PID|PD1) )(?:ROL )+/;

function problems(message: Message, structure: string, dictionary: Dictionary): string[] {
  const names = message.segments().map((segment) => `${segment.name} `);
  const published = structureOf(dictionary, structure);
  const order = names.join('').replace(PERSON_ROLES, '$1');
  const isOrdered = published === undefined || new RegExp(`^${pattern(published)}$`).test(order);
  const tooLong = message.segments().filter((segment) => {
    const last = Math.max(...Object.keys(dictionary.segments[segment.name]?.fields ?? {}).map(Number));
    return Array.from({ length: 60 }, (_, index) => last + 1 + index).some((field) => segment.field(field).hasContent);
  });
  return [
    ...(isOrdered ? [] : [`order: ${names.join('')}`]),
    ...missing(message, dictionary)
      .filter((field) => !CONDITIONAL.includes(field))
      .map((field) => `missing: ${field}`),
    ...tooLong.map(({ name }) => `longer than the version allows: ${name}`),
  ];
}

describe('messages fit the published structure of their version', () => {
  for (const version of ['2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.8']) {
    it(`version ${version}: order, cardinality, required fields, lengths of segments`, () => {
      const found = outboundCases().flatMap(({ name, event, bundle, endpoint, partner }) => {
        const rendered = render(outboundMaps(), event, bundle, { ...endpoint, version }, partner);
        if ('refused' in rendered) return [`${name}: ${rendered.refused.code}`];
        const { message } = parseMessage(rendered.bytes);
        return problems(message, rendered.structure, PUBLISHED[version]!).map((problem) => `${name}: ${problem}`);
      });
      expect(found).toEqual([]);
    });
  }
});
