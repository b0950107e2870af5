import type { AuditEvent, AuditEventAgent, AuditEventEntity } from '@medplum/fhirtypes';
import { parseSearchDate } from '../fhir/search-ranges.ts';
import { hubIdentifier, hubSystem } from '../model/systems.ts';
import { bundleText, pageLinks, searchEntry } from './bundle-text.ts';
import type { Context } from './context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { personsOf } from './persons.ts';
import { refuse } from './refusal.ts';
import { searchPairs } from './search-interaction.ts';
import { splitEscaped, unescapeValue } from './search-request.ts';
import { joinSql, type Sql, sql } from './visibility-sql.ts';

/** A row of `audit`. */
interface Access {
  readonly id: number;
  readonly at: number;
  readonly actor_kind: string;
  readonly actor: string;
  readonly organization: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly outcome: number;
  readonly type: string | null;
  readonly target: string | null;
  readonly version: number | null;
  readonly person: string | null;
  readonly query: string | null;
  readonly app: string | null;
}

const ID = /^access-(\d{1,15})$/;

/** Whether an id is that of a kept access and not of a stored AuditEvent. */
export const isAccessId = (id: string): boolean => ID.test(id);

/** `meta.source` of every kept access; a search of AuditEvent by this `_source` asks for them alone, any other for both. */
const ACCESS_SOURCE = 'urn:handoff:access-log';

export const isAccessSearch = (request: FhirRequest): boolean =>
  searchPairs(request).some(([name, value]) => name === '_source' && value === ACCESS_SOURCE);

const KNOWN = new Set([
  '_id',
  '_lastUpdated',
  '_source',
  '_count',
  '_cursor',
  '_format',
  '_summary',
  'date',
  'type',
  'outcome',
  'action',
  'agent',
  'entity',
  'patient',
]);

/**
 * Accesses as AuditEvents, latest first: an operator sees all; an organization what its own people did, and what anybody did with
 * what it owns. They are kept as rows and rendered here: a read must not cost a resource. Rule: DOMAIN §B9, IHE BALP.
 */
export async function searchAccesses(context: Context, request: FhirRequest): Promise<FhirResponse> {
  requireWhole(context, 's');
  const { tx, base, limits } = context;
  const pairs = searchPairs(request);
  const where = [mayKnow(context), ...(await conditionsOf(context, pairs))];
  const query = new Map(pairs);
  const all = joinSql(where, ' AND ');
  if (query.get('_summary') === 'count') {
    const [row] = await tx.query<{ n: number }>(`SELECT COUNT(*) AS n FROM audit a WHERE ${all.text}`, all.params);
    return jsonResponse(200, JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: Number(row?.n ?? 0) }));
  }
  const count = Math.max(
    1,
    Math.min(Number(query.get('_count') ?? limits.pageDefault) || limits.pageDefault, limits.pageMax),
  );
  const cursor = query.get('_cursor');
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw refuse(400, 'value', '_cursor is not a page of this search');
  const past = cursor === undefined ? sql('1 = 1') : sql('a.id < ?', Number(cursor));
  const rows = await tx.query<Access>(
    `SELECT a.* FROM audit a WHERE ${all.text} AND ${past.text} ORDER BY a.id DESC LIMIT ?`,
    [...all.params, ...past.params, count + 1],
  );
  const page = rows.slice(0, count);
  const entries = page.map((row) =>
    searchEntry(`${base}/AuditEvent/access-${row.id}`, JSON.stringify(eventOf(row, base)), 'match'),
  );
  const next = rows.length > count ? String(page.at(-1)!.id) : undefined;
  return jsonResponse(200, bundleText('searchset', entries, pageLinks(base, 'AuditEvent', pairs, next)));
}

/** A kept access and when it was; what it says is rendered when it is shown. */
export interface KeptAccess {
  readonly id: number;
  /** Milliseconds. */
  readonly at: number;
  readonly event: AuditEvent;
}

/** Where an access stands in the order of time. */
export type Place = readonly [at: number, id: number];

/** The kept accesses among what a search of AuditEvents asks for. */
export interface Accesses {
  /** In the order of time from behind one of them on. */
  page(after: Place | undefined, count: number, oldestFirst: boolean): Promise<KeptAccess[]>;
  total(): Promise<number>;
}

