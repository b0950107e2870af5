import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAcceptable } from '../../../src/fhir/outcome.ts';
import { missingRequired, validate } from '../../../src/fhir/validate.ts';
import { EXAMPLE_FILES, example, R4 } from './r4.ts';

/** Published examples which are not valid R4, with the fault. */
const FAULTY_EXAMPLES: Readonly<Record<string, string>> = {
  'ActivityDefinition-blood-tubes-supply.json': 'validate.primitive: empty narrative',
  'ActivityDefinition-heart-valve-replacement.json': 'validate.primitive: empty narrative',
  'EventDefinition-example.json': 'validate.primitive: empty narrative',
  'Questionnaire-zika-virus-exposure-assessment.json': 'validate.primitive: empty narrative',
  'CodeSystem-v2-0550.json': 'validate.primitive: codes that end in a no-break space',
  'DeviceMetric-example.json': 'validate.reference-target: parent is a DeviceDefinition, must be a Device',
  'DeviceUseStatement-example.json': 'validate.reference-target: reason is a Procedure',
  'MedicationRequest-medrx0301.json': 'validate.reference-target: dispenser is a Practitioner, must be an Organization',
  'Observation-clinical-gender.json': 'validate.reference-target: performer is an Encounter',
  'ImplementationGuide-fhir.json': 'validate.required: no name, no status',
  'Questionnaire-qs1.json': 'validate.required: items without linkId',
  'StructureDefinition-Definition.json': 'validate.sdf-4: logical model without base',
  'StructureDefinition-Event.json': 'validate.sdf-4: logical model without base',
  'StructureDefinition-FiveWs.json': 'validate.sdf-4: logical model without base',
  'StructureDefinition-Request.json': 'validate.sdf-4: logical model without base',
  'SearchParameter-codesystem-extensions-CodeSystem-author.json': 'validate.required: no base',
  'SearchParameter-codesystem-extensions-CodeSystem-effective.json': 'validate.required: no base',
  'SearchParameter-codesystem-extensions-CodeSystem-end.json': 'validate.required: no base',
  'SearchParameter-codesystem-extensions-CodeSystem-keyword.json': 'validate.required: no base',
  'SearchParameter-codesystem-extensions-CodeSystem-workflow.json': 'validate.required: no base',
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json':
    'validate.primitive: id of more than 64 characters',
  'SearchParameter-valueset-extensions-ValueSet-author.json': 'validate.required: no base',
  'SearchParameter-valueset-extensions-ValueSet-effective.json': 'validate.required: no base',
  'SearchParameter-valueset-extensions-ValueSet-end.json': 'validate.required: no base',
  'SearchParameter-valueset-extensions-ValueSet-keyword.json': 'validate.required: no base',
  'SearchParameter-valueset-extensions-ValueSet-workflow.json': 'validate.required: no base',
};

const codes = (issues: readonly OperationOutcomeIssue[]) =>
  issues.map((issue) => `${issue.details?.coding?.[0]?.code} ${issue.expression?.[0]}`);
const faults = (resource: unknown) => codes(validate(R4, resource).filter(({ severity }) => severity === 'error'));

