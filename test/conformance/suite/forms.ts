import assert from 'node:assert/strict';
import { type Check, identified, made, parameterOf, type Reply } from './api.ts';

const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-';
const LOINC = 'http://loinc.org';
const WEIGHT = [{ system: LOINC, code: '29463-7' }];
const expression = (name: string, text: string) => ({
  url: `${SDC}${name}`,
  valueExpression: { language: 'text/fhirpath', expression: text },
});

/** Forms. Source: SDC implementation guide, population and extraction. */
export const FORMS: readonly Check[] = [
  {
    name: 'Questionnaire/$populate fills in what the patient record says',
    open: 'of SDC, not of R4',
    run: async (api) => {
      const patient = await made(
        api,
        identified(api, 'populate', { name: [{ family: 'Form' }], birthDate: '1980-02-03' }),
      );
      const launch = [{ url: 'name', valueCoding: { code: 'patient' } }];
      const questionnaire = await made(api, {
        resourceType: 'Questionnaire',
        url: `urn:conformance:${api.run}:populate`,
        status: 'active',
        extension: [{ url: `${SDC}launchContext`, extension: launch }],
        item: [
          {
            linkId: 'name',
            type: 'string',
            extension: [expression('initialExpression', '%patient.name.first().family')],
          },
          { linkId: 'born', type: 'date', extension: [expression('initialExpression', '%patient.birthDate')] },
          { linkId: 'open', type: 'string' },
        ],
      });
      const reply = await api.ask(`GET Questionnaire/${questionnaire.id}/$populate?subject=Patient/${patient.id}`);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      const response = (
        reply.body.resourceType === 'Parameters' ? parameterOf(reply, 'response') : reply.body
      ) as Filled;
      const answers = Object.fromEntries((response.item ?? []).map(({ linkId, answer }) => [linkId, answer?.[0]]));
      assert.deepEqual([answers.name, answers.born], [{ valueString: 'Form' }, { valueDate: '1980-02-03' }]);
      assert.equal(answers.open, undefined);
    },
  },
  {
    name: 'QuestionnaireResponse/$extract: Observations of marked items, resources of definitions',
    open: 'of SDC, not of R4',
    run: async (api) => {
      const patient = await made(api, identified(api, 'extract'));
      const extract = (items: readonly object[], more: object, answers: readonly object[]) =>
        extracted(api.ask, `urn:conformance:${api.run}:${items.length}`, items, more, answers, patient.id);
      const observed = await extract(
        [
          {
            linkId: 'w',
            type: 'decimal',
            code: WEIGHT,
            extension: [{ url: `${SDC}observationExtract`, valueBoolean: true }],
          },
        ],
        {},
        [{ linkId: 'w', answer: [{ valueDecimal: 71 }] }],
      );
      assert.ok(
        observed.includes('"Observation"') && observed.includes('29463-7') && observed.includes('71'),
        observed,
      );
      const defined = await extract(
        [
          {
            linkId: 'p',
            type: 'group',
            extension: [{ url: `${SDC}itemExtractionContext`, valueCode: 'Patient' }],
            item: [
              {
                linkId: 'g',
                type: 'date',
                definition: 'http://hl7.org/fhir/StructureDefinition/Patient#Patient.birthDate',
              },
            ],
          },
          { linkId: 'x', type: 'string' },
        ],
        {},
        [{ linkId: 'p', item: [{ linkId: 'g', answer: [{ valueDate: '1999-01-02' }] }] }],
      );
      assert.ok(defined.includes('"Patient"') && defined.includes('1999-01-02'), defined);
    },
  },
];

interface Filled {
  readonly item?: readonly { readonly linkId: string; readonly answer?: readonly object[] }[];
}

/** What `$extract` makes of one completed response, as text. */
async function extracted(
  ask: (request: string, body?: unknown) => Promise<Reply>,
  url: string,
  item: readonly object[],
  more: object,
  answers: readonly object[],
  patient: string,
): Promise<string> {
  const questionnaire = await ask('POST Questionnaire', {
    resourceType: 'Questionnaire',
    url,
    status: 'active',
    item,
    ...more,
  });
  assert.equal(questionnaire.status, 201, JSON.stringify(questionnaire.body));
  const response = await ask('POST QuestionnaireResponse', {
    resourceType: 'QuestionnaireResponse',
    questionnaire: url,
    status: 'completed',
    subject: { reference: `Patient/${patient}` },
    authored: '2026-03-01T10:00:00Z',
    item: answers,
  });
  assert.equal(response.status, 201, JSON.stringify(response.body));
  const reply = await ask(`POST QuestionnaireResponse/${response.body.id}/$extract`);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return JSON.stringify(reply.body);
}
