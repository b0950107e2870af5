import type { Group } from '@medplum/fhirtypes';
import { parseReference } from '../../fhir/references.ts';
import { actorText } from '../../model/actor.ts';
import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { isStrict } from '../search-interaction.ts';
import { parseSearch } from '../search-request.ts';
import { insertRows, lockNames } from '../statements.ts';
import { EXPORT_LIMITS, type ExportJob } from './export-job.ts';
import { instanceOf } from './instance.ts';
import { executed, type Operation, type Target } from './operation.ts';
import { type Asked, askedOf } from './parameters.ts';

export const EXPORT_STATUS = '$export-status';
const KNOWN = ['_since', '_type', '_typeFilter', '_outputFormat', '_format', 'patient'];
const DEFINITION = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/';

const kickOffs = (
  [
    ['export', [], 'system'],
    ['patient-export', ['Patient'], 'type'],
    ['group-export', ['Group'], 'instance'],
  ] as const
).map(
  ([name, types, level]): Operation => ({
    name: 'export',
    definition: `${DEFINITION}${name}`,
    types,
    levels: [level],
    parameters: KNOWN,
    get: true,
    head: false,
    writes: () => true,
    run: kickOff,
  }),
);

export const EXPORT_OPERATIONS: readonly Operation[] = kickOffs;

const FORMATS = new Set(['application/fhir+ndjson', 'application/ndjson', 'ndjson']);

/**
 * Asks for an export. 202 means that it is queued durably, no more: its status says when the files can be fetched.
 * Refuses one more than a client may have (429). Rule: Bulk Data 2.0.0, export.html#bulk-data-kick-off-request.
 */
async function kickOff(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  if (!/\brespond-async\b/.test(request.headers.prefer ?? ''))
    throw refuse(400, 'required', 'an export answers later: Prefer: respond-async is needed');
  const { tx, actor, at } = context;
  if (actor.launchPatient !== undefined)
    throw refuse(403, 'forbidden', 'an app that was launched for one patient makes no export');
  const asked = askedOf(context, request);
  refuseUnknown(asked, request);
  const level = target.type === undefined ? 'system' : target.type === 'Patient' && !named(asked) ? 'patient' : 'group';
  const types = typesOf(context, asked, level);
  const filters = filtersOf(context, asked, types);
  const since = sinceOf(asked);
  const patients = target.type === undefined ? [] : await patientsOf(context, asked, target);
  const client = clientOf(context);
  lockNames(tx, [`export ${client}`]);
  for (const [state, most] of [
    ['queued', EXPORT_LIMITS.activeMax],
    ['done', EXPORT_LIMITS.keptMax],
  ] as const) {
    const [held] = await tx.query<{ n: number }>(
      'SELECT COUNT(*) AS n FROM export_job WHERE client = ? AND state = ?',
      [client, state],
    );
    if (Number(held?.n ?? 0) >= most)
      throw refuse(429, 'throttled', 'the client has as many exports as it may: wait for one, or delete one');
  }
  const id = context.engine.newId();
  tx.send(
    `INSERT INTO export_job (id, client, actor, request, level, types, filters, since, until, state, type_at, after_rid, parts,
      resources, lease, lease_until, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, 0, 0, 0, 0, ?)`,
    [
      id,
      client,
      actorText(actor),
      addressOf(context, request),
      level,
      JSON.stringify(types),
      JSON.stringify(filters),
      since ?? null,
      at,
      at,
    ],
  );
  insertRows(
    tx,
    'INSERT INTO export_patient (job, patient) VALUES',
    [...new Set(patients)].map((patient) => [id, patient]),
  );
  const headers = { 'content-location': `${context.base}/${EXPORT_STATUS}/${id}` };
  const access = {
    name: 'export',
    ...(target.type ? { type: target.type } : {}),
    ...(target.id ? { target: `${target.type}/${target.id}` } : {}),
  };
  return executed(context, { status: 202, headers }, access);
}

/** Who an export belongs to: a client, or a person and the app he let make it. */
export const clientOf = ({ actor }: Pick<Context, 'actor'>): string =>
  [actor.kind, actor.id, ...(actor.app === undefined ? [] : [actor.app])].join('/');

