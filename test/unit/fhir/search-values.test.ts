import type { Observation, Patient, Resource } from '@medplum/fhirtypes';
import fhirpath from 'fhirpath';
import r4model from 'fhirpath/fhir-context/r4';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/fhir/canonical.ts';
import { compartmentIds, patientReferences } from '../../../src/fhir/compartments.ts';
import type { SearchParameter } from '../../../src/fhir/definitions.ts';
import { plainOf } from '../../../src/fhir/path/nodes.ts';
import { branchesFor, extract, extractOne, parameterNodes } from '../../../src/fhir/search-values.ts';
import { EXAMPLE_FILES, example, R4 } from './r4.ts';

const PATIENT: Patient = {
  resourceType: 'Patient',
  id: 'p',
  gender: 'female',
  birthDate: '1980-02-29',
  identifier: [{ system: 'urn:oid:1.2', value: '007', type: { coding: [{ system: 'urn:t', code: 'MR' }] } }],
  name: [{ family: 'Núñez', given: ['Anna  Lena'] }],
  deceasedDateTime: '2026-03-01',
};

describe('search parameters', () => {
  it('every expression of every resource type compiles; none is interpreted', () => {
    let count = 0;
    for (const type of R4.resourceTypes) {
      for (const parameter of R4.searchParameters(type)) {
        if (parameter.expression === undefined) continue;
        expect(branchesFor(R4, type, parameter.expression).length, `${type} ${parameter.code}`).toBeGreaterThan(0);
        count++;
      }
    }
    expect(count).toBeGreaterThan(2400);
  });

  it('the parameters without an expression are those that have no element', () => {
    const bare = new Set(
      R4.searchParameters('Patient')
        .filter((p) => p.expression === undefined)
        .map((p) => p.code),
    );
    expect([...bare].sort()).toEqual(['_content', '_query', '_text']);
  });

  it('gives the same nodes as the fhirpath library on the published examples', () => {
    const differences: string[] = [];
    let compared = 0;
    for (const resource of sampleResources()) {
      for (const parameter of R4.searchParameters(resource.resourceType)) {
        if (parameter.expression === undefined || isBeyondFhirpath(parameter, resource)) continue;
        const ours = texts(parameterNodes(R4, resource, parameter));
        const theirs = texts(evaluateWithLibrary(resource, parameter));
        compared++;
        if (ours.join() !== theirs.join())
          differences.push(`${resource.resourceType}/${resource.id} ${parameter.code}`);
      }
    }
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(10_000);
  });
});

/** Clinical examples all, of the conformance resources a few of each type (there are thousands alike). */
function* sampleResources(): Generator<Resource> {
  const seen = new Map<string, number>();
  for (const file of EXAMPLE_FILES) {
    const type = file.slice(0, file.indexOf('-'));
    const count = (seen.get(type) ?? 0) + 1;
    seen.set(type, count);
    if (count <= 12) yield example(file);
  }
}

