import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import { describe, expect, it } from 'vitest';
import { loadDefinitions } from '../../../src/fhir/definitions.ts';
import type { FhirResponse } from '../../../src/server/exchange.ts';
import { memoryStore } from './support/memory-store.ts';

const definitions = loadDefinitions(readFileSync(new URL('../../../build/definitions.json.gz', import.meta.url)));
const base = 'http://hub.test/fhir/R4';
const actor = { kind: 'operator' as const, id: 'op', scopes: ['system/*.cruds'] };

const SYSTEMS = ['urn:s1', 'urn:s2'];
const CODES = ['a', 'b', 'c'];
const DATES = [
  '2026',
  '2026-03',
  '2026-03-01',
  '2026-03-01T10:00:00Z',
  '2026-03-01T23:30:00-05:00',
  '2025-12-31',
  '2027-01-01T00:00:00Z',
];
const coding = fc.record(
  { system: fc.constantFrom(...SYSTEMS), code: fc.constantFrom(...CODES) },
  { requiredKeys: ['code'] },
);
const concept = fc.record({ coding: fc.array(coding, { minLength: 1, maxLength: 2 }) });
const quantity = fc.record({
  value: fc.constantFrom(1, 5, 5.4, 10, 10.05, 100),
  unit: fc.constant('mg'),
  system: fc.constant('urn:units'),
  code: fc.constantFrom('mg', 'g'),
});
const ordered = (start: string, end: string) => Date.parse(start.slice(0, 10)) <= Date.parse(end.slice(0, 10));
const period = fc
  .record({ start: fc.constantFrom(...DATES), end: fc.constantFrom(...DATES) }, { requiredKeys: [] })
  .filter((p) => p.start !== undefined || p.end !== undefined)
  .filter((p) => !p.start || !p.end || (p.start.length === 20 && p.end.length === 20 && ordered(p.start, p.end)));

const observation = fc
  .record(
    {
      status: fc.constantFrom('final', 'amended', 'preliminary'),
      code: concept,
      category: fc.array(concept, { minLength: 1, maxLength: 2 }),
      subject: fc.constantFrom('1', '2').map((id) => ({ reference: `Patient/${id}` })),
      effective: fc.oneof(
        fc.constantFrom(...DATES).map((effectiveDateTime) => ({ effectiveDateTime })),
        period.map((effectivePeriod) => ({ effectivePeriod })),
      ),
      value: fc.oneof(
        quantity.map((valueQuantity) => ({ valueQuantity })),
        concept.map((valueCodeableConcept) => ({ valueCodeableConcept })),
        fc.constantFrom('Grün', 'green tea', 'Tea').map((valueString) => ({ valueString })),
      ),
    },
    { requiredKeys: ['status', 'code'] },
  )
  .map(({ effective, value, ...more }) => ({ resourceType: 'Observation', ...more, ...effective, ...value }));