describe('the published examples', () => {
  it('all are valid but those listed, each for the fault listed', () => {
    const unexpected: string[] = [];
    const found: string[] = [];
    for (const file of EXAMPLE_FILES) {
      const issues = validate(R4, example(file)).filter(({ severity }) => severity === 'error');
      if (issues.length === 0) continue;
      found.push(file);
      const expected = FAULTY_EXAMPLES[file]?.split(':')[0];
      if (!codes(issues).every((code) => code.startsWith(`${expected} `) || file.startsWith('ImplementationGuide'))) {
        unexpected.push(`${file}: ${codes(issues).join(', ')}`);
      }
    }
    expect(unexpected).toEqual([]);
    expect(found.sort()).toEqual(Object.keys(FAULTY_EXAMPLES).sort());
  });

  it('a mandatory element taken away is found, in every example, and by missingRequired too', () => {
    let removed = 0;
    for (const resource of clinicalExamples()) {
      for (const element of R4.type(resource.resourceType)?.elements ?? []) {
        const copy = structuredClone(resource) as unknown as Record<string, unknown>;
        if (element.min === 0 || element.choice || copy[element.name] === undefined) continue;
        delete copy[element.name];
        const path = `${resource.resourceType}.${element.name}`;
        expect(faults(copy)).toContain(`validate.required ${path}`);
        expect(missingRequired(R4, copy as unknown as Resource)).toContain(path);
        removed++;
      }
    }
    expect(removed).toBeGreaterThan(400);
  });

  it('a code that is not in its required value set is found, in every example', () => {
    let changed = 0;
    for (const resource of clinicalExamples()) {
      for (const element of R4.type(resource.resourceType)?.elements ?? []) {
        const copy = structuredClone(resource) as unknown as Record<string, unknown>;
        const bound = element.binding !== undefined && element.types[0]?.code === 'code' && !element.list;
        if (!bound || R4.codeSet(element.binding!)?.open !== undefined || copy[element.name] === undefined) continue;
        copy[element.name] = 'no-such-code';
        expect(faults(copy)).toContain(`validate.binding ${resource.resourceType}.${element.name}`);
        changed++;
      }
    }
    expect(changed).toBeGreaterThan(200);
  });

  it('a value of the wrong JSON type and an unknown element are found, in every example', () => {
    for (const resource of clinicalExamples()) {
      for (const name of Object.keys(resource)) {
        if (name === 'resourceType') continue;
        const copy = { ...resource, [name]: { wrong: [] } } as Record<string, unknown>;
        expect(faults(copy).length, `${resource.resourceType}.${name}`).toBeGreaterThan(0);
      }
      expect(faults({ ...resource, surprise: 1 })).toContain(
        `validate.unknown-element ${resource.resourceType}.surprise`,
      );
    }
  });
});

const clinicalResources = EXAMPLE_FILES.filter(
  (file) =>
    !/^(StructureDefinition|ValueSet|CodeSystem|SearchParameter|ConceptMap|OperationDefinition|Bundle)-/.test(file),
)
  .filter((file) => FAULTY_EXAMPLES[file] === undefined)
  .map(example);

function clinicalExamples(): Resource[] {
  return clinicalResources;
}

const PATIENT = { resourceType: 'Patient' };
const OBSERVATION = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };

