import type {
  Observation,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
  Resource,
} from '@medplum/fhirtypes';
import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { answerOf, answerValue } from './form-answer.ts';
import { instanceOf } from './instance.ts';
import { disclosed, executed, type Operation, type Target } from './operation.ts';
import { type Asked, askedOf } from './parameters.ts';
import { type Extended, extensionsOf, FormWork, formResponse, sdc, VARIABLE, type Variables } from './sdc.ts';

const ITEMS_MAX = 2000;
const REPEATS_MAX = 200;
const DURATION_MS: Readonly<Record<string, number>> = {
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  wk: 7 * 86_400_000,
  mo: 31 * 86_400_000,
  a: 366 * 86_400_000,
};

export const POPULATE_OPERATIONS: readonly Operation[] = [
  {
    name: 'populate',
    definition: 'http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate',
    types: ['Questionnaire'],
    levels: ['type', 'instance'],
    parameters: ['questionnaire', 'questionnaireRef', 'canonical', 'subject', 'context'],
    get: true,
    run: populate,
  },
];

/**
 * Questionnaire/$populate: a response in progress with what the record already says, by initialExpression, item population
 * context, linked Observations and fixed initial values. It answers nothing for the patient: what is not known stays open,
 * and what could not be computed is an issue. Nothing is stored. Rule: SDC 4.0.0 populate.html.
 */
async function populate(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  context.scopes.require('Questionnaire', 'r');
  const asked = askedOf(context, request, 'questionnaire');
  const work = new FormWork(context);
  const questionnaire = await questionnaireOf(work, asked, target);
  const subject = asked.reference('subject');
  if (subject === undefined) throw refuse(400, 'required', '$populate needs a subject', 'Parameters.parameter');
  const patient = await work.fetch(subject);
  if (!patient) throw refuse(404, 'not-found', 'the subject is not here');
  const populator = new Populator(work, subject);
  const variables = await launch(work, asked, questionnaire, patient);
  const item = await populator.items(
    questionnaire.item ?? [],
    await populator.withVariables(questionnaire, variables, undefined),
  );
  const { url, version } = questionnaire;
  const response: QuestionnaireResponse = {
    resourceType: 'QuestionnaireResponse',
    ...(url === undefined
      ? questionnaire.id === undefined
        ? {}
        : { questionnaire: `${context.base}/Questionnaire/${questionnaire.id}` }
      : { questionnaire: version === undefined ? url : `${url}|${version}` }),
    status: 'in-progress',
    subject: { reference: subject },
    authored: new Date(context.at).toISOString(),
    ...(item.length > 0 ? { item } : {}),
  };
  const person = patient.resourceType === 'Patient' ? { person: patient.id! } : {};
  const access = { name: 'populate', type: 'Questionnaire', target: subject, ...person };
  const audit = disclosed(context, work.read, 'populate');
  return executed(context, { ...formResponse('response', response, work.issues, true), audit }, access);
}

async function questionnaireOf(work: FormWork, asked: Asked, target: Target): Promise<Questionnaire> {
  if (target.id !== undefined) return instanceOf<Questionnaire>(work.context, target);
  const given = asked.resource('questionnaire') as unknown as Questionnaire | undefined;
  if (given) {
    if (given.resourceType !== 'Questionnaire') throw refuse(400, 'structure', 'the parameter is no Questionnaire');
    return given;
  }
  const named = asked.reference('questionnaireRef') ?? asked.text('canonical') ?? asked.text('questionnaire');
  if (named === undefined) throw refuse(400, 'required', '$populate needs a questionnaire');
  const found = await work.questionnaire(named);
  if (!found) throw refuse(404, 'not-found', 'no such questionnaire is held here');
  return found;
}

/** Launch contexts: `patient` is the subject, `user` who asks; others as the call gives them. */
async function launch(
  work: FormWork,
  asked: Asked,
  questionnaire: Questionnaire,
  patient: Resource,
): Promise<Variables> {
  const variables: Record<string, unknown> = { patient, subject: patient, questionnaire, resource: {} };
  const { practitioner } = work.context.actor;
  if (practitioner !== undefined && work.context.scopes.permission('Practitioner', 'r') !== 'none')
    variables.user = (await work.fetch(`Practitioner/${practitioner}`)) ?? {};
  for (const { part = [] } of asked.parts('context')) {
    const name = part.find((each) => each.name === 'name')?.valueString;
    const content = part.find((each) => each.name === 'content');
    if (name === undefined || !/^[A-Za-z]\w{0,63}$/.test(name) || content === undefined) continue;
    const { valueReference, resource } = content;
    const value = resource ?? (valueReference?.reference ? await work.fetch(valueReference.reference) : undefined);
    if (value) variables[name] = value;
  }
  return variables;
}

class Populator {
  readonly #work: FormWork;
  readonly #subject: string;
  #count = 0;

  constructor(work: FormWork, subject: string) {
    this.#work = work;
    this.#subject = subject;
  }