const named = (asked: Asked): boolean => asked.parts('patient').length > 0;

function refuseUnknown(asked: Asked, request: FhirRequest): void {
  const unknown = asked.names().filter((name) => !KNOWN.includes(name));
  const lenient = /handling=lenient/.test(request.headers.prefer ?? '') && !isStrict(request);
  if (unknown.length > 0 && !lenient) throw refuse(400, 'not-supported', 'a parameter of the export is not supported');
  const format = asked.text('_outputFormat');
  if (format !== undefined && !FORMATS.has(format.replace(/ /g, '+')))
    throw refuse(400, 'not-supported', '_outputFormat is application/fhir+ndjson');
}

/** The types named, or all that the token lets read and that belong to the level. A type without scope is refused by name. */
function typesOf(context: Context, asked: Asked, level: ExportJob['level']): string[] {
  const { definitions } = context.engine;
  const fits = (type: string): boolean =>
    level === 'system' || type === 'Patient' || definitions.compartment('Patient', type).length > 0;
  const wanted = asked
    .texts('_type')
    .flatMap((text) => text.split(','))
    .map((type) => type.trim());
  for (const type of wanted) {
    if (!definitions.isResourceType(type)) throw refuse(400, 'value', '_type names an unknown resource type');
    if (!fits(type)) throw refuse(400, 'value', '_type names a type that belongs to no patient');
    context.scopes.require(type, 'r');
  }
  const all = wanted.length > 0 ? [...new Set(wanted)] : definitions.resourceTypes.filter(fits);
  const open = all.filter((type) => context.scopes.permission(type, 'r') !== 'none');
  if (open.length === 0) throw refuse(403, 'forbidden', 'the token has no scope for this export');
  return open;
}

function filtersOf(context: Context, asked: Asked, types: readonly string[]): (readonly [string, string])[] {
  // Several filters in one value are parted by commas before a type's name; a comma inside a search stays.
  const texts = asked.texts('_typeFilter').flatMap((text) => text.split(/,(?=[A-Z][A-Za-z]+(?:\?|%3F))/));
  return texts.map((text) => {
    const [type = '', query = ''] = (text.includes('?') ? text : decoded(text)).split(/\?(.*)/s);
    if (!types.includes(type)) throw refuse(400, 'value', '_typeFilter is for a type that is not exported');
    const { conditions } = parseSearch(context.engine.definitions, type, [...new URLSearchParams(query)], true);
    if (conditions.length === 0) throw refuse(400, 'value', '_typeFilter holds no condition');
    return [type, query] as const;
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse(400, 'value', '_typeFilter is not decodable');
  }
}

function sinceOf(asked: Asked): number | undefined {
  const text = asked.text('_since');
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text.replace(/ (?=\d{2}:\d{2}$)/, '+')) : Number.NaN;
  if (Number.isNaN(ms)) throw refuse(400, 'value', '_since is not an instant');
  return ms;
}

/** Members of the group as it stands now, or the patients named; each must be one the reader may see. */
async function patientsOf(context: Context, asked: Asked, target: Target): Promise<string[]> {
  const references = asked.parts('patient').map((part) => part.valueReference?.reference ?? part.valueString ?? '');
  const given = references.map((reference) => {
    const parsed = parseReference(reference);
    if (parsed.kind !== 'local' || parsed.type !== 'Patient') throw refuse(400, 'value', 'patient names no Patient');
    return parsed.id;
  });
  if (target.type !== 'Group') {
    for (const id of given) await instanceOf(context, { type: 'Patient', id });
    return given;
  }
  const group = await instanceOf<Group>(context, target);
  const members = (group.member ?? []).flatMap(({ entity, inactive, period }) => {
    const parsed = parseReference(entity?.reference ?? '');
    const ended = period?.end !== undefined && Date.parse(period.end) < context.at;
    return inactive !== true && !ended && parsed.kind === 'local' && parsed.type === 'Patient' ? [parsed.id] : [];
  });
  return given.length === 0 ? members : members.filter((id) => given.includes(id));
}

function addressOf({ base }: Context, { path, query }: FhirRequest): string {
  const text = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  return `${base}/${path.join('/')}${text ? `?${text}` : ''}`;
}