/** Undefined where a scope opens none of them. Throws 400 for a parameter by which they are not searched (`isAccessParameter`). */
export async function accessesOf(
  context: Context,
  pairs: readonly (readonly [string, string])[],
): Promise<Accesses | undefined> {
  if (context.scopes.permission('AuditEvent', 's') !== 'all') return undefined;
  const { tx, base } = context;
  const all = joinSql([mayKnow(context), ...(await conditionsOf(context, pairs))], ' AND ');
  return {
    async page(after, count, oldestFirst) {
      const [way, beyond] = oldestFirst ? ['ASC', '>'] : ['DESC', '<'];
      const past = after ? sql(`(a.at, a.id) ${beyond} (?, ?)`, ...after) : sql('1 = 1');
      const rows = await tx.query<Access>(
        `SELECT a.* FROM audit a WHERE ${all.text} AND ${past.text} ORDER BY a.at ${way}, a.id ${way} LIMIT ?`,
        [...all.params, ...past.params, count],
      );
      return rows.map((row) => ({ id: Number(row.id), at: Number(row.at), event: eventOf(row, base) }));
    },
    async total() {
      const [row] = await tx.query<{ n: number }>(`SELECT COUNT(*) AS n FROM audit a WHERE ${all.text}`, all.params);
      return Number(row?.n ?? 0);
    },
  };
}

/** Whether kept accesses can be searched by it. */
export const isAccessParameter = (name: string): boolean => KNOWN.has(name);

export async function readAccess(context: Context, id: string): Promise<FhirResponse> {
  requireWhole(context, 'r');
  const known = mayKnow(context);
  const [row] = await context.tx.query<Access>(`SELECT a.* FROM audit a WHERE a.id = ? AND ${known.text}`, [
    Number(ID.exec(id)![1]),
    ...known.params,
  ]);
  if (!row) throw refuse(404, 'not-found', 'no such AuditEvent');
  return jsonResponse(200, JSON.stringify(eventOf(row, context.base)));
}

/** A scope that opens a part of the AuditEvents cannot be asked of accesses, which are no resources: it opens none of them. */
function requireWhole({ scopes }: Context, operation: 'r' | 's'): void {
  scopes.require('AuditEvent', operation);
  if (scopes.permission('AuditEvent', operation) !== 'all')
    throw refuse(403, 'forbidden', 'the kept accesses need a scope for every AuditEvent');
}

function mayKnow({ visibility }: Context): Sql {
  if (visibility.kind === 'everything') return sql('1 = 1');
  return sql('(a.organization = ? OR a.owner = ?)', visibility.organization, visibility.organization);
}

async function conditionsOf(context: Context, pairs: readonly (readonly [string, string])[]): Promise<Sql[]> {
  const found: Sql[] = [];
  for (const [name, value] of pairs) {
    if (!KNOWN.has(name)) throw refuse(400, 'not-supported', 'the kept accesses are not searched by this parameter');
    const any: Sql[] = [];
    for (const each of splitEscaped(value, ',')) any.push(...(await conditionOf(context, name, unescapeValue(each))));
    if (any.length === 0) continue;
    const { text, params } = joinSql(any, ' OR ');
    found.push(sql(`(${text})`, ...params));
  }
  return found;
}