  async withVariables(of: Extended, variables: Variables, linkId: string | undefined): Promise<Variables> {
    let result = variables;
    for (const { valueExpression } of extensionsOf(of, VARIABLE)) {
      if (!valueExpression?.name) continue;
      const values = await this.#work.evaluate(valueExpression, result, linkId);
      result = { ...result, [valueExpression.name]: values.length === 1 ? values[0] : values };
    }
    return result;
  }

  async items(items: readonly QuestionnaireItem[], variables: Variables): Promise<QuestionnaireResponseItem[]> {
    const found: QuestionnaireResponseItem[] = [];
    for (const item of items) {
      if (++this.#count > ITEMS_MAX) throw refuse(422, 'too-costly', 'the form has too many items');
      found.push(...(await this.#item(item, await this.withVariables(item, variables, item.linkId))));
    }
    return found;
  }

  /** One entry; for a repeating group one for each of its population contexts. */
  async #item(item: QuestionnaireItem, variables: Variables): Promise<QuestionnaireResponseItem[]> {
    const [of] = extensionsOf(item, sdc('itemPopulationContext'));
    if (item.type !== 'group' || !of?.valueExpression) return this.#one(item, variables);
    const { name = 'context' } = of.valueExpression;
    const contexts = await this.#work.evaluate(of.valueExpression, variables, item.linkId);
    const resources = contexts.flatMap((each) => bundled(each));
    const found: QuestionnaireResponseItem[] = [];
    for (const each of item.repeats ? resources.slice(0, REPEATS_MAX) : resources.slice(0, 1)) {
      found.push(...(await this.#one(item, { ...variables, [name]: each, context: each })));
    }
    return found;
  }

  async #one(item: QuestionnaireItem, variables: Variables): Promise<QuestionnaireResponseItem[]> {
    if (item.type === 'display') return [];
    const answers = item.type === 'group' ? [] : await this.#answers(item, variables);
    const children = await this.items(item.item ?? [], variables);
    if (answers.length === 0 && children.length === 0) return [];
    const head = { linkId: item.linkId, ...(item.text === undefined ? {} : { text: item.text }) };
    if (item.type === 'group') return [{ ...head, item: children }];
    // Questions below a question hang on its answer; without one they have no place.
    const [first, ...more] = answers;
    if (!first) return [];
    return [{ ...head, answer: [children.length > 0 ? { ...first, item: children } : first, ...more] }];
  }

  async #answers(item: QuestionnaireItem, variables: Variables): Promise<QuestionnaireResponseItemAnswer[]> {
    const values = await this.#values(item, variables);
    const answers = values.flatMap((value) => {
      const answer = answerOf(item, value);
      if (!answer) this.#work.note('a value does not fit the question and was left out', item.linkId);
      return answer ?? [];
    });
    return item.repeats ? answers.slice(0, REPEATS_MAX) : answers.slice(0, 1);
  }

  async #values(item: QuestionnaireItem, variables: Variables): Promise<unknown[]> {
    const [initial] = extensionsOf(item, sdc('initialExpression'));
    if (initial?.valueExpression)
      return this.#work.evaluate(initial.valueExpression, { ...variables, qitem: item }, item.linkId);
    const [link] = extensionsOf(item, sdc('observationLinkPeriod'));
    if (link && (item.code ?? []).length > 0) return this.#observed(item, link.valueDuration);
    return (item.initial ?? []).flatMap((each) => answerValue(each)?.value ?? []);
  }

  /** The latest final Observation of the item's codes within the period. Rule: SDC 4.0.0 populate.html#observation-based-population. */
  async #observed(
    item: QuestionnaireItem,
    period: { value?: number; code?: string; unit?: string } | undefined,
  ): Promise<unknown[]> {
    const unit = DURATION_MS[period?.code ?? period?.unit ?? ''];
    if (period?.value === undefined || unit === undefined) {
      this.#work.note('the observation period cannot be read', item.linkId);
      return [];
    }
    const since = new Date(this.#work.context.at - period.value * unit).toISOString();
    const codes = item.code!.map(({ system = '', code = '' }) => `${system}|${code}`.replace(/[\\,$]/g, '\\$&'));
    const query = new URLSearchParams([
      ['subject', this.#subject],
      ['code', codes.join(',')],
      ['status', 'final,amended,corrected'],
      ['date', `ge${since}`],
      ['_sort', '-date'],
      ['_count', '1'],
    ]);
    const { entry } = await this.#work.query(`Observation?${query}`, {});
    const observation = entry[0]?.resource as Observation | undefined;
    const value = Object.entries(observation ?? {}).find(([name]) => /^value[A-Z]/.test(name))?.[1];
    return value === undefined ? [] : [value];
  }
}

/** A searchset stands for the resources in it. */
function bundled(value: unknown): unknown[] {
  const { resourceType, entry = [] } = value as { resourceType?: string; entry?: { resource?: unknown }[] };
  return resourceType === 'Bundle' ? entry.flatMap(({ resource }) => resource ?? []) : [value];
}
