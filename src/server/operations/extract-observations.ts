import type {
  CodeableConcept,
  Extension,
  Observation,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
} from '@medplum/fhirtypes';
import { answerValue } from './form-answer.ts';
import { type Extended, extensionsOf, type FormWork, sdc } from './sdc.ts';

/** Types of an answer that an Observation's value can hold as they are. */
const SAME_TYPE = new Set(['Boolean', 'Integer', 'String', 'Time', 'DateTime', 'Quantity']);

/**
 * One Observation per answer of the items marked `observationExtract` (a mark holds for what is below it until taken back).
 * An item without code, or with an answer no Observation can hold, is noted and left out. Rule: SDC 4.0.0 extraction.html#observation-based-extraction.
 */
export function observationsOf(
  work: FormWork,
  questionnaire: Questionnaire,
  response: QuestionnaireResponse,
): Observation[] {
  const found: Observation[] = [];
  const walk = (
    items: readonly QuestionnaireItem[],
    answered: readonly QuestionnaireResponseItem[],
    inherited: { readonly extract: boolean; readonly category: readonly CodeableConcept[] },
  ): void => {
    for (const item of items) {
      const extract = marked(item) ?? inherited.extract;
      const category = [...inherited.category, ...categoriesOf(item)];
      for (const given of answered.filter(({ linkId }) => linkId === item.linkId)) {
        if (extract && item.type !== 'group') found.push(...observations(work, response, item, given, category));
        const below = [...(given.item ?? []), ...(given.answer ?? []).flatMap((each) => each.item ?? [])];
        walk(item.item ?? [], below, { extract, category });
      }
    }
  };
  walk(questionnaire.item ?? [], response.item ?? [], {
    extract: marked(questionnaire) ?? false,
    category: categoriesOf(questionnaire),
  });
  return found;
}

function marked(of: Extended): boolean | undefined {
  const [mark] = extensionsOf(of, sdc('observationExtract'));
  if (!mark) return undefined;
  // SDC 4 also has codes for how the Observation relates to the one above; each stands alone here.
  return mark.valueBoolean ?? mark.valueCode !== undefined;
}

const categoriesOf = (of: Extended): CodeableConcept[] =>
  [
    ...extensionsOf(of, sdc('observation-extract-category')),
    ...extensionsOf(of, sdc('observationExtractCategory')),
  ].flatMap(({ valueCodeableConcept }: Extension) => valueCodeableConcept ?? []);

function observations(
  work: FormWork,
  response: QuestionnaireResponse,
  item: QuestionnaireItem,
  given: QuestionnaireResponseItem,
  category: readonly CodeableConcept[],
): Observation[] {
  const answers = given.answer ?? [];
  if (answers.length === 0) return [];
  if (!item.code || item.code.length === 0) {
    work.note('an item to extract has no code', item.linkId);
    return [];
  }
  return answers.flatMap((answer) => {
    const value = observationValue(answerValue(answer));
    if (!value) {
      work.note('an Observation cannot hold an answer of this type', item.linkId);
      return [];
    }
    const { authored, author, encounter, subject, basedOn, partOf } = response;
    const at = authored ?? new Date(work.context.at).toISOString();
    return {
      resourceType: 'Observation',
      ...(basedOn ? { basedOn } : {}),
      ...(partOf ? { partOf } : {}),
      status: response.status === 'amended' ? 'amended' : 'final',
      ...(category.length > 0 ? { category: [...category] } : {}),
      code: { coding: item.code!, ...(item.text === undefined ? {} : { text: item.text }) },
      ...(subject ? { subject } : {}),
      ...(encounter ? { encounter } : {}),
      effectiveDateTime: at,
      ...(/T/.test(at) ? { issued: at } : {}),
      ...(author ? { performer: [author] } : {}),
      ...value,
      ...(response.id === undefined ? {} : { derivedFrom: [{ reference: `QuestionnaireResponse/${response.id}` }] }),
    } as Observation;
  });
}

function observationValue(answer: ReturnType<typeof answerValue>): object | undefined {
  if (!answer) return undefined;
  const { type, value } = answer;
  if (SAME_TYPE.has(type)) return { [`value${type}`]: value };
  if (type === 'Coding') return { valueCodeableConcept: { coding: [value] } };
  if (type === 'Decimal') return { valueQuantity: { value } };
  if (type === 'Date') return { valueDateTime: value };
  return type === 'Uri' ? { valueString: value } : undefined;
}
