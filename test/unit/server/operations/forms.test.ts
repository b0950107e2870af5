import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Ask, askAs } from '../support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../support/test-store.ts';

const sdc = (name: string) => `http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-${name}`;
const path = (expression: string, name?: string) => ({
  language: 'text/fhirpath',
  expression,
  ...(name ? { name } : {}),
});
const LOINC = 'http://loinc.org';
const PATIENT = 'http://hl7.org/fhir/StructureDefinition/Patient#';

const intake = {
  resourceType: 'Questionnaire',
  url: 'urn:test:intake',
  status: 'active',
  extension: [{ url: sdc('launchContext'), extension: [{ url: 'name', valueCoding: { code: 'patient' } }] }],
  item: [
    {
      linkId: 'name',
      type: 'string',
      extension: [{ url: sdc('initialExpression'), valueExpression: path('%patient.name.first().family') }],
    },
    {
      linkId: 'born',
      type: 'date',
      extension: [{ url: sdc('initialExpression'), valueExpression: path('%patient.birthDate') }],
    },
    {
      linkId: 'gender',
      type: 'choice',
      answerOption: ['male', 'female'].map((code) => ({
        valueCoding: { system: 'http://hl7.org/fhir/administrative-gender', code },
      })),
      extension: [{ url: sdc('initialExpression'), valueExpression: path('%patient.gender') }],
    },
    {
      linkId: 'meds',
      type: 'group',
      repeats: true,
      extension: [
        {
          url: sdc('itemPopulationContext'),
          valueExpression: {
            language: 'application/x-fhir-query',
            name: 'med',
            expression: 'MedicationStatement?subject=Patient/{{%patient.id}}&_sort=_lastUpdated',
          },
        },
      ],
      item: [
        {
          linkId: 'med',
          type: 'string',
          extension: [{ url: sdc('initialExpression'), valueExpression: path('%med.medication.text') }],
        },
      ],
    },
    {
      linkId: 'phq9',
      type: 'integer',
      code: [{ system: LOINC, code: '44261-6' }],
      extension: [
        {
          url: sdc('observationLinkPeriod'),
          valueDuration: { value: 3, code: 'mo', system: 'http://unitsofmeasure.org' },
        },
      ],
    },
    { linkId: 'agree', type: 'boolean', initial: [{ valueBoolean: false }] },
    { linkId: 'open', type: 'string' },
    {
      linkId: 'broken',
      type: 'string',
      extension: [{ url: sdc('initialExpression'), valueExpression: path('%nothing.here(') }],
    },
  ],
};

const partOf = ({ body }: Answer, name: string) =>
  body.parameter?.find((each: { name: string }) => each.name === name)?.resource;

