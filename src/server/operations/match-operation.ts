import type { Patient } from '@medplum/fhirtypes';
import type { Context } from '../context.ts';
import type { FhirResource } from '../engine.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from '../exchange.ts';
import { identifyingOf } from '../persons.ts';
import { textsOf } from '../present.ts';
import { refuse } from '../refusal.ts';
import type { Row } from '../rows.ts';
import { escapeValue, parseSearch } from '../search-request.ts';
import { runSearch } from '../search-run.ts';
import { type MatchScore, scoreMatch } from './match-score.ts';
import { disclosed, executed, type Operation } from './operation.ts';
import { askedOf } from './parameters.ts';

const MATCH_GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';
/** Candidates looked at per way of finding them. */
const CANDIDATES_MAX = 200;
const COUNT_DEFAULT = 20;

export const MATCH_OPERATIONS: readonly Operation[] = [
  {
    name: 'match',
    definition: 'http://hl7.org/fhir/OperationDefinition/Patient-match',
    types: ['Patient'],
    levels: ['type'],
    parameters: ['resource', 'onlyCertainMatches', 'count'],
    get: false,
    run: match,
  },
];

interface Candidate extends MatchScore {
  readonly row: Row;
  readonly text: string;
}

/**
 * POST Patient/$match: records that may be the same human, best first, among those the reader may see and no others. Matches
 * are never linked by this. `onlyCertainMatches` gives nothing when more than one person is certain. Rule: FHIR R4 patient-operation-match; H7.
 */
async function match(context: Context, request: FhirRequest): Promise<FhirResponse> {
  context.scopes.require('Patient', 's');
  const asked = askedOf(context, request);
  const wanted = asked.resource('resource') as unknown as Patient | undefined;
  if (wanted?.resourceType !== 'Patient')
    throw refuse(400, 'required', '$match needs a Patient', 'Parameters.parameter');
  const onlyCertain = asked.flag('onlyCertainMatches');
  const count = Math.min(asked.count('count') ?? COUNT_DEFAULT, context.limits.pageMax);
  const rows = await candidates(context, wanted);
  const texts = await textsOf(context, rows);
  const scored = rows
    .map((row): Candidate => {
      const text = texts.get(row.rid)!;
      return { row, text, ...scoreMatch(wanted, JSON.parse(text) as Patient) };
    })
    .filter(({ grade }) => (onlyCertain ? grade === 'certain' : grade !== 'certainly-not'))
    .sort((a, b) => b.score - a.score || (a.row.id < b.row.id ? -1 : 1));
  const persons = new Set(scored.map(({ row }) => row.person));
  const given = onlyCertain && persons.size > 1 ? [] : scored.slice(0, count);
  const rowsGiven = given.map(({ row }) => row);
  const response = { ...jsonResponse(200, searchset(context, given)), audit: disclosed(context, rowsGiven, 'match') };
  return executed(context, response, { name: 'match', type: 'Patient' });
}

function searchset({ base }: Context, found: readonly Candidate[]): string {
  const entries = found.map(({ row, text, score, grade }) => {
    const search = { extension: [{ url: MATCH_GRADE, valueCode: grade }], mode: 'match', score };
    return `{"fullUrl":${JSON.stringify(`${base}/Patient/${row.id}`)},"resource":${text},"search":${JSON.stringify(search)}}`;
  });
  return `{"resourceType":"Bundle","type":"searchset","total":${found.length}${entries.length > 0 ? `,"entry":[${entries.join(',')}]` : ''}}`;
}

/** Visible patients that share something telling with the wanted one. A social security number is not among it. */
async function candidates(context: Context, wanted: Patient): Promise<Row[]> {
  const found = new Map<number, Row>();
  for (const pairs of waysToFind(wanted)) {
    const parsed = parseSearch(context.engine.definitions, 'Patient', pairs, true);
    const { matches } = await runSearch(context, { ...parsed, count: CANDIDATES_MAX, total: 'none' });
    for (const row of matches) found.set(row.rid, row);
  }
  return [...found.values()];
}

function waysToFind(wanted: Patient): (readonly (readonly [string, string])[])[] {
  const ways: (readonly (readonly [string, string])[])[] = [];
  const identifiers = identifyingOf(wanted as unknown as FhirResource).slice(0, 50);
  if (identifiers.length > 0)
    ways.push([
      ['identifier', identifiers.map(({ system, value }) => `${escapeValue(system)}|${escapeValue(value)}`).join(',')],
    ]);
  if (wanted.birthDate !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(wanted.birthDate))
    ways.push([['birthdate', wanted.birthDate]]);
  for (const { family, given } of (wanted.name ?? []).slice(0, 5)) {
    if (typeof family === 'string' && family !== '' && typeof given?.[0] === 'string' && given[0] !== '')
      ways.push([
        ['family', escapeValue(family)],
        ['given', escapeValue(given[0])],
      ]);
  }
  for (const { system, value } of (wanted.telecom ?? []).slice(0, 10)) {
    if ((system === 'phone' || system === 'email') && typeof value === 'string' && value !== '')
      ways.push([[system, escapeValue(value)]]);
  }
  return ways;
}
