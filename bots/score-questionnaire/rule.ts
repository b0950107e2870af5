import type {
  CodeableConcept,
  Extension,
  Observation,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
  Reference,
} from '@medplum/fhirtypes';
import { derived, keyOf, referenceTo } from '../derived.ts';
import { INSTRUMENTS, type Instrument, LOINC } from './instruments.ts';

const ORDINAL_VALUE = 'http://hl7.org/fhir/StructureDefinition/ordinalValue';
const SURVEY: CodeableConcept = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }],
};

/** The instrument a response answers, by the canonical it names or by the panel code of its Questionnaire. */
export function instrumentOf(
  response: QuestionnaireResponse,
  questionnaire: Questionnaire | undefined,
): Instrument | undefined {
  const named = [response.questionnaire?.split('|')[0], questionnaire?.url];
  const panels = (questionnaire?.code ?? []).flatMap((each) => (each.system === LOINC ? (each.code ?? []) : []));
  return INSTRUMENTS.find(
    ({ urls, panel }) => named.some((url) => url !== undefined && urls.includes(url)) || panels.includes(panel),
  );
}

export interface Scored {
  /** LOINC item code → score, of the items that are answered without doubt. */
  readonly items: ReadonlyMap<string, number>;
  /** LOINC codes of the items that are not. */
  readonly missing: readonly string[];
  /** Absent when an item is missing: never 0, never prorated. */
  readonly total?: number;
}

/**
 * The scores of a response. An item that is unanswered, answered twice differently, out of range, or whose code and ordinal value
 * disagree is missing. Items are found by linkId (`44250-9`, `/44250-9`) or by the code the Questionnaire gives them. Rule: DOMAIN B5.
 */