/** None for what does not narrow. */
async function conditionOf({ tx }: Context, name: string, value: string): Promise<Sql[]> {
  switch (name) {
    case '_id':
      return [sql('a.id = ?', Number(ID.exec(value)?.[1] ?? -1))];
    case '_source':
      return value === ACCESS_SOURCE ? [] : [sql('1 = 0')];
    case 'action':
      return [value === 'E' ? sql("a.action IN ('E', 'S', 'L')") : sql('a.action = ?', value)];
    case 'agent':
      return [sql('(a.actor = ? OR a.role = ? OR a.organization = ?)', ...Array(3).fill(value.replace(/^.*\//, '')))];
    case 'entity':
      return [sql('a.target = ?', value)];
    case 'patient': {
      const id = value.replace(/^Patient\//, '');
      return [sql('a.person = ?', (await personsOf(tx, [id])).get(id)!)];
    }
    case 'type': {
      const isLogin = hasCode(value, loginType('').type);
      return [
        isLogin || hasCode(value, accessType('R').type) ? sql(`a.action ${isLogin ? '=' : '<>'} 'L'`) : sql('1 = 0'),
      ];
    }
    case 'outcome': {
      const code = value.replace(/^.*\|/, '');
      return [code === '0' ? sql('a.outcome < 400') : code === '4' ? sql('a.outcome >= 400') : sql('1 = 0')];
    }
    case 'date':
    case '_lastUpdated':
      return [dateCondition(value)];
    default:
      return [];
  }
}

/** Whether a token of a search means this code. */
const hasCode = (token: string, { system, code }: { readonly system?: string; readonly code?: string }): boolean =>
  token === code || token === `${system}|${code}` || token === `${system}|`;

function dateCondition(value: string): Sql {
  const wanted = parseSearchDate(value);
  if (!wanted) throw refuse(400, 'value', 'a date parameter is not a date');
  const { prefix, lo, hi } = wanted;
  if (prefix === 'gt' || prefix === 'sa') return sql('a.at > ?', hi);
  if (prefix === 'lt' || prefix === 'eb') return sql('a.at < ?', lo);
  if (prefix === 'ge') return sql('a.at >= ?', lo);
  if (prefix === 'le') return sql('a.at <= ?', hi);
  return sql(prefix === 'ne' ? '(a.at < ? OR a.at > ?)' : '(a.at >= ? AND a.at <= ?)', lo, hi);
}

const INTERACTION: Readonly<Record<string, string>> = {
  C: 'create',
  R: 'read',
  U: 'update',
  D: 'delete',
  S: 'search',
  E: 'operation',
};

const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';
const accessType = (action: string): Pick<AuditEvent, 'type' | 'subtype'> => ({
  type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
  subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: INTERACTION[action] ?? 'operation' }],
});

const LOGIN: Readonly<Record<string, string>> = { login: '110122', 'sign-out': '110123' };

/** User Authentication. Rule: FHIR R4 valueset-audit-event-type, audit-event-sub-type; what they do not name has a code of the hub. */
const loginType = (what: string): Pick<AuditEvent, 'type' | 'subtype'> => ({
  type: { system: DICOM, code: '110114' },
  subtype: [LOGIN[what] ? { system: DICOM, code: LOGIN[what] } : { system: hubSystem('login-event'), code: what }],
});

const PROVENANCE_ROLE = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';
const SOURCE = { system: DICOM, code: '110153', display: 'Source Role ID' };
const DESTINATION = { system: DICOM, code: '110152', display: 'Destination Role ID' };

/** What BALP calls the two machines of an access: the data flow from the source, but a query counts from who asks. */
function machinesOf(action: string): { readonly client: object; readonly server: object } {
  if (action === 'R') return { client: DESTINATION, server: SOURCE };
  if (action !== 'D') return { client: SOURCE, server: DESTINATION };
  return {
    client: { system: DICOM, code: '110150', display: 'Application' },
    server: { system: PROVENANCE_ROLE, code: 'custodian' },
  };
}

/**
 * One access in the shapes of IHE BALP: who, for which organization, on which server, what. Names no value of a search. The address
 * of the client's machine is not kept, so no profile of BALP is claimed.
 */
function eventOf(row: Access, base: string): AuditEvent {
  const { client, server } = machinesOf(row.action);
  const asApplication: AuditEventAgent = {
    type: { coding: [client] },
    who: { identifier: { system: hubIdentifier(row.actor_kind), value: row.actor } },
    requestor: row.role === null,
  };
  const asPerson: AuditEventAgent[] = row.role
    ? [{ who: { reference: `PractitionerRole/${row.role}` }, requestor: true }]
    : [];
  const agent: AuditEventAgent[] = [...asPerson, asApplication];
  if (row.organization) agent.push({ who: { reference: `Organization/${row.organization}` }, requestor: false });
  agent.push({
    type: { coding: [server] },
    who: { display: 'Handoff' },
    requestor: false,
    network: { address: base, type: '5' },
  });
  const entityType = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code });
  const role = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/object-role', code });
  const entity: AuditEventEntity[] = [];
  if (row.target) {
    const version = row.version === null ? '' : `/_history/${row.version}`;
    const what = { reference: `${row.target}${version}` };
    entity.push({ what, type: entityType('2'), role: role('4') });
    if (row.type === 'Patient')
      entity.push({ what: { reference: row.target }, type: entityType('1'), role: role('1') });
  }
  if (row.app)
    agent.push({ who: { identifier: { system: hubIdentifier('client'), value: row.app } }, requestor: false });
  const login = row.action === 'L';
  if (row.query && !login)
    entity.push({ type: entityType('2'), role: role('24'), query: Buffer.from(row.query).toString('base64') });
  return {
    resourceType: 'AuditEvent',
    id: `access-${row.id}`,
    meta: { versionId: '1', lastUpdated: new Date(row.at).toISOString(), source: ACCESS_SOURCE },
    ...(login ? loginType(row.query ?? '') : accessType(row.action)),
    action: (row.action === 'S' || login ? 'E' : row.action) as AuditEvent['action'],
    recorded: new Date(row.at).toISOString(),
    outcome: row.outcome < 400 ? '0' : '4',
    agent,
    source: { observer: { display: 'Handoff' } },
    ...(entity.length > 0 ? { entity } : {}),
  } as AuditEvent;
}
