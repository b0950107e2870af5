import type {
  BundleEntry,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  Resource,
} from '@medplum/fhirtypes';
import { openObject, putValue, stepsOf } from './extract-path.ts';
import { answerValue } from './form-answer.ts';
import { type Extended, extensionsOf, type FormWork, sdc } from './sdc.ts';

type Json = Record<string, unknown>;

/** One resource that the items below a context fill in. */
interface Filling {
  readonly resource: Json & { resourceType: string };
  /** The stored one it changes, if any. */
  readonly stored?: Resource;
  /** Where paths that begin so are written: the entry a group opened. */
  readonly open: readonly { readonly path: string; readonly object: Json }[];
}

/**
 * Resources that the items with a `definition` fill in, under each `itemExtractionContext` (or SDC 4 `definitionExtract`).
 * Elements that R4 does not have, slices and extensions are noted and left out. Rule: SDC 4.0.0 extraction.html#definition-based-extraction.
 */
export async function definitionEntries(
  work: FormWork,
  questionnaire: Questionnaire,
  response: QuestionnaireResponse,
): Promise<BundleEntry[]> {
  const entries: BundleEntry[] = [];
  const walk = async (
    items: readonly QuestionnaireItem[],
    answered: readonly QuestionnaireResponseItem[],
    filling: Filling | undefined,
  ): Promise<void> => {
    for (const item of items) {
      for (const given of answered.filter(({ linkId }) => linkId === item.linkId)) {
        const own = await begin(work, item, response);
        const within = grouped(work, item, own ?? filling);
        if (within) fill(work, item, given, within);
        await walk(item.item ?? [], below(given), within);
        if (own) entries.push(entryOf(work, own));
      }
    }
  };
  const whole = await begin(work, questionnaire, response);
  await walk(questionnaire.item ?? [], response.item ?? [], whole);
  if (whole) entries.push(entryOf(work, whole));
  return entries;
}

const below = (given: QuestionnaireResponseItem): QuestionnaireResponseItem[] => [
  ...(given.item ?? []),
  ...(given.answer ?? []).flatMap((each) => each.item ?? []),
];

/** A new resource to fill, or the stored one that the context's query finds; undefined when none begins here. */
async function begin(
  work: FormWork,
  of: Extended & { readonly linkId?: string },
  response: QuestionnaireResponse,
): Promise<Filling | undefined> {
  const [context] = extensionsOf(of, sdc('itemExtractionContext'));
  const [extract] = extensionsOf(of, sdc('definitionExtract'));
  const definition = extract?.extension?.find(({ url }) => url === 'definition');
  const type = context?.valueCode ?? typeIn(definition?.valueCanonical ?? definition?.valueUri);
  if (type !== undefined) return empty(work, type, of.linkId);
  const expression = context?.valueExpression;
  if (!expression?.expression) return undefined;
  if (expression.language !== 'application/x-fhir-query') {
    work.note('an extraction context is a type or a query', of.linkId);
    return undefined;
  }
  const { entry } = await work.query(expression.expression, { resource: response, context: response });
  if (entry.length > 1) {
    work.note('the query of an extraction context finds several resources', of.linkId);
    return undefined;
  }
  const stored = entry[0]?.resource;
  if (!stored) return empty(work, expression.expression.split('?')[0]!, of.linkId);
  return { resource: structuredClone(stored) as unknown as Filling['resource'], stored, open: [] };
}

const typeIn = (canonical: string | undefined): string | undefined =>
  /^http:\/\/hl7\.org\/fhir\/StructureDefinition\/([A-Z][A-Za-z]+)$/.exec(canonical ?? '')?.[1];

function empty(work: FormWork, type: string, linkId: string | undefined): Filling | undefined {
  if (work.context.engine.definitions.isResourceType(type)) return { resource: { resourceType: type }, open: [] };
  work.note('an extraction context names no resource type', linkId);
  return undefined;
}

const pathOf = (item: QuestionnaireItem): string | undefined => item.definition?.split('#')[1];

/** A group whose definition is an element opens one entry of it: what is below goes there. */
function grouped(work: FormWork, item: QuestionnaireItem, filling: Filling | undefined): Filling | undefined {
  const path = pathOf(item);
  if (!filling || item.type !== 'group' || !path?.startsWith(`${filling.resource.resourceType}.`)) return filling;
  const steps = stepsOf(work.context.engine.definitions, path);
  if (!steps) {
    work.note('the definition of a group is no element of R4', item.linkId);
    return filling;
  }
  const object = openObject(filling.resource, steps, true);
  return { ...filling, open: [...filling.open, { path, object }] };
}

function fill(work: FormWork, item: QuestionnaireItem, given: QuestionnaireResponseItem, filling: Filling): void {
  for (const fixed of extensionsOf(item, sdc('definitionExtractValue'))) {
    const path = fixed.extension?.find(({ url }) => url === 'definition');
    const value = fixed.extension?.find(({ url }) => url === 'fixed-value');
    const plain = value && answerValue(value);
    const of = (path?.valueUri ?? path?.valueCanonical)?.split('#')[1];
    if (of && plain) put(work, item.linkId, of, plain.type, plain.value, filling);
    else work.note('a fixed value of an extraction cannot be read', item.linkId);
  }
  const path = pathOf(item);
  if (path === undefined || item.type === 'group' || !path.startsWith(`${filling.resource.resourceType}.`)) return;
  for (const answer of given.answer ?? []) {
    const value = answerValue(answer);
    if (value) put(work, item.linkId, path, value.type, value.value, filling);
  }
}

function put(work: FormWork, linkId: string, path: string, type: string, value: unknown, filling: Filling): void {
  const { definitions } = work.context.engine;
  const steps = stepsOf(definitions, path);
  const group = filling.open.findLast((each) => path.startsWith(`${each.path}.`));
  const from = group ? group.path.split('.').length - 1 : 0;
  const root = group ? group.object : filling.resource;
  if (!steps || !putValue(root, steps.slice(from), type, value))
    work.note('the definition of an item is no element of R4 that can hold its answer', linkId);
}

function entryOf(work: FormWork, { resource, stored }: Filling): BundleEntry {
  if (stored) {
    const { resourceType, id, meta } = stored;
    return {
      fullUrl: `${work.context.base}/${resourceType}/${id}`,
      resource: resource as unknown as Resource,
      request: {
        method: 'PUT',
        url: `${resourceType}/${id}`,
        ...(meta?.versionId ? { ifMatch: `W/"${meta.versionId}"` } : {}),
      },
    };
  }
  return {
    fullUrl: `urn:uuid:${work.context.engine.newId()}`,
    resource: resource as unknown as Resource,
    request: { method: 'POST', url: resource.resourceType },
  };
}