export function score(
  instrument: Instrument,
  response: QuestionnaireResponse,
  questionnaire: Questionnaire | undefined,
): Scored {
  const defined = definitionsOf(questionnaire?.item);
  const answered = new Map<string, Set<number | undefined>>();
  for (const item of flat(response.item)) {
    const definition = defined.get(item.linkId);
    const code = [definition?.code?.find((each) => each.system === LOINC)?.code, item.linkId.replace(/^\//, '')].find(
      (each) => each !== undefined && Object.hasOwn(instrument.items, each),
    );
    if (code === undefined) continue;
    const values = answered.get(code) ?? new Set();
    for (const answer of item.answer ?? []) values.add(scoreOf(answer, instrument.items[code]!, definition));
    answered.set(code, values);
  }
  const items = new Map<string, number>();
  for (const code of Object.keys(instrument.items)) {
    const values = [...(answered.get(code) ?? [])];
    if (values.length === 1 && values[0] !== undefined) items.set(code, values[0]);
  }
  const missing = Object.keys(instrument.items).filter((code) => !items.has(code));
  const total = [...items.values()].reduce((sum, each) => sum + each, 0);
  return { items, missing, ...(missing.length > 0 ? {} : { total }) };
}

const flat = (items: readonly QuestionnaireResponseItem[] | undefined): QuestionnaireResponseItem[] =>
  (items ?? []).flatMap((item) => [item, ...flat(item.item)]);

function definitionsOf(items: readonly QuestionnaireItem[] | undefined): Map<string, QuestionnaireItem> {
  return new Map((items ?? []).flatMap((item) => [[item.linkId, item] as const, ...definitionsOf(item.item)]));
}

/** The score of one answer; undefined when its sources disagree or it is no score of this item. */
function scoreOf(
  answer: QuestionnaireResponseItemAnswer,
  answers: Readonly<Record<string, number>>,
  definition: QuestionnaireItem | undefined,
): number | undefined {
  const { valueCoding: coding } = answer;
  const option = definition?.answerOption?.find(
    ({ valueCoding }) =>
      coding?.code !== undefined && valueCoding?.code === coding.code && valueCoding.system === coding.system,
  );
  const said = [
    coding?.system === LOINC && coding.code !== undefined && Object.hasOwn(answers, coding.code)
      ? answers[coding.code]
      : undefined,
    ordinal(coding?.extension),
    ordinal(answer.extension),
    ordinal(option?.valueCoding?.extension),
    ordinal(option?.extension),
    answer.valueInteger,
    answer.valueDecimal,
  ].filter((each) => each !== undefined);
  const [value] = said;
  const agreed = said.every((each) => each === value);
  return agreed && Object.values(answers).includes(value as number) ? value : undefined;
}

const ordinal = (extensions: readonly Extension[] | undefined): number | undefined =>
  extensions?.find((each) => each.url === ORDINAL_VALUE)?.valueDecimal;

export interface ScoreFacts {
  readonly response: QuestionnaireResponse & { readonly id: string };
  readonly questionnaire?: Questionnaire | undefined;
  /** Administrative gender of the patient. */
  readonly sex?: string | undefined;
  /** Observations written for this response before. */
  readonly standing: readonly Observation[];
}

/** One Observation to write. */
export interface Decided {
  readonly observation: Observation;
  readonly standing: Observation | undefined;
}

export const scoreKey = (response: string, code: string): string => `score/${response}/${code}`;

/**
 * Items that stand for themselves (PHQ-9 item 9), whatever the total and whatever is missing. One that was scored before and is no
 * longer is entered in error. Rule: DOMAIN B5, H14, H20.
 */
export function decideItems(facts: ScoreFacts): Decided[] {
  const instrument = instrumentOf(facts.response, facts.questionnaire);
  if (instrument === undefined) return [];
  const { items } = score(instrument, facts.response, facts.questionnaire);
  return Object.entries(instrument.separate).flatMap(([code, display]) => {
    const value = items.get(code);
    const words = value === undefined ? undefined : value >= 1 ? 'positive: follow-up suicide assessment' : 'negative';
    return observed(facts, { code, display, value, words, flag: value === undefined ? undefined : value >= 1 });
  });
}

/** The total with its words of severity; absent when an item is missing or the response does not stand. Rule: R40, DOMAIN B5, H20. */
export function decideTotal(facts: ScoreFacts, members: readonly Reference<Observation>[]): Decided[] {
  const instrument = instrumentOf(facts.response, facts.questionnaire);
  if (instrument === undefined) return [];
  const [code, display] = instrument.total;
  const value = score(instrument, facts.response, facts.questionnaire).total;
  const words = value === undefined ? undefined : instrument.severity(value, facts.sex);
  return observed(facts, { code, display, value, words, members });
}

interface Finding {
  readonly code: string;
  readonly display: string;
  readonly value: number | undefined;
  readonly words: string | undefined;
  /** Positive or negative as a coded interpretation; absent: words only. */
  readonly flag?: boolean | undefined;
  readonly members?: readonly Reference<Observation>[];
}

function observed(facts: ScoreFacts, finding: Finding): Decided[] {
  const key = scoreKey(facts.response.id, finding.code);
  const standing = facts.standing.find((each) => keyOf(each) === key);
  const withdrawn = finding.value === undefined || !['completed', 'amended'].includes(facts.response.status);
  if (withdrawn) {
    if (standing === undefined) return [];
    // The value stays to be read as the mistake it was; nothing current shows it.
    const observation = derived<Observation>(key, { ...standing, status: 'entered-in-error' }, [], standing);
    return [{ observation, standing }];
  }
  return [{ observation: observationOf(key, finding, facts, standing), standing }];
}

function observationOf(
  key: string,
  finding: Finding,
  facts: ScoreFacts,
  standing: Observation | undefined,
): Observation {
  const { response } = facts;
  const { code, display, value, words, flag, members = [] } = finding;
  return derived<Observation>(
    key,
    {
      resourceType: 'Observation',
      status: statusOf(response, standing, value),
      category: [SURVEY],
      code: { coding: [{ system: LOINC, code, display }] },
      subject: response.subject as Observation['subject'],
      encounter: response.encounter,
      effectiveDateTime: response.authored,
      performer: performers(response.author),
      valueQuantity: { value: value!, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' },
      interpretation: [{ ...(flag === undefined ? {} : { coding: [INTERPRETATION(flag)] }), text: words! }],
      hasMember: members.length > 0 ? [...members] : undefined,
      derivedFrom: [referenceTo<QuestionnaireResponse>(response)],
    },
    [response],
    standing,
  );
}

const INTERPRETATION = (positive: boolean) => ({
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
  code: positive ? 'POS' : 'NEG',
  display: positive ? 'Positive' : 'Negative',
});

/** Final the first time; corrected once it said something else, and then for good. */
function statusOf(
  response: QuestionnaireResponse,
  standing: Observation | undefined,
  value: number | undefined,
): Observation['status'] {
  const changed = standing !== undefined && (standing.status !== 'final' || standing.valueQuantity?.value !== value);
  return response.status === 'amended' || changed ? 'corrected' : 'final';
}

const PERFORMERS = ['Practitioner', 'PractitionerRole', 'Organization', 'CareTeam', 'Patient', 'RelatedPerson'];

function performers(author: Reference | undefined): Observation['performer'] {
  const may = PERFORMERS.some((type) => author?.reference?.startsWith(`${type}/`));
  return may ? [author as NonNullable<Observation['performer']>[number]] : undefined;
}