describe('structure', () => {
  it.each<[string, unknown, string]>([
    ['no object', [], 'validate.json-shape Resource'],
    ['no type', {}, 'validate.resource-type Resource.resourceType'],
    ['an unknown type', { resourceType: 'Patent' }, 'validate.resource-type Resource.resourceType'],
    ['an abstract type', { resourceType: 'DomainResource' }, 'validate.resource-type Resource.resourceType'],
    ['a single where a list belongs', { ...PATIENT, name: { text: 'x' } }, 'validate.json-shape Patient.name'],
    ['a list where a single belongs', { ...PATIENT, gender: ['male'] }, 'validate.json-shape Patient.gender'],
    ['an empty list', { ...PATIENT, name: [] }, 'validate.json-shape Patient.name'],
    ['an empty object', { ...PATIENT, maritalStatus: {} }, 'validate.ele-1 Patient.maritalStatus'],
    ['an object with an id alone', { ...PATIENT, maritalStatus: { id: 'a' } }, 'validate.ele-1 Patient.maritalStatus'],
    ['an empty string', { ...PATIENT, birthDate: '' }, 'validate.primitive Patient.birthDate'],
    ['an id with a blank', { ...PATIENT, id: 'a b' }, 'validate.primitive Patient.id'],
    ['null', { ...PATIENT, birthDate: null }, 'validate.primitive Patient.birthDate'],
    ['a day that does not exist', { ...PATIENT, birthDate: '2025-02-29' }, 'validate.primitive Patient.birthDate'],
    [
      'a date and time without offset',
      { ...OBSERVATION, effectiveDateTime: '2026-03-08T02:30:00' },
      'validate.primitive Observation.effective.ofType(dateTime)',
    ],
    [
      'two types of a choice',
      { ...PATIENT, deceasedBoolean: true, deceasedDateTime: '2026' },
      'validate.choice Patient',
    ],
    [
      'a type the choice does not have',
      { ...PATIENT, deceasedString: 'x' },
      'validate.unknown-element Patient.deceasedString',
    ],
    ['a sibling that says nothing', { ...PATIENT, _birthDate: {} }, 'validate.ele-1 Patient.birthDate'],
    [
      'siblings of another length',
      { ...PATIENT, name: [{ given: ['a'], _given: [null, { id: 'b' }] }] },
      'validate.json-shape Patient.name[0].given',
    ],
    [
      'an extension with value and extensions',
      { ...PATIENT, extension: [{ url: 'u', valueCode: 'x', extension: [{ url: 'v', valueCode: 'y' }] }] },
      'validate.ext-1 Patient.extension[0]',
    ],
    ['an extension with neither', { ...PATIENT, extension: [{ url: 'u' }] }, 'validate.ext-1 Patient.extension[0]'],
    ['Medplum’s own meta', { ...PATIENT, meta: { project: 'x' } }, 'validate.unknown-element Patient.meta.project'],
    [
      'a comparator in a SimpleQuantity',
      { ...OBSERVATION, referenceRange: [{ low: { value: 1, comparator: '<' } }] },
      'validate.sqty-1 Observation.referenceRange[0].low.comparator',
    ],
    [
      'a script in the narrative',
      {
        ...PATIENT,
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">a<script>b</script></div>' },
      },
      'validate.primitive Patient.text.div',
    ],
    [
      'a hidden script link',
      {
        ...PATIENT,
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"><a href="java&#115;cript:x">b</a></div>',
        },
      },
      'validate.primitive Patient.text.div',
    ],
    [
      'an event handler',
      {
        ...PATIENT,
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><b onclick="x">b</b></div>' },
      },
      'validate.primitive Patient.text.div',
    ],
  ])('%s is refused', (_, resource, expected) => {
    expect(faults(resource)).toContain(expected);
  });

  it.each<[string, unknown]>([
    [
      'a date of absent value with an extension',
      { ...PATIENT, _birthDate: { extension: [{ url: 'u', valueCode: 'unknown' }] } },
    ],
    [
      'a list with a gap filled by an extension',
      { ...PATIENT, name: [{ given: ['a', null], _given: [null, { extension: [{ url: 'u', valueCode: 'x' }] }] }] },
    ],
    ['a date and time with offset', { ...OBSERVATION, effectiveDateTime: '2026-03-08T02:30:00-05:00' }],
    ['a year alone as a birth date', { ...PATIENT, birthDate: '1980' }],
  ])('%s is accepted', (_, resource) => {
    expect(faults(resource)).toEqual([]);
  });
});

