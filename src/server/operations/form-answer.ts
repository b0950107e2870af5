import type { Coding, QuestionnaireItem, QuestionnaireResponseItemAnswer, Reference } from '@medplum/fhirtypes';

/**
 * A value as an answer to a question, or undefined where it does not fit the question's type. A code is taken only when the
 * question offers it or says its system itself: a system is never guessed.
 */
export function answerOf(item: QuestionnaireItem, value: unknown): QuestionnaireResponseItemAnswer | undefined {
  switch (item.type) {
    case 'boolean':
      return typeof value === 'boolean' ? { valueBoolean: value } : undefined;
    case 'decimal':
      return number(value, (valueDecimal) => ({ valueDecimal }));
    case 'integer':
      return number(value, (valueInteger) => (Number.isInteger(valueInteger) ? { valueInteger } : undefined));
    case 'date':
      return text(value, /^\d{4}(-\d{2}(-\d{2})?)?/, (valueDate) => ({ valueDate }));
    case 'dateTime':
      return text(value, /^\d{4}(-\d{2}(-\d{2}(T.+)?)?)?$/, (valueDateTime) => ({ valueDateTime }));
    case 'time':
      return text(value, /^\d{2}:\d{2}:\d{2}(\.\d+)?$/, (valueTime) => ({ valueTime }));
    case 'string':
    case 'text':
      return typeof value === 'object' ? undefined : { valueString: String(value) };
    case 'url':
      return text(value, /^.+$/, (valueUri) => ({ valueUri }));
    case 'choice':
      return choice(item, value);
    case 'open-choice':
      return choice(item, value) ?? (typeof value === 'string' ? { valueString: value } : undefined);
    case 'quantity':
      if (typeof value === 'number') return { valueQuantity: { value } };
      return isObject(value) && typeof value.value === 'number' ? { valueQuantity: value } : undefined;
    case 'reference':
      return referenceAnswer(value);
    case 'attachment':
      return isObject(value) && ('contentType' in value || 'url' in value || 'data' in value)
        ? { valueAttachment: value }
        : undefined;
    default:
      return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function number<T>(value: unknown, make: (value: number) => T): T | undefined {
  const plain = isObject(value) ? value.value : value;
  return typeof plain === 'number' ? make(plain) : undefined;
}

function text<T>(value: unknown, form: RegExp, make: (value: string) => T): T | undefined {
  const found = typeof value === 'string' ? form.exec(value)?.[0] : undefined;
  return found === undefined ? undefined : make(found);
}

function choice(item: QuestionnaireItem, value: unknown): QuestionnaireResponseItemAnswer | undefined {
  const codings = codingsOf(value);
  const offered = (item.answerOption ?? []).flatMap(
    ({ valueCoding, valueString, valueInteger }): QuestionnaireResponseItemAnswer[] => {
      if (valueCoding !== undefined)
        return codings.some((coding) => sameCoding(coding, valueCoding)) ? [{ valueCoding }] : [];
      if (valueString !== undefined) return valueString === value ? [{ valueString }] : [];
      return valueInteger !== undefined && valueInteger === value ? [{ valueInteger }] : [];
    },
  );
  if (offered[0]) return offered[0];
  if (item.answerOption !== undefined && item.type === 'choice') return undefined;
  const coded = codings.find(({ system, code }) => system !== undefined && code !== undefined);
  return coded && { valueCoding: coded };
}

/** A plain code fits an option of that code, whatever its system. */
const sameCoding = (given: Coding, offered: Coding): boolean =>
  given.code === offered.code && (given.system === undefined || given.system === offered.system);

function codingsOf(value: unknown): Coding[] {
  if (typeof value === 'string') return [{ code: value }];
  if (!isObject(value)) return [];
  if (Array.isArray(value.coding)) return value.coding as Coding[];
  return 'code' in value ? [value as Coding] : [];
}

function referenceAnswer(value: unknown): QuestionnaireResponseItemAnswer | undefined {
  if (!isObject(value)) return undefined;
  if (typeof value.reference === 'string') return { valueReference: value as Reference };
  if (typeof value.resourceType === 'string' && typeof value.id === 'string')
    return { valueReference: { reference: `${value.resourceType}/${value.id}` } };
  return undefined;
}

/** The value of an answer, whatever its type, and the name of that type: `Coding`, `Boolean`, … */
export function answerValue(
  answer: QuestionnaireResponseItemAnswer,
): { readonly type: string; readonly value: unknown } | undefined {
  for (const [name, value] of Object.entries(answer)) {
    if (name.startsWith('value') && value !== undefined) return { type: name.slice('value'.length), value };
  }
  return undefined;
}
