import type {
  Coding,
  ConceptMap,
  ConceptMapGroup,
  ConceptMapGroupElementTarget,
  ParametersParameter,
} from '@medplum/fhirtypes';
import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { instanceOf } from './instance.ts';
import { executed, type Target } from './operation.ts';
import { type Asked, askedOf, parametersResponse } from './parameters.ts';
import { canonicalParts, conceptMaps } from './terminology-source.ts';

interface Match {
  readonly equivalence: ConceptMapGroupElementTarget['equivalence'];
  readonly concept: Coding;
  readonly source: string | undefined;
}

const NO_MATCH: readonly string[] = ['unmatched', 'disjoint'];
/** How each relation reads from the other side. */
const REVERSED: Readonly<Record<string, ConceptMapGroupElementTarget['equivalence']>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
};

/**
 * ConceptMap/$translate over one map (instance, `conceptMap`, `url`) or all that the reader sees and the hub works with.
 * `result` false says that no map held here translates the code, not that no translation exists. Rule: FHIR R4 conceptmap-operation-translate.
 */
export async function translate(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  context.scopes.require('ConceptMap', 'r');
  const asked = askedOf(context, request, 'conceptMap');
  asked.refuseAny('dependency', 'conceptMapVersion');
  const codings = asked.codings();
  if (codings.length === 0 || codings.some(({ code, system }) => !code || !system))
    throw refuse(400, 'required', '$translate needs a code and its system');
  const all = await conceptMaps(context);
  const maps = await mapsOf(context, asked, target, all);
  const reverse = asked.flag('reverse');
  const targetSystem = asked.text('targetsystem');
  const matches = maps
    .flatMap((map) => codings.flatMap((coding) => matchesIn(map, coding, reverse, all, 0)))
    .filter(({ concept }) => targetSystem === undefined || concept.system === targetSystem);
  const unique = [...new Map(matches.map((each) => [JSON.stringify(each), each])).values()];
  const result = unique.some(({ equivalence }) => !NO_MATCH.includes(equivalence));
  const response = parametersResponse([
    { name: 'result', valueBoolean: result },
    ...(result ? [] : [{ name: 'message', valueString: 'no map held here translates this code' }]),
    ...unique.map(matchParameter),
  ]);
  return executed(context, response, { name: 'translate', type: 'ConceptMap' });
}

async function mapsOf(
  context: Context,
  asked: Asked,
  target: Target,
  all: readonly ConceptMap[],
): Promise<readonly ConceptMap[]> {
  if (target.id !== undefined) return [await instanceOf<ConceptMap>(context, target)];
  const given = asked.resource('conceptMap') as unknown as ConceptMap | undefined;
  if (given) return [given];
  const url = asked.text('url');
  if (url !== undefined) {
    const named = all.filter((map) => canonicalFits(map, url));
    if (named.length === 0) throw refuse(404, 'not-found', 'no concept map of this url is held here');
    return named.slice(-1);
  }
  const source = asked.text('source');
  const targetSet = asked.text('target');
  const inScope = (named: string | undefined, wanted: string | undefined): boolean =>
    wanted === undefined || named === wanted;
  return all.filter(
    (map) =>
      map.status !== 'retired' &&
      inScope(map.sourceUri ?? map.sourceCanonical, source) &&
      inScope(map.targetUri ?? map.targetCanonical, targetSet),
  );
}

function canonicalFits({ url, version }: ConceptMap, canonical: string): boolean {
  const wanted = canonicalParts(canonical);
  return url === wanted.url && (wanted.version === undefined || wanted.version === version);
}

const MAPS_DEEP_MAX = 5;

function matchesIn(
  map: ConceptMap,
  coding: Coding,
  reverse: boolean,
  all: readonly ConceptMap[],
  depth: number,
): Match[] {
  return (map.group ?? []).flatMap((group) =>
    reverse ? backwards(map, group, coding) : forwards(map, group, coding, all, depth),
  );
}

function forwards(
  map: ConceptMap,
  group: ConceptMapGroup,
  coding: Coding,
  all: readonly ConceptMap[],
  depth: number,
): Match[] {
  if (group.source !== coding.system) return [];
  const elements = (group.element ?? []).filter(({ code }) => code === coding.code);
  if (elements.length > 0) {
    return elements.flatMap(({ target = [] }) =>
      target.map((to) => ({
        equivalence: to.equivalence,
        concept: codingOf(group.target, to.code, to.display),
        source: map.url,
      })),
    );
  }
  const { unmapped } = group;
  switch (unmapped?.mode) {
    case 'provided':
      return [{ equivalence: 'equal', concept: codingOf(group.target, coding.code, undefined), source: map.url }];
    case 'fixed':
      return [
        { equivalence: 'relatedto', concept: codingOf(group.target, unmapped.code, unmapped.display), source: map.url },
      ];
    case 'other-map': {
      const other = depth < MAPS_DEEP_MAX ? all.find((each) => canonicalFits(each, unmapped.url ?? '')) : undefined;
      return other ? matchesIn(other, coding, false, all, depth + 1) : [];
    }
    default:
      return [];
  }
}

function backwards(map: ConceptMap, group: ConceptMapGroup, coding: Coding): Match[] {
  if (group.target !== coding.system) return [];
  return (group.element ?? []).flatMap(({ code, display, target = [] }) =>
    target
      .filter((to) => to.code === coding.code)
      .map(({ equivalence }) => ({
        equivalence: REVERSED[equivalence] ?? equivalence,
        concept: codingOf(group.source, code, display),
        source: map.url,
      })),
  );
}

const codingOf = (system: string | undefined, code: string | undefined, display: string | undefined): Coding => ({
  ...(system === undefined ? {} : { system }),
  ...(code === undefined ? {} : { code }),
  ...(display === undefined ? {} : { display }),
});

function matchParameter({ equivalence, concept, source }: Match): ParametersParameter {
  return {
    name: 'match',
    part: [
      { name: 'equivalence', valueCode: equivalence },
      ...(concept.code === undefined ? [] : [{ name: 'concept', valueCoding: concept }]),
      ...(source === undefined ? [] : [{ name: 'source', valueUri: source }]),
    ],
  };
}