describe('bindings, references, invariants', () => {
  it('DetectedIssue.status is bound to observation-status: preliminary passes, mitigated does not', () => {
    const issue = (status: string) => ({ resourceType: 'DetectedIssue', status });
    expect(faults(issue('preliminary'))).toEqual([]);
    expect(faults(issue('mitigated'))).toEqual(['validate.binding DetectedIssue.status']);
  });

  it('an Appointment is based on a ServiceRequest only, and has no Group and no CareTeam taking part', () => {
    const appointment = {
      resourceType: 'Appointment',
      status: 'proposed',
      basedOn: [{ reference: 'Task/1' }],
      participant: [{ status: 'accepted', actor: { reference: 'Group/1' } }],
    };
    expect(faults(appointment)).toEqual([
      'validate.reference-target Appointment.basedOn[0]',
      'validate.reference-target Appointment.participant[0].actor',
    ]);
  });

  it('app-4 knows noshow, the code the value set has', () => {
    const appointment = {
      resourceType: 'Appointment',
      status: 'noshow',
      cancelationReason: { text: 'x' },
      start: '2026-03-08T10:00:00Z',
      end: '2026-03-08T11:00:00Z',
      participant: [{ status: 'accepted', actor: { reference: 'Patient/1' } }],
    };
    expect(faults(appointment)).toEqual([]);
    expect(faults({ ...appointment, status: 'booked' })).toEqual(['validate.app-4 Appointment']);
    expect(faults({ ...appointment, end: undefined })).toContain('validate.app-2 Appointment');
  });

  it.each<[string, unknown, string]>([
    [
      'a period that ends before it starts',
      { ...PATIENT, name: [{ period: { start: '2026-02', end: '2026-01-31' } }] },
      'validate.per-1 Patient.name[0].period',
    ],
    [
      'a reference to a contained resource that is not there',
      { ...PATIENT, managingOrganization: { reference: '#o' } },
      'validate.ref-1 Patient.managingOrganization.reference',
    ],
    [
      'a contained resource nobody refers to',
      { ...PATIENT, contained: [{ resourceType: 'Organization', id: 'o', name: 'x' }] },
      'validate.dom-3 Patient.contained[0]',
    ],
    [
      'a contact that says nothing',
      { ...PATIENT, contact: [{ gender: 'female' }] },
      'validate.pat-1 Patient.contact[0]',
    ],
    [
      'a value beside a reason why there is none',
      { ...OBSERVATION, valueString: 'x', dataAbsentReason: { text: 'y' } },
      'validate.obs-6 Observation',
    ],
    [
      'a nested questionnaire item without linkId',
      {
        resourceType: 'Questionnaire',
        status: 'draft',
        item: [{ linkId: '1', type: 'group', item: [{ type: 'string' }] }],
      },
      'validate.required Questionnaire.item[0].item[0].linkId',
    ],
    [
      'a group item without items',
      {
        resourceType: 'Questionnaire',
        status: 'draft',
        item: [{ linkId: '1', type: 'group', item: [{ linkId: '2', type: 'group' }] }],
      },
      'validate.que-1 Questionnaire.item[0].item[0]',
    ],
  ])('%s is refused', (_, resource, expected) => {
    expect(faults(resource)).toContain(expected);
  });

  it('dates of different precision that overlap do not contradict', () => {
    expect(faults({ ...PATIENT, name: [{ period: { start: '2026-01-31', end: '2026' } }] })).toEqual([]);
  });

  it('a urn reference takes its type from the Bundle entry', () => {
    const urn = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';
    const bundle = (type: string) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: urn, resource: { resourceType: type, name: type === 'Patient' ? [{ text: 'x' }] : 'x' } },
        { resource: { ...OBSERVATION, encounter: { reference: urn } } },
      ],
    });
    expect(faults(bundle('Patient'))).toEqual(['validate.reference-target Bundle.entry[1].resource.encounter']);
  });
});

