import fc from 'fast-check';
import fhirpath from 'fhirpath';
import r4model from 'fhirpath/fhir-context/r4';
import { describe, expect, it } from 'vitest';
import type { Invariant } from '../../../src/fhir/definitions.ts';
import { choiceKeys, compilePath, evaluate } from '../../../src/fhir/path/compile.ts';
import { compareDates } from '../../../src/fhir/path/dates.ts';
import { plainOf } from '../../../src/fhir/path/nodes.ts';
import { parsePath } from '../../../src/fhir/path/parse.ts';
import { scopeOf } from '../../../src/fhir/search-values.ts';
import { EXAMPLE_FILES, example, R4 } from './r4.ts';

const PATIENT = {
  resourceType: 'Patient',
  birthDate: '1980-01-01',
  _birthDate: { extension: [{ url: 'u', valueString: 'x' }] },
  name: [{ given: ['a', 'b'] }, { family: 'c' }],
  deceasedDateTime: '2026-01-01',
};
const run = (expression: string) => evaluate(compilePath(expression, 'Patient', R4), PATIENT).map(plainOf);

describe('FHIRPath compiled to closures', () => {
  it.each<[string, unknown[]]>([
    ['Patient.name.given', ['a', 'b']],
    ['name.where(family.exists()).family', ['c']],
    ["birthDate.extension('u').value", ['x']],
    ['deceased', ['2026-01-01']],
    ['deceased.ofType(boolean)', []],
    ['deceased is dateTime', [true]],
    ['name.given.first() & name.family', ['ac']],
    ["name.count() = 2 and name.given contains 'b'", [true]],
    ["gender.empty() or gender = 'x'", [true]],
    ["gender = 'x'", []],
    ["gender = 'x' implies false", []],
    ['name.given | name.given', ['a', 'b']],
    ['name[1].family', ['c']],
    ["iif(gender.exists(), 'g', 'n')", ['n']],
    ['1 + 2 * 3', [7]],
    ['-1', [-1]],
    ["'it\\'s'", ["it's"]],
  ])('%s', (expression, expected) => {
    expect(run(expression)).toEqual(expected);
  });

  it('what it does not know is refused when it is compiled, by name', () => {
    expect(() => compilePath('name.frobnicate()', 'Patient', R4)).toThrow('frobnicate()');
    expect(() => compilePath('%unknown', 'Patient', R4)).toThrow('%unknown');
    expect(() => compilePath('Observation.code', 'Patient', R4)).toThrow('Observation');
    expect(() => parsePath('name.')).toThrow();
    expect(() => parsePath('name #')).toThrow();
  });

  it('gives the same as the fhirpath library for every R4 invariant, on examples and on examples with pieces cut out', () => {
    const differences = new Set<string>();
    let compared = 0;
    let failing = 0;
    for (const resource of smallExamples()) {
      for (const { node, type, invariants } of typedNodes(resource, resource.resourceType)) {
        for (const invariant of invariants) {
          // The library cannot resolve without a server, compare two Quantities, or read the patterns of eld-19 and eld-20.
          const beyond = ['rng-2', 'eld-19', 'eld-20'].includes(invariant.key);
          if (beyond || /htmlChecks|resolve\(\)/.test(invariant.expression)) continue;
          const scope = { ...scopeOf(resource as never), context: node };
          const ours = compilePath(invariant.expression, type, R4).run([node], scope)[0];
          const theirs = withLibrary(invariant, node, type, resource);
          compared++;
          if (ours !== true) failing++;
          if (plainOf(ours) !== theirs) differences.add(invariant.key);
        }
      }
    }
    // In our favour: names of conformance resources (the library's matches() is content with a part of the text, R4 means
    // the whole) and que-7 (to the library a FHIR boolean is no Boolean).
    expect([...differences].filter((key) => !/^[a-z]{2,3}-0$|^que-7$/.test(key)).sort()).toEqual([]);
    expect(compared).toBeGreaterThan(5000);
    expect(failing).toBeGreaterThan(200);
  });
});

function withLibrary(invariant: Invariant, node: unknown, type: string, resource: object): unknown {
  const environment = { resource, rootResource: resource };
  const options = { traceFn: () => {} };
  const expression = { base: type, expression: invariant.expression };
  return (fhirpath.evaluate(node, expression, environment, r4model, options) as unknown[])[0];
}

/** Up to three examples of each type, each also with members removed at pseudo-random places. */
function* smallExamples(): Generator<Record<string, unknown> & { resourceType: string }> {
  const seen = new Map<string, number>();
  let seed = 12_345;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed % below;
  };
  for (const file of EXAMPLE_FILES) {
    const type = file.slice(0, file.indexOf('-'));
    const resource = example(file) as unknown as Record<string, unknown> & { resourceType: string };
    if ((seen.get(type) ?? 0) >= 3 || JSON.stringify(resource).length > 12_000) continue;
    seen.set(type, (seen.get(type) ?? 0) + 1);
    yield resource;
    for (let round = 0; round < 4; round++) yield cut(structuredClone(resource), random);
  }
}

function cut<T extends object>(resource: T, random: (below: number) => number): T {
  const spots: [Record<string, unknown>, string][] = [];
  const walk = (holder: Record<string, unknown>) => {
    for (const key of Object.keys(holder)) {
      if (key === 'resourceType') continue;
      spots.push([holder, key]);
      const child = holder[key];
      if (typeof child === 'object' && child !== null) walk(child as Record<string, unknown>);
    }
  };
  walk(resource as Record<string, unknown>);
  for (let count = 0; count <= random(3); count++) {
    const [holder, key] = spots[random(spots.length)]!;
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  }
  return resource;
}

interface TypedNode {
  readonly node: unknown;
  readonly type: string;
  readonly invariants: readonly Invariant[];
}

/** All objects of a resource whose type has invariants. */
function* typedNodes(value: unknown, type: string): Generator<TypedNode> {
  const definition = R4.type(type);
  if (definition === undefined || typeof value !== 'object' || value === null) return;
  if (definition.invariants !== undefined) yield { node: value, type, invariants: definition.invariants };
  for (const element of definition.elements) {
    const keys = element.choice
      ? choiceKeys(element)
      : [{ key: element.name, type: element.nested ?? element.types[0]?.code ?? '' }];
    for (const { key, type: inner } of keys) {
      const child = (value as Record<string, unknown>)[key];
      for (const item of Array.isArray(child) ? child : [child]) yield* typedNodes(item, inner);
    }
  }
}

describe('dates', () => {
  it('order is antisymmetric, and overlapping precisions are equal', () => {
    const date = fc.constantFrom(
      '2026',
      '2026-03',
      '2026-03-08',
      '2026-03-08T10:00:00Z',
      '2026-03-08T10:00:00-05:00',
      '2025-12-31',
      '2027',
    );
    fc.assert(
      fc.property(date, date, (a, b) => {
        expect(compareDates(a, b) + compareDates(b, a)).toBe(0);
      }),
    );
    expect(compareDates('2026', '2026-03-08')).toBe(0);
    expect(compareDates('2026-03-08T10:00:00Z', '2026-03-08T10:00:00-05:00')).toBeLessThan(0);
    expect(compareDates('2025-12-31', '2026')).toBeLessThan(0);
  });
});