describe.each(ENGINES)('forms on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let other: Ask;
  let patient: string;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    other = askAs(hub.fhir, client('org-b'));
    const made = await ask('POST Patient', {
      resourceType: 'Patient',
      name: [{ family: 'Testwell', given: ['Ada'] }],
      birthDate: '1980-02-03',
      gender: 'female',
    });
    patient = made.body.id;
    const subject = { reference: `Patient/${patient}` };
    for (const text of ['Sertraline', 'Lithium']) {
      hub.clock.ms += 1000;
      const stated = await ask('POST MedicationStatement', {
        resourceType: 'MedicationStatement',
        status: 'active',
        medicationCodeableConcept: { text },
        subject,
      });
      expect(stated.status, JSON.stringify(stated.body)).toBe(201);
    }
    for (const [date, value] of [
      ['2025-01-01', 20],
      ['2026-02-01', 14],
      ['2026-02-20', 11],
    ] as const) {
      await ask('POST Observation', {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: LOINC, code: '44261-6' }] },
        subject,
        effectiveDateTime: date,
        valueInteger: value,
      });
    }
  });
  afterAll(() => hub?.close());

  it('$populate answers what the record says and leaves open what it does not', async () => {
    const made = await ask('POST Questionnaire', intake);
    const answer = await ask(`GET Questionnaire/${made.body.id}/$populate?subject=Patient/${patient}`);
    expect(answer.status).toBe(200);
    expect(partOf(answer, 'response')).toMatchObject({
      resourceType: 'QuestionnaireResponse',
      questionnaire: 'urn:test:intake',
      status: 'in-progress',
      subject: { reference: `Patient/${patient}` },
      item: [
        { linkId: 'name', answer: [{ valueString: 'Testwell' }] },
        { linkId: 'born', answer: [{ valueDate: '1980-02-03' }] },
        {
          linkId: 'gender',
          answer: [{ valueCoding: { code: 'female', system: 'http://hl7.org/fhir/administrative-gender' } }],
        },
        { linkId: 'meds', item: [{ linkId: 'med', answer: [{ valueString: 'Sertraline' }] }] },
        { linkId: 'meds', item: [{ linkId: 'med', answer: [{ valueString: 'Lithium' }] }] },
        { linkId: 'phq9', answer: [{ valueInteger: 11 }] },
        { linkId: 'agree', answer: [{ valueBoolean: false }] },
      ],
    });
    expect(partOf(answer, 'issues').issue).toEqual([
      expect.objectContaining({ severity: 'warning', expression: ["Questionnaire.item.where(linkId='broken')"] }),
    ]);
  });

  it('$populate reads as the caller: another organization gets nothing of the patient', async () => {
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'canonical', valueUri: 'urn:test:intake' },
        { name: 'subject', valueReference: { reference: `Patient/${patient}` } },
      ],
    };
    expect((await ask('POST Questionnaire/$populate', body)).status).toBe(200);
    expect((await other('POST Questionnaire/$populate', body)).status).toBe(404);
    const narrow = askAs(hub.fhir, client('org-a', ['system/Questionnaire.rs', 'system/Patient.rs']));
    expect((await narrow('POST Questionnaire/$populate', body)).status).toBe(403);
  });

  it('$extract gives one Observation per marked answer, and the Bundle can be posted as it is', async () => {
    const questionnaire = {
      resourceType: 'Questionnaire',
      url: 'urn:test:scores',
      status: 'active',
      extension: [{ url: sdc('observationExtract'), valueBoolean: true }],
      item: [
        { linkId: 'total', type: 'integer', code: [{ system: LOINC, code: '44261-6' }] },
        { linkId: 'mood', type: 'choice', code: [{ system: 'urn:local', code: 'mood' }] },
        { linkId: 'note', type: 'string', extension: [{ url: sdc('observationExtract'), valueBoolean: false }] },
        { linkId: 'uncoded', type: 'string' },
      ],
    };
    await ask('POST Questionnaire', questionnaire);
    const response = await ask('POST QuestionnaireResponse', {
      resourceType: 'QuestionnaireResponse',
      questionnaire: 'urn:test:scores',
      status: 'completed',
      subject: { reference: `Patient/${patient}` },
      authored: '2026-03-01T09:00:00Z',
      item: [
        { linkId: 'total', answer: [{ valueInteger: 9 }] },
        { linkId: 'mood', answer: [{ valueCoding: { system: 'urn:local', code: 'low' } }] },
        { linkId: 'note', answer: [{ valueString: 'private' }] },
        { linkId: 'uncoded', answer: [{ valueString: 'x' }] },
      ],
    });
    const answer = await ask(`POST QuestionnaireResponse/${response.body.id}/$extract`);
    const bundle = partOf(answer, 'return');
    expect(bundle.type).toBe('transaction');
    expect(bundle.entry).toHaveLength(2);
    expect(bundle.entry[0]).toMatchObject({
      request: { method: 'POST', url: 'Observation' },
      resource: {
        status: 'final',
        valueInteger: 9,
        effectiveDateTime: '2026-03-01T09:00:00Z',
        derivedFrom: [{ reference: `QuestionnaireResponse/${response.body.id}` }],
      },
    });
    expect(bundle.entry[1].resource.valueCodeableConcept.coding[0].code).toBe('low');
    expect(JSON.stringify(answer.body)).not.toContain('private');
    expect(partOf(answer, 'issues').issue[0].expression[0]).toContain('uncoded');
    const posted = await ask('POST ', bundle);
    expect(posted.body.entry.map((each: { response: { status: string } }) => each.response.status.slice(0, 3))).toEqual(
      ['201', '201'],
    );
  });

  it('$extract by definitions makes resources, opens an entry per repeated group, and updates what its query finds', async () => {
    const name = { linkId: 'family', type: 'string', definition: `${PATIENT}Patient.name.family` };
    const contact = {
      linkId: 'contact',
      type: 'group',
      repeats: true,
      definition: `${PATIENT}Patient.telecom`,
      item: [
        { linkId: 'system', type: 'choice', definition: `${PATIENT}Patient.telecom.system` },
        { linkId: 'value', type: 'string', definition: `${PATIENT}Patient.telecom.value` },
      ],
    };
    const questionnaire = (extension: object[]) => ({
      resourceType: 'Questionnaire',
      status: 'active',
      item: [
        {
          linkId: 'p',
          type: 'group',
          extension,
          item: [
            name,
            contact,
            { linkId: 'dead', type: 'boolean', definition: `${PATIENT}Patient.deceased[x]` },
            { linkId: 'race', type: 'string', definition: `${PATIENT}Patient.extension:race` },
          ],
        },
      ],
    });
    const telecom = (system: string, value: string) => ({
      linkId: 'contact',
      item: [
        { linkId: 'system', answer: [{ valueCoding: { code: system } }] },
        { linkId: 'value', answer: [{ valueString: value }] },
      ],
    });
    const response = {
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      subject: { reference: `Patient/${patient}` },
      item: [
        {
          linkId: 'p',
          item: [
            { linkId: 'family', answer: [{ valueString: 'Newname' }] },
            telecom('phone', '555 0100'),
            telecom('email', 'a@test.example'),
            { linkId: 'dead', answer: [{ valueBoolean: false }] },
            { linkId: 'race', answer: [{ valueString: 'x' }] },
          ],
        },
      ],
    };
    const run = (extension: object[]) =>
      ask('POST QuestionnaireResponse/$extract', {
        resourceType: 'Parameters',
        parameter: [
          { name: 'questionnaire-response', resource: response },
          { name: 'questionnaire', resource: questionnaire(extension) },
        ],
      });
    const made = await run([{ url: sdc('itemExtractionContext'), valueCode: 'Patient' }]);
    expect(partOf(made, 'return').entry[0]).toMatchObject({
      request: { method: 'POST', url: 'Patient' },
      resource: {
        name: [{ family: 'Newname' }],
        telecom: [
          { system: 'phone', value: '555 0100' },
          { system: 'email', value: 'a@test.example' },
        ],
        deceasedBoolean: false,
      },
    });
    expect(partOf(made, 'issues').issue[0].expression[0]).toContain('race');
    const changed = await run([
      {
        url: sdc('itemExtractionContext'),
        valueExpression: {
          language: 'application/x-fhir-query',
          expression: 'Patient?_id={{%resource.subject.reference.replace("Patient/", "")}}'.replaceAll('"', "'"),
        },
      },
    ]);
    expect(partOf(changed, 'return').entry[0]).toMatchObject({
      request: { method: 'PUT', url: `Patient/${patient}`, ifMatch: 'W/"1"' },
      resource: { id: patient, birthDate: '1980-02-03', name: [{ family: 'Newname', given: ['Ada'] }] },
    });
  });

  it('an expression that would never end is ended, and prints nothing of the patient', async () => {
    const printed: unknown[] = [];
    const { log } = console;
    console.log = (...each) => printed.push(each);
    const form = (expression: string) => ({
      resourceType: 'Parameters',
      parameter: [
        { name: 'subject', valueReference: { reference: `Patient/${patient}` } },
        {
          name: 'questionnaire',
          resource: {
            resourceType: 'Questionnaire',
            status: 'active',
            item: [
              {
                linkId: 'a',
                type: 'string',
                extension: [{ url: sdc('initialExpression'), valueExpression: path(expression) }],
              },
              { linkId: 'b', type: 'string', initial: [{ valueString: 'still' }] },
            ],
          },
        },
      ],
    });
    const slow = await ask('POST Questionnaire/$populate', form(`'${'a'.repeat(40)}b'.matches('^(a+)+$')`));
    const traced = await ask('POST Questionnaire/$populate', form("%patient.name.family.trace('x')"));
    console.log = log;
    expect(slow.status).toBe(200);
    expect(partOf(slow, 'response').item).toEqual([{ linkId: 'b', answer: [{ valueString: 'still' }] }]);
    expect(partOf(slow, 'issues').issue).toHaveLength(1);
    expect(partOf(traced, 'response').item[0].answer).toEqual([{ valueString: 'Testwell' }]);
    expect(printed).toEqual([]);
  });

  it.each([
    ['Questionnaire/$populate', { resourceType: 'Parameters', parameter: [{ name: 'context', part: 'x' }] }],
    ['Questionnaire/$populate', { resourceType: 'Questionnaire', status: 'active', item: { linkId: 'x' } }],
    [
      'QuestionnaireResponse/$extract',
      { resourceType: 'QuestionnaireResponse', status: 'completed', item: [{ answer: 1 }] },
    ],
    ['Patient/$match', { resourceType: 'Parameters', parameter: [{ resource: null }] }],
    ['ValueSet/$expand', { resourceType: 'ValueSet', status: 'active', compose: { include: 'x' } }],
    ['ConceptMap/$translate', { resourceType: 'Parameters', parameter: { name: 'code' } }],
  ])('%s refuses a body that is not of the shape R4 gives', async (address, body) => {
    expect((await ask(`POST ${address}`, body)).status).toBe(422);
  });

  it('what is not finished is not extracted, and an unknown questionnaire is said so', async () => {
    const response = { resourceType: 'QuestionnaireResponse', status: 'in-progress', questionnaire: 'urn:test:none' };
    expect((await ask('POST QuestionnaireResponse/$extract', response)).status).toBe(422);
    expect((await ask('POST QuestionnaireResponse/$extract', { ...response, status: 'completed' })).status).toBe(422);
  });
});
