import type { AuditEvent } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { parseSearchDate } from '../fhir/search-ranges.ts';
import { ACCESS_SOURCE, EVENT_TYPE, eventOf } from './access-event.ts';
import type { Access } from './access-row.ts';
import { CUT_MARK } from './audit.ts';
import type { Pairs } from './bundle-text.ts';
import type { Context } from './context.ts';
import { type FhirResponse, jsonResponse } from './exchange.ts';
import { personsOf } from './persons.ts';
import { refuse } from './refusal.ts';
import { openText } from './sealed-text.ts';
import { splitEscaped, unescapeValue } from './search-request.ts';
import { joinSql, type Sql, sql } from './visibility-sql.ts';

const ID = /^access-(\d{1,15})$/;

/** Whether an id is that of a kept access and not of a stored AuditEvent. */
export const isAccessId = (id: string): boolean => ID.test(id);

/** Whether a search asks for the kept accesses and for nothing that was written. */
export const asksAccessesOnly = (pairs: Pairs): boolean =>
  pairs.some(([name, value]) => name === '_source' && value === ACCESS_SOURCE);

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

/** A kept access and when it was; what it says is rendered when it is shown. */
export interface KeptAccess {
  readonly id: number;
  /** Milliseconds. */
  readonly at: number;
  readonly event: AuditEvent;
}

/** Where an access stands in the order of time. */
export type Place = readonly [at: number, id: number];

/**
 * The kept accesses among what a search of AuditEvents asks for: to an operator all; to an organization what its own people did, and
 * what anybody did with what it owns. They are kept as rows and rendered here: a read must not cost a resource. Rule: DOMAIN §B9, IHE BALP.
 */
export interface Accesses {
  /** In the order of time from behind one of them on. */
  page(after: Place | undefined, count: number, oldestFirst: boolean): Promise<KeptAccess[]>;
  total(): Promise<number>;
}

/** Undefined where a scope opens none of them. Throws 400 for a parameter by which they are not searched (`isAccessParameter`). */
export async function accessesOf(context: Context, pairs: Pairs): Promise<Accesses | undefined> {
  if (context.scopes.permission('AuditEvent', 's') !== 'all') return undefined;
  const { tx } = context;
  const all = joinSql([mayKnow(context), ...(await conditionsOf(context, pairs))], ' AND ');
  return {
    async page(after, count, oldestFirst) {
      const [way, beyond] = oldestFirst ? ['ASC', '>'] : ['DESC', '<'];
      const past = after ? sql(`(a.at, a.id) ${beyond} (?, ?)`, ...after) : sql('1 = 1');
      const rows = await tx.query<Access>(
        `SELECT a.* FROM audit a WHERE ${all.text} AND ${past.text} ORDER BY a.at ${way}, a.id ${way} LIMIT ?`,
        [...all.params, ...past.params, count],
      );
      return rows.map((row) => ({ id: Number(row.id), at: Number(row.at), event: shown(context, row) }));
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
  return jsonResponse(200, JSON.stringify(shown(context, row)));
}

/** A scope that opens a part of the AuditEvents cannot be asked of accesses, which are no resources: it opens none of them. */
export function requireWhole({ scopes }: Context, operation: 'r' | 's'): void {
  scopes.require('AuditEvent', operation);
  if (scopes.permission('AuditEvent', operation) !== 'all')
    throw refuse(403, 'forbidden', 'the kept accesses need a scope for every AuditEvent');
}

function mayKnow({ visibility }: Context): Sql {
  if (visibility.kind === 'everything') return sql('1 = 1');
  // Who looked is told a patient by his clinic: a row names staff and other organizations. Rule: H4.
  if (visibility.kind === 'patient') return sql('1 = 0');
  // What the hub told a partner is its owner's to know: the partner was told what it was told.
  return sql(
    "((a.organization = ? AND a.actor_kind <> 'partner') OR a.owner = ?)",
    visibility.organization,
    visibility.organization,
  );
}

async function conditionsOf(context: Context, pairs: Pairs): Promise<Sql[]> {
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

type EventKind = keyof typeof EVENT_TYPE;
const ROWS_OF: Readonly<Record<EventKind, string>> = {
  login: "a.action = 'L'",
  disclosure: "a.interaction = 'disclose'",
  access: "(a.action <> 'L' AND COALESCE(a.interaction, '') <> 'disclose')",
};

/** None for what does not narrow. */
async function conditionOf({ tx }: Context, name: string, value: string): Promise<Sql[]> {
  switch (name) {
    case '_id':
      return [sql('a.id = ?', Number(ID.exec(value)?.[1] ?? -1))];
    case '_source':
      return [sql(value === ACCESS_SOURCE ? '1 = 1' : '1 = 0')];
    case 'action':
      return [value === 'E' ? sql("a.action IN ('E', 'S', 'L')") : sql('a.action = ?', value)];
    case 'agent': {
      // The name of a mirror's queue has a slash of its own.
      const id = value.replace(/^.*\//, '');
      return [sql('(a.actor IN (?, ?) OR a.role = ? OR a.organization = ?)', value, id, id, id)];
    }
    case 'entity':
      return [sql('a.target = ?', value)];
    case 'patient': {
      const id = value.replace(/^Patient\//, '');
      return [sql('a.person = ?', (await personsOf(tx, [id])).get(id)!)];
    }
    case 'type': {
      const kinds = Object.keys(ROWS_OF).filter((kind) => hasCode(value, EVENT_TYPE[kind as EventKind]));
      return [sql(kinds.length === 0 ? '1 = 0' : `(${kinds.map((kind) => ROWS_OF[kind as EventKind]).join(' OR ')})`)];
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

/** As this reader gets it: what was searched for is told to who searched and to operators, for it says what somebody looks for in whom. */
function shown({ tx, base, visibility }: Context, row: Access): AuditEvent {
  const isOwn =
    visibility.kind === 'everything' ||
    (visibility.kind === 'organization' && row.organization === visibility.organization);
  const request = isOwn && row.request !== null ? openText(row.request, bodyKeysOf(tx.env)) : undefined;
  return eventOf(row, base, request?.endsWith(CUT_MARK) ? undefined : request);
}
