import type { BundleEntry, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import { transaction } from '../../fhir/bundle.ts';
import { isAcceptable, issue } from '../../fhir/outcome.ts';
import type { Context } from '../context.ts';
import type { FhirResource } from '../engine.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { definitionEntries } from './extract-definitions.ts';
import { observationsOf } from './extract-observations.ts';
import { instanceOf } from './instance.ts';
import { disclosed, executed, type Operation, type Target } from './operation.ts';
import { askedOf } from './parameters.ts';
import { FormWork, formResponse } from './sdc.ts';

export const EXTRACT_OPERATIONS: readonly Operation[] = [
  {
    name: 'extract',
    definition: 'http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract',
    types: ['QuestionnaireResponse'],
    levels: ['type', 'instance'],
    parameters: ['questionnaire-response', 'questionnaire'],
    get: true,
    run: extract,
  },
];

const FINISHED: readonly string[] = ['completed', 'amended'];

/**
 * QuestionnaireResponse/$extract: the transaction Bundle a finished response stands for, by marked Observations and by
 * definitions. Nothing is stored: the caller posts the Bundle. A resource that would not be valid is an issue and not in it.
 * Rule: SDC 4.0.0 extraction.html.
 */
async function extract(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  context.scopes.require('QuestionnaireResponse', 'r');
  const asked = askedOf(context, request, 'questionnaire-response');
  const work = new FormWork(context);
  const response =
    target.id === undefined
      ? (asked.resource('questionnaire-response') as unknown as QuestionnaireResponse | undefined)
      : await instanceOf<QuestionnaireResponse>(context, target);
  if (response?.resourceType !== 'QuestionnaireResponse')
    throw refuse(400, 'required', '$extract needs a QuestionnaireResponse');
  if (!FINISHED.includes(response.status))
    throw refuse(422, 'business-rule', 'only a completed response is extracted', 'QuestionnaireResponse.status');
  const given = asked.resource('questionnaire') as unknown as Questionnaire | undefined;
  const questionnaire =
    given ?? (response.questionnaire ? await work.questionnaire(response.questionnaire) : undefined);
  if (questionnaire?.resourceType !== 'Questionnaire')
    throw refuse(
      422,
      'not-found',
      'the questionnaire of the response is not held here',
      'QuestionnaireResponse.questionnaire',
    );
  const entries = [
    ...observationsOf(work, questionnaire, response).map(
      (resource): BundleEntry => ({
        fullUrl: `urn:uuid:${context.engine.newId()}`,
        resource,
        request: { method: 'POST', url: 'Observation' },
      }),
    ),
    ...(await definitionEntries(work, questionnaire, response)),
  ];
  const bundle = transaction(entries.filter((entry) => isValid(work, entry)));
  const subject = response.id === undefined ? {} : { target: `QuestionnaireResponse/${response.id}` };
  const access = { name: 'extract', type: 'QuestionnaireResponse', ...subject };
  const audit = disclosed(context, work.read, 'extract');
  return executed(context, { ...formResponse('return', bundle, work.issues, false), audit }, access);
}

function isValid(work: FormWork, { resource }: BundleEntry): boolean {
  const issues = work.context.engine.validate(resource as unknown as FhirResource);
  if (isAcceptable(issues)) return true;
  for (const each of issues.filter(({ severity }) => severity === 'error' || severity === 'fatal')) {
    work.issues.push(
      issue({
        code: 'processing',
        text: 'an extracted resource would not be valid and was left out',
        expression: each.expression ?? [resource!.resourceType],
      }),
    );
  }
  return false;
}