const date = fc
  .tuple(fc.constantFrom('', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'), fc.constantFrom(...DATES))
  .map(([prefix, text]) => prefix + text);
const number = fc
  .tuple(
    fc.constantFrom('', 'ne', 'gt', 'lt', 'ge', 'le'),
    fc.constantFrom('1', '5', '5.4', '10', '10.0', '1e1', '100'),
  )
  .map(([prefix, text]) => prefix + text);
const token = fc.oneof(
  fc.constantFrom(...CODES),
  fc.tuple(fc.constantFrom(...SYSTEMS), fc.constantFrom(...CODES)).map(([s, c]) => `${s}|${c}`),
  fc.constantFrom(...SYSTEMS).map((s) => `${s}|`),
  fc.constantFrom(...CODES).map((c) => `|${c}`),
);
const many = (one: fc.Arbitrary<string>) =>
  fc.array(one, { minLength: 1, maxLength: 2 }).map((values) => values.join(','));

const query: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(fc.constantFrom('code', 'category', 'value-concept', 'code:not', 'category:not', 'combo-code'), many(token)),
  fc.tuple(fc.constantFrom('status', 'status:not'), many(fc.constantFrom('final', 'amended'))),
  fc.tuple(fc.constant('date'), many(date)),
  fc.tuple(
    fc.constant('value-quantity'),
    many(fc.tuple(number, fc.constantFrom('', '||mg', '|urn:units|g')).map(([n, u]) => n + u)),
  ),
  fc.tuple(
    fc.constantFrom('value-string', 'value-string:contains', 'value-string:exact'),
    fc.constantFrom('gr', 'Tea', 'tea', 'Grün', 'green'),
  ),
  fc.tuple(fc.constantFrom('subject', 'patient'), fc.constantFrom('Patient/1', '2', 'Patient/1,Patient/2')),
  fc.tuple(
    fc.constantFrom('category:missing', 'date:missing', 'subject:missing', 'value-concept:missing'),
    fc.constantFrom('true', 'false'),
  ),
);

/** The search, told once more without an index: the published FHIRPath, and the words of search.html. */
function finds(resource: object, [name, text]: readonly [string, string]): boolean {
  const [code, modifier] = name.split(':') as [string, string | undefined];
  const parameter = definitions.searchParameter('Observation', code)!;
  const nodes = parameter
    .expression!.split(' | ')
    .filter((part) => part.replace(/^\(/, '').startsWith('Observation'))
    // Every subject here is a Patient: what `resolve()` asks for is known.
    .map((part) => part.replace('.where(resolve() is Patient)', ''))
    .flatMap((part) => fhirpath.evaluate(resource, part, undefined, r4) as unknown[]);
  const values = nodes.filter((node) => fits(parameter.type, node));
  if (modifier === 'missing') return (values.length === 0) === (text === 'true');
  const met = text.split(',').some((value) => values.some((node) => compare(parameter.type, node, value, modifier)));
  return modifier === 'not' ? !met : met;
}

function fits(type: string, node: unknown): boolean {
  const isQuantity = typeof node === 'object' && node !== null && 'value' in node && 'unit' in node;
  if (type === 'quantity') return isQuantity;
  if (type === 'string') return typeof node === 'string';
  return true;
}

const fold = (text: string) => text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');

function compare(type: string, node: unknown, value: string, modifier: string | undefined): boolean {
  switch (type) {
    case 'token': {
      const codings =
        typeof node === 'string'
          ? [{ code: node }]
          : ((node as { coding?: { system?: string; code?: string }[] }).coding ?? []);
      const [system, only] = value.includes('|') ? value.split('|') : [undefined, value];
      return codings.some(
        (each) => (only === '' || each.code === only) && (system === undefined || (each.system ?? '') === system),
      );
    }
    case 'string':
      if (modifier === 'exact') return node === value;
      return modifier === 'contains'
        ? fold(String(node)).includes(fold(value))
        : fold(String(node)).startsWith(fold(value));
    case 'reference':
      return (node as { reference: string }).reference.replace('Patient/', '') === value.replace('Patient/', '');
    case 'quantity': {
      const [number = '', system, unit] = value.split('|');
      const of = node as { value: number; unit: string; system: string; code: string };
      if (unit !== undefined && unit !== of.code && !(system === '' && unit === of.unit)) return false;
      return compareNumber(of.value, number);
    }
    default:
      return compareDate(node, value);
  }
}

const PREFIX = /^(eq|ne|gt|lt|ge|le|sa|eb)?(.*)$/;

function compareNumber(value: number, text: string): boolean {
  const [, prefix, digits = ''] = PREFIX.exec(text)!;
  const wanted = Number(digits);
  const [mantissa = '', exponent = '0'] = digits.split('e');
  const half = 0.5 * 10 ** (Number(exponent) - (mantissa.split('.')[1]?.length ?? 0));
  const inside = value >= wanted - half && value < wanted + half;
  if (prefix === 'ne') return !inside;
  if (prefix === 'gt') return value > wanted;
  if (prefix === 'lt') return value < wanted;
  if (prefix === 'ge') return value >= wanted;
  if (prefix === 'le') return value <= wanted;
  return inside;
}

function span(text: string): [number, number] {
  if (text.length === 4) return [Date.UTC(Number(text), 0), Date.UTC(Number(text) + 1, 0) - 1];
  if (text.length === 7)
    return [
      Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5)) - 1),
      Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5))) - 1,
    ];
  const from = Date.parse(text);
  return [from, from + (text.length === 10 ? 86_400_000 : 1000) - 1];
}

function compareDate(node: unknown, text: string): boolean {
  const of = node as { start?: string; end?: string };
  const whole =
    typeof node === 'string'
      ? span(node)
      : [of.start ? span(of.start)[0] : -Infinity, of.end ? span(of.end)[1] : Infinity];
  if (typeof node !== 'string' && !of.start && !of.end) return false;
  const [lo, hi] = whole as [number, number];
  const [, prefix, rest = ''] = PREFIX.exec(text)!;
  const [from, to] = span(rest);
  const inside = lo >= from && hi <= to;
  if (prefix === 'ne') return !inside;
  if (prefix === 'gt') return hi > to;
  if (prefix === 'lt') return lo < from;
  if (prefix === 'ge') return inside || hi > to;
  if (prefix === 'le') return inside || lo < from;
  if (prefix === 'sa') return lo > to;
  if (prefix === 'eb') return hi < from;
  return inside;
}

describe('search', () => {
  it('finds what a full scan with the published expressions finds', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(observation, { minLength: 3, maxLength: 12 }),
        fc.array(fc.array(query, { minLength: 1, maxLength: 3 }), { minLength: 5, maxLength: 10 }),
        async (resources, queries) => {
          const store = await memoryStore();
          for (const id of ['1', '2'])
            await store.run('fhir.handle', {
              request: {
                method: 'PUT',
                path: ['Patient', id],
                query: [],
                headers: {},
                body: JSON.stringify({ resourceType: 'Patient', id }),
              },
              actor,
              at: 1,
              base,
            });
          const stored: { id: string; resource: object }[] = [];
          for (const [n, resource] of resources.entries()) {
            const body = JSON.stringify({ ...resource, id: `o${n}` });
            await store.run('fhir.handle', {
              request: { method: 'PUT', path: ['Observation', `o${n}`], query: [], headers: {}, body },
              actor,
              at: 1,
              base,
            });
            stored.push({ id: `o${n}`, resource });
          }
          for (const pairs of queries) {
            const answer = await store.run<FhirResponse>('fhir.handle', {
              request: { method: 'GET', path: ['Observation'], query: pairs, headers: {} },
              actor,
              at: 1,
              base,
            });
            const found = ((JSON.parse(answer.body!) as { entry?: { resource: { id: string } }[] }).entry ?? []).map(
              ({ resource }) => resource.id,
            );
            const expected = stored
              .filter(({ resource }) => pairs.every((pair) => finds(resource, pair)))
              .map(({ id }) => id);
            expect({ pairs, found: found.sort() }).toEqual({ pairs, found: expected.sort() });
          }
          store.close();
        },
      ),
      { numRuns: 80 },
    );
  });
});