describe('profiles', () => {
  const US_CORE_PATIENT = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient';
  const RACE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race';
  const race = (...inner: object[]) => ({ url: RACE, extension: inner });
  const white = { url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' } };
  const patient = {
    ...PATIENT,
    meta: { profile: [US_CORE_PATIENT] },
    identifier: [{ system: 'urn:oid:1.2.3', value: '1' }],
    name: [{ family: 'Test' }],
    gender: 'female',
    extension: [race(white, { url: 'text', valueString: 'White' })],
  };

  it('a US Core Patient that keeps the profile passes', () => {
    expect(faults(patient)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['no identifier', { identifier: undefined }, 'validate.profile-min Patient.identifier'],
    [
      'an identifier without system',
      { identifier: [{ value: '1' }] },
      'validate.profile-min Patient.identifier[0].system',
    ],
    ['race without text', { extension: [race(white)] }, 'validate.profile-min Patient.extension[0].extension'],
    [
      'race twice',
      { extension: [patient.extension[0], patient.extension[0]] },
      'validate.profile-max Patient.extension',
    ],
    [
      'a race that is no OMB category',
      {
        extension: [
          race({ url: 'ombCategory', valueCoding: { system: 'urn:x', code: 'y' } }, { url: 'text', valueString: 'x' }),
        ],
      },
      'validate.profile-binding Patient.extension[0].extension[0].value.ofType(Coding)',
    ],
  ])('a US Core Patient with %s does not', (_, change, expected) => {
    expect(faults({ ...patient, ...change })).toContain(expected);
  });

  it('a US Core problem needs a category that says so, and a person as its subject', () => {
    const condition = (category: object[], subject = 'Patient/1') => ({
      resourceType: 'Condition',
      meta: { profile: ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-condition-problems-health-concerns'] },
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
      },
      code: { text: 'x' },
      subject: { reference: subject },
      category,
    });
    const concern = {
      coding: [{ system: 'http://hl7.org/fhir/us/core/CodeSystem/condition-category', code: 'health-concern' }],
    };
    const other = {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-category', code: 'encounter-diagnosis' }],
    };
    expect(faults(condition([other, concern]))).toEqual([]);
    expect(faults(condition([other]))).toEqual(['validate.profile-min Condition.category']);
    expect(faults(condition([concern], 'Group/1'))).toEqual(['validate.reference-target Condition.subject']);
  });

  it('what is not claimed is not demanded, and a profile that is not held here is said to be unchecked', () => {
    expect(faults({ ...patient, meta: undefined, identifier: undefined })).toEqual([]);
    const issues = validate(R4, { ...PATIENT, meta: { profile: ['http://example.org/p'] } });
    expect(codes(issues)).toEqual(['validate.profile-unknown Patient.meta']);
    expect(isAcceptable(issues)).toBe(true);
  });

  it('a blood pressure without diastolic component misses a slice', () => {
    const component = (code: string) => ({
      code: { coding: [{ system: 'http://loinc.org', code }] },
      valueQuantity: { value: 100, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    });
    const pressure = {
      ...OBSERVATION,
      meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp'] },
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
      subject: { reference: 'Patient/1' },
      effectiveDateTime: '2026-03-08',
      component: [component('8480-6'), component('8462-4')],
    };
    expect(faults(pressure)).toEqual([]);
    expect(faults({ ...pressure, component: [component('8480-6')] })).toContain(
      'validate.profile-min Observation.component',
    );
    expect(faults({ ...pressure, effectiveDateTime: '2026' })).toContain(
      'validate.vs-1 Observation.effective.ofType(dateTime)',
    );
  });
});

describe('robustness', () => {
  it('never throws and never repeats a value, whatever the JSON', () => {
    const secret = 'Zq7SecretValue';
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(secret),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        tie('object'),
      ),
      object: fc.dictionary(
        fc.constantFrom(
          'id',
          'meta',
          'name',
          'contained',
          'extension',
          'url',
          'valueString',
          '_birthDate',
          'birthDate',
          'identifier',
          'link',
          'other',
          'reference',
          'text',
          'div',
          '__proto__',
          secret,
        ),
        tie('value'),
      ),
    })).object;
    fc.assert(
      fc.property(json, (content) => {
        const issues = validate(R4, { ...(content as object), resourceType: 'Patient' });
        const texts = JSON.stringify(issues.map((issue) => issue.diagnostics?.replace(/^\S+: /, '')));
        expect(texts).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  it('hostile narratives take no time that matters', () => {
    const narrative = (inner: string) => ({
      ...PATIENT,
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>` },
    });
    for (const piece of ['<!--', '<a ', '<b "', " '", '<b\t', '&', '<']) {
      expect(faults(narrative(piece.repeat(100_000)))).toBeDefined();
      expect(faults(narrative(`<b${piece.repeat(100_000)}>x</b>`))).toBeDefined();
    }
    expect(faults(narrative('a<!-- b --><i>c</i>'))).toEqual([]);
  });

  it('deep nesting is refused, not followed', () => {
    let extension: object = { url: 'u', valueCode: 'x' };
    for (let level = 0; level < 100_000; level++) extension = { url: 'u', extension: [extension] };
    expect(faults({ ...PATIENT, extension: [extension] })).toEqual(['validate.depth Patient']);
    expect(faults({ ...PATIENT, contained: [{ resourceType: 'Patient', extension: [extension] }] })).toEqual([
      'validate.depth Patient',
    ]);
  });
});