/** `as` on several items is an error to the library, while R4 means `ofType`; `resolve()` needs a server there. */
function evaluateWithLibrary(resource: Resource, parameter: SearchParameter): unknown[] {
  const expression = parameter
    .expression!.split('|')
    .map((part) => part.trim())
    .filter(
      (part) =>
        !/^\(?[A-Z]\w+\./.test(part) ||
        new RegExp(`^\\(?(${resource.resourceType}|Resource|DomainResource)\\.`).test(part),
    )
    .join(' | ')
    .replace(/\(([\w.]+) as (\w+)\)/g, '$1.ofType($2)')
    .replace(/\.as\((\w+)\)/g, '.ofType($1)')
    .replace(
      /where\(resolve\(\) is (\w+)\)/g,
      "where(reference.matches('(^|/)$1/') or (reference.startsWith('#') and %resource.contained.where('#' & id = %context.reference).exists()))",
    );
  return fhirpath.evaluate(resource, expression, { resource }, r4model) as unknown[];
}

/** Contained targets are resolved by ours only. */
function isBeyondFhirpath(parameter: SearchParameter, resource: Resource): boolean {
  return parameter.expression!.includes('resolve()') && 'contained' in resource;
}

function texts(nodes: readonly unknown[]): string[] {
  return [...new Set(nodes.map((node) => canonicalJson(plainOf(node))))].sort();
}

describe('extract', () => {
  it('a code carries the system its binding implies', () => {
    expect(extractOne(R4, PATIENT, 'gender')).toEqual([
      { kind: 'token', system: 'http://hl7.org/fhir/administrative-gender', code: 'female' },
    ]);
  });

  it('an identifier keeps its leading zeros and its type', () => {
    expect(extractOne(R4, PATIENT, 'identifier')).toEqual([
      { kind: 'token', system: 'urn:oid:1.2', code: '007', type: [{ system: 'urn:t', code: 'MR' }] },
    ]);
  });

  it('a name is found without accents, case and double blanks, and kept for :exact', () => {
    expect(extractOne(R4, PATIENT, 'name')).toEqual([
      { kind: 'string', text: 'Núñez', folded: 'nunez' },
      { kind: 'string', text: 'Anna  Lena', folded: 'anna lena' },
    ]);
  });

  it('deceased[x] as a date means deceased, and gives a death date', () => {
    expect(extractOne(R4, PATIENT, 'deceased')).toEqual([{ kind: 'token', code: 'true' }]);
    expect(extractOne(R4, PATIENT, 'death-date')).toEqual([
      { kind: 'date', lo: Date.UTC(2026, 2, 1), hi: Date.UTC(2026, 2, 2) - 1 },
    ]);
    expect(extractOne(R4, { resourceType: 'Patient' }, 'deceased')).toEqual([{ kind: 'token', code: 'false' }]);
  });

  it('`patient` holds only references to a Patient; `subject` holds all', () => {
    const observation: Observation = {
      resourceType: 'Observation',
      status: 'final',
      code: {},
      subject: { reference: 'Group/g' },
    };
    expect(extractOne(R4, observation, 'patient')).toEqual([]);
    expect(extractOne(R4, observation, 'subject')).toEqual([{ kind: 'reference', type: 'Group', id: 'g' }]);
  });

  it('a composite joins the values of one component, never of two', () => {
    const component = (code: string, value: number) => ({ code: { coding: [{ code }] }, valueQuantity: { value } });
    const observation: Observation = {
      resourceType: 'Observation',
      status: 'final',
      code: {},
      component: [component('systolic', 120), component('diastolic', 80)],
    };
    const pairs = extractOne(R4, observation, 'component-code-value-quantity').map((value) =>
      value.kind === 'composite'
        ? value.parts.map((part) => ('code' in part ? part.code : 'lo' in part ? part.lo : ''))
        : [],
    );
    expect(pairs).toEqual([
      ['systolic', 120],
      ['diastolic', 80],
    ]);
  });

  it('the same mass in two units has the same canonical value', () => {
    const dose = (value: number, code: string): Observation => ({
      resourceType: 'Observation',
      status: 'final',
      code: {},
      valueQuantity: { value, code, system: 'http://unitsofmeasure.org' },
    });
    const canonical = (resource: Observation) =>
      extractOne(R4, resource, 'value-quantity').map((value) =>
        value.kind === 'quantity' ? value.canonical : undefined,
      );
    expect(canonical(dose(56, 'mg'))).toEqual(canonical(dose(0.056, 'g')));
    expect(canonical(dose(5, 'mg/dL'))).toEqual(canonical(dose(50, 'mg/L')));
    expect(canonical(dose(37, 'Cel'))).toEqual(canonical(dose(310.15, 'K')));
    expect(canonical(dose(1, '[unknown]'))).toEqual([undefined]);
  });

  it('a claimed profile is found with its version and without', () => {
    const resource: Patient = { resourceType: 'Patient', meta: { profile: ['http://example.org/p|2'] } };
    expect(extractOne(R4, resource, '_profile')).toEqual([
      { kind: 'uri', uri: 'http://example.org/p|2' },
      { kind: 'uri', uri: 'http://example.org/p' },
    ]);
  });

  it('odd content gives no entry and no exception', () => {
    const odd = {
      resourceType: 'Patient',
      name: 'x',
      identifier: [null, 7],
      birthDate: 'soon',
      telecom: {},
    } as unknown as Resource;
    expect(() => extract(R4, odd)).not.toThrow();
  });
});

describe('robustness', () => {
  it('never throws, whatever the JSON: elements of the wrong type give no entry', () => {
    const bad: unknown[] = [
      null,
      7,
      'x',
      true,
      [],
      {},
      [null],
      [7],
      [{}],
      { toString: null },
      [{ coding: 7 }],
      { coding: [null, 'x'] },
    ];
    bad.push({ reference: 7, identifier: 'x' }, { start: 7, event: 'x', repeat: 'y' }, { low: 'x', value: {} });
    bad.push([{ system: {}, value: [], type: { coding: 'x', text: 7 } }], { latitude: 'x' }, [{ line: 7, given: [7] }]);
    for (const type of R4.resourceTypes) {
      for (const { name, choice, types } of R4.type(type)!.elements) {
        const keys = choice ? types.map(({ code }) => name + code[0]!.toUpperCase() + code.slice(1)) : [name];
        for (const key of keys)
          for (const value of bad) extract(R4, { resourceType: type, [key]: value } as unknown as Resource);
      }
    }
    expect(bad.length).toBeGreaterThan(0);
  });
});

describe('compartments', () => {
  it('an Appointment belongs to each patient taking part; a Patient to itself and not to its links', () => {
    const appointment = {
      resourceType: 'Appointment',
      status: 'booked',
      participant: ['Patient/a', 'Practitioner/x', 'Patient/b'].map((reference) => ({
        status: 'accepted',
        actor: { reference },
      })),
    } as Resource;
    expect(patientReferences(R4, appointment)).toEqual(['a', 'b']);
    const linked: Patient = {
      resourceType: 'Patient',
      id: 'p',
      link: [{ type: 'seealso', other: { reference: 'Patient/q' } }],
    };
    expect(patientReferences(R4, linked)).toEqual(['p']);
  });

  it('a directory resource belongs to nobody', () => {
    expect(patientReferences(R4, { resourceType: 'Organization', name: 'x' })).toEqual([]);
    expect(
      compartmentIds(R4, 'Encounter', { resourceType: 'Encounter', id: 'e', status: 'planned', class: {} }),
    ).toEqual(['e']);
  });
});
