import type { ValueSet, ValueSetExpansionParameter } from '@medplum/fhirtypes';
import { type ExpandedConcept, type Expansion, expandValueSet, type ValueSetTable } from '../../fhir/expand.ts';
import type { Context } from '../context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { instanceOf, undecidable } from './instance.ts';
import { executed, type Target } from './operation.ts';
import { type Asked, askedOf } from './parameters.ts';
import { canonicalParts, ReaderTerminology } from './terminology-source.ts';

/** Would change the answer, and are refused. */
const NOT_SUPPORTED = [
  'context',
  'date',
  'exclude-system',
  'system-version',
  'check-system-version',
  'force-system-version',
] as const;
export const EXPAND_PARAMETERS: readonly string[] = [
  ...NOT_SUPPORTED,
  'url',
  'valueSet',
  'valueSetVersion',
  'filter',
  'count',
  'offset',
];

/** The whole of an expansion that names no page is limited; more must be paged. */
const UNPAGED_MAX = 5000;
/** Rule: FHIR R4 extension valueset-unclosed. */
const UNCLOSED = 'http://hl7.org/fhir/StructureDefinition/valueset-unclosed';

interface Expanded extends Expansion {
  readonly url: string;
  readonly name: string;
}

/** What a call's value set holds: the instance, the one in the call, or the one of `url`. */
export async function expansionOf(context: Context, asked: Asked, target: Target): Promise<Expanded> {
  const source = new ReaderTerminology(context);
  const table = await tableOf(context, source, asked, target);
  const { concepts, open } = expandValueSet(table, source);
  return {
    url: table.url,
    name: table.name,
    open,
    concepts: concepts.map(({ system, code, display }) => ({
      system: canonicalParts(system).url,
      code,
      display: display || displayIn(source, system, code),
    })),
  };
}

function displayIn(source: ReaderTerminology, system: string, code: string): string {
  return source.system(system)?.concepts.find(([each]) => each === code)?.[1] ?? '';
}

async function tableOf(
  context: Context,
  source: ReaderTerminology,
  asked: Asked,
  target: Target,
): Promise<ValueSetTable> {
  if (target.id !== undefined) return source.adopt(await instanceOf<ValueSet>(context, target));
  const given = asked.resource('valueSet') as unknown as ValueSet | undefined;
  if (given) {
    if (given.resourceType !== 'ValueSet') throw refuse(400, 'structure', 'the parameter valueSet is no ValueSet');
    return source.adopt(given);
  }
  const url = asked.text('url');
  if (url === undefined) throw refuse(400, 'required', 'the operation needs a url or a valueSet');
  const version = asked.text('valueSetVersion');
  const table = await source.loadValueSet(version === undefined ? url : `${canonicalParts(url).url}|${version}`);
  if (!table) throw refuse(404, 'not-found', 'no value set of this url is held here');
  return table;
}

/**
 * ValueSet/$expand with `filter`, `count` and `offset`. What cannot be expanded whole offline is marked as unclosed and names
 * the systems that are missing; when nothing of it is known the answer is 422. Rule: FHIR R4 valueset-operation-expand.
 */
export async function expand(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  context.scopes.require('ValueSet', 'r');
  const asked = askedOf(context, request, 'valueSet');
  asked.refuseAny(...NOT_SUPPORTED);
  const count = asked.count('count');
  const offset = asked.count('offset') ?? 0;
  const filter = asked.text('filter');
  const expanded = await expansionOf(context, asked, target);
  if (expanded.concepts.length === 0 && expanded.open.length > 0) throw undecidable(expanded.open);
  const found = filter === undefined ? expanded.concepts : expanded.concepts.filter(matching(filter));
  if (count === undefined && found.length - offset > UNPAGED_MAX)
    throw refuse(422, 'too-costly', 'the expansion is too long to give at once: use count and offset');
  const page = found.slice(offset, offset + (count ?? UNPAGED_MAX));
  const parameter: ValueSetExpansionParameter[] = [
    ...(filter === undefined ? [] : [{ name: 'filter', valueString: filter }]),
    ...(count === undefined ? [] : [{ name: 'count', valueInteger: count }]),
    { name: 'offset', valueInteger: offset },
    ...expanded.open.map((url) => ({ name: 'not-held-here', valueUri: url })),
  ];
  const result: ValueSet = {
    resourceType: 'ValueSet',
    ...(expanded.url === '' ? {} : { url: expanded.url }),
    ...(/^[A-Z]([A-Za-z0-9_]){0,254}$/.test(expanded.name) ? { name: expanded.name } : {}),
    status: 'active',
    expansion: {
      ...(expanded.open.length > 0 ? { extension: [{ url: UNCLOSED, valueBoolean: true }] } : {}),
      identifier: `urn:uuid:${context.engine.newId()}`,
      timestamp: new Date(context.at).toISOString(),
      total: found.length,
      offset,
      parameter,
      ...(page.length > 0
        ? {
            contains: page.map(({ system, code, display }) => ({
              system,
              code,
              ...(display === '' ? {} : { display }),
            })),
          }
        : {}),
    },
  };
  return executed(context, jsonResponse(200, JSON.stringify(result)), { name: 'expand', type: 'ValueSet' });
}

/** Every word of the filter begins a word of the display, or the code begins with the filter. */
function matching(filter: string): (concept: ExpandedConcept) => boolean {
  const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const words = fold(filter)
    .split(/\s+/)
    .filter((word) => word !== '');
  return ({ code, display }) => {
    const of = fold(display).split(/[^\p{L}\p{N}]+/u);
    return fold(code).startsWith(fold(filter)) || words.every((word) => of.some((each) => each.startsWith(word)));
  };
}
