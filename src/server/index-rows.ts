import { createHash } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import type { SqlValue, Tx } from '../database/command.ts';
import type { Definitions } from '../fhir/definitions.ts';
import type { ComponentValue } from '../fhir/index-values.ts';
import { extract } from '../fhir/search-values.ts';
import type { FhirResource } from './engine.ts';
import { insertCounted, insertRows } from './statements.ts';

/** Numbers under which a parameter of a type stands in the index tables, itself and what is kept beside it. */
interface ParameterKeys {
  readonly own: number;
  readonly text: number;
  readonly ofType: number;
  readonly identifier: number;
  readonly canonical: number;
  /** Another parameter gives the same rows. */
  readonly repeats: boolean;
}

/**
 * Number of the rules by which `indexRows` makes rows of a resource. Raised with every change of what they give, so that
 * `handoff reindex` adds what they give and removes what they give no more.
 */
export const INDEX_RULES = 2;

const keys = new Map<string, number>();
const keysOfTypes = new Map<string, Map<string, ParameterKeys>>();

/** Parameters whose expression is another one's: what they find is stored once. */
export const SAME_AS: Readonly<Record<string, string>> = {
  'Coverage.beneficiary': 'Coverage.patient',
  'Patient.phonetic': 'Patient.name',
  'Person.phonetic': 'Person.name',
  'Practitioner.phonetic': 'Practitioner.name',
  'RelatedPerson.phonetic': 'RelatedPerson.name',
};

/** Number under which a parameter of a type stands in the index tables: 31 bits of a hash, so that it never depends on a list's order. */
export function parameterKey(type: string, code: string): number {
  const name = `${type}.${code}`;
  let key = keys.get(name);
  if (key === undefined) {
    key =
      createHash('sha256')
        .update(SAME_AS[name] ?? name)
        .digest()
        .readUInt32BE(0) >>> 1;
    keys.set(name, key);
  }
  return key;
}

function keysOf(type: string): Map<string, ParameterKeys> {
  let known = keysOfTypes.get(type);
  if (known === undefined) {
    known = new Map();
    keysOfTypes.set(type, known);
  }
  return known;
}

/** What the keys beside a parameter's own are named after. */
export const KEY_SUFFIXES = ['', ':text', ':of-type', ':identifier', ':canonical'] as const;

function makeKeys(type: string, code: string): ParameterKeys {
  return {
    own: parameterKey(type, code),
    text: parameterKey(type, `${code}:text`),
    ofType: parameterKey(type, `${code}:of-type`),
    identifier: parameterKey(type, `${code}:identifier`),
    canonical: parameterKey(type, `${code}:canonical`),
    repeats: Object.hasOwn(SAME_AS, `${type}.${code}`),
  };
}

export type IndexTable = 'token' | 'string' | 'date' | 'number' | 'quantity' | 'reference' | 'uri' | 'composite';

/** Columns of each table before `rid`. */
export const INDEX_COLUMNS: Readonly<Record<IndexTable, readonly string[]>> = {
  token: ['p', 'code', 'system'],
  string: ['p', 'value', 'exact'],
  date: ['p', 'lo', 'hi'],
  number: ['p', 'lo', 'hi'],
  quantity: ['p', 'code', 'lo', 'hi', 'system', 'unit'],
  reference: ['p', 'tid', 'ttype'],
  uri: ['p', 'value'],
  composite: ['p', 'code', 'system', 'code2', 'system2', 'lo', 'hi'],
};

const INSERT = Object.fromEntries(
  Object.entries(INDEX_COLUMNS).map(([table, columns]) => [
    table,
    `INSERT INTO idx_${table} (${columns.join(', ')}, rid) VALUES`,
  ]),
) as Record<IndexTable, string>;

/** PostgreSQL: all tables in one round trip, each column a list, so that one prepared statement serves any number of rows. */
const LIST_TYPES: Readonly<Record<string, string>> = { p: 'int', lo: 'double precision', hi: 'double precision' };
const listType = (table: string, column: string): string =>
  table === 'date' && column !== 'p' ? 'bigint' : (LIST_TYPES[column] ?? 'text');
const INSERT_LISTS = `WITH ${Object.entries(INDEX_COLUMNS)
  .map(([table, columns]) => {
    const lists = columns.map((column) => `?::${listType(table, column)}[]`).join(', ');
    return `${table}_rows AS (INSERT INTO idx_${table} (${columns.join(', ')}, rid) SELECT * FROM unnest(${lists}, ?::bigint[]) ON CONFLICT DO NOTHING)`;
  })
  .join(', ')} SELECT 1`;

const DELETE = Object.fromEntries(
  Object.entries(INDEX_COLUMNS).map(([table, columns]) => [
    table,
    `DELETE FROM idx_${table} WHERE rid = ? AND ${columns.map((column) => `${column} = ?`).join(' AND ')}`,
  ]),
) as Record<IndexTable, string>;

/** What a resource is found by, as rows without `rid`: table → text of the row → its values. */
export type IndexRows = Map<IndexTable, Map<string, readonly SqlValue[]>>;

/** Longest text an index holds; a search for something longer finds what begins so and is checked no further. */
export const INDEX_TEXT_MAX = 400;
const cut = (text: string): string => (text.length > INDEX_TEXT_MAX ? text.slice(0, INDEX_TEXT_MAX) : text);

/** `_id` and `_lastUpdated` are columns of the row itself. */
const COLUMN_PARAMETERS = new Set(['_id', '_lastUpdated']);

export function indexRows(definitions: Definitions, resource: FhirResource): IndexRows {
  const rows: IndexRows = new Map();
  const { resourceType } = resource;
  const add = (table: IndexTable, ...values: readonly SqlValue[]): void => {
    let of = rows.get(table);
    if (of === undefined) {
      of = new Map();
      rows.set(table, of);
    }
    of.set(values.join('\u0000'), values);
  };
  const known = keysOf(resourceType);
  for (const { param, value } of extract(definitions, resource as unknown as Resource)) {
    if (COLUMN_PARAMETERS.has(param)) continue;
    let of = known.get(param);
    if (of === undefined) {
      of = makeKeys(resourceType, param);
      known.set(param, of);
    }
    if (of.repeats) continue;
    if (value.kind === 'composite') addComposite(add, of, value.parts);
    else addValue(add, of, value);
  }
  return rows;
}

type Add = (table: IndexTable, ...values: readonly SqlValue[]) => void;

function addValue(add: Add, under: ParameterKeys, value: ComponentValue): void {
  const p = under.own;
  switch (value.kind) {
    case 'token':
      if (value.code !== undefined || value.system !== undefined)
        add('token', p, cut(value.code ?? ''), cut(value.system ?? ''));
      if (value.text) add('string', under.text, cut(value.text), '');
      for (const of of value.type ?? []) {
        add('token', under.ofType, cut(`${of.code ?? ''}|${value.code ?? ''}`), cut(of.system ?? ''));
      }
      return;
    case 'string':
      add('string', p, cut(value.folded), cut(value.text));
      return;
    case 'date':
      add('date', p, value.lo, value.hi);
      return;
    case 'number':
      add('number', p, value.lo, value.hi);
      return;
    case 'quantity':
      add('quantity', p, value.code ?? '', value.lo, value.hi, value.system ?? '', value.unit ?? '');
      if (value.canonical) {
        const { code, lo, hi } = value.canonical;
        add('quantity', under.canonical, code, lo, hi, '', '');
      }
      return;
    case 'reference':
      if (value.type !== undefined && value.id !== undefined) add('reference', p, value.id, value.type);
      else if (value.url !== undefined) {
        add('reference', p, cut(value.url), '');
        if (value.version !== undefined) add('reference', p, cut(`${value.url}|${value.version}`), '');
      }
      if (value.identifier?.value !== undefined || value.identifier?.system !== undefined) {
        const { value: code, system } = value.identifier;
        add('token', under.identifier, cut(code ?? ''), cut(system ?? ''));
      }
      return;
    case 'uri':
      add('uri', p, cut(value.uri));
      return;
    case 'position':
      return;
  }
}

/** R4's composites are a token and one more value; others are not indexed and a search for them is refused. */
function addComposite(add: Add, under: ParameterKeys, parts: readonly ComponentValue[]): void {
  const [first, second] = parts;
  if (parts.length !== 2 || first?.kind !== 'token' || second === undefined) return;
  if ([first, second].some((part) => part.kind === 'token' && part.code === undefined && part.system === undefined))
    return;
  const token = [cut(first.code ?? ''), cut(first.system ?? '')] as const;
  const head = [under.own, ...token] as const;
  if (second.kind === 'token') add('composite', ...head, cut(second.code ?? ''), cut(second.system ?? ''), 0, 0);
  else if (second.kind === 'quantity') {
    add('composite', ...head, second.code ?? '', second.system ?? '', second.lo, second.hi);
    const { canonical } = second;
    if (canonical) add('composite', under.canonical, ...token, canonical.code, '', canonical.lo, canonical.hi);
  } else if (second.kind === 'string') add('composite', ...head, cut(second.folded), '', 0, 0);
  else if (second.kind === 'date' || second.kind === 'number') add('composite', ...head, '', '', second.lo, second.hi);
  else if (second.kind === 'reference')
    add('composite', ...head, second.id ?? second.url ?? '', second.type ?? '', 0, 0);
}

const CONFLICT = 'ON CONFLICT DO NOTHING';
const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

/** Rows to insert where they are not there yet (older rules may have left them), gathered over the resources of one transaction: one statement per table and not per resource. */
export class IndexWriter {
  readonly #inserts = new Map<IndexTable, (readonly SqlValue[])[]>();
  readonly #deletes: { readonly table: IndexTable; readonly values: readonly SqlValue[] }[] = [];

  /** Brings the index of one row from what it was found by to what it is found by now. */
  change(rid: number, before: IndexRows | undefined, after: IndexRows | undefined): void {
    for (const [table, rows] of after ?? []) {
      const had = before?.get(table);
      for (const [text, values] of rows) {
        if (had?.has(text)) continue;
        let list = this.#inserts.get(table);
        if (list === undefined) {
          list = [];
          this.#inserts.set(table, list);
        }
        list.push([...values, rid]);
      }
    }
    for (const [table, rows] of before ?? []) {
      const has = after?.get(table);
      for (const [text, values] of rows) if (!has?.has(text)) this.#deletes.push({ table, values: [rid, ...values] });
    }
  }

  flush(tx: Tx): void {
    for (const { table, values } of this.#deletes) tx.send(DELETE[table], values);
    if (tx.dialect === 'postgres') this.#insertLists(tx);
    else for (const [table, rows] of this.#inserts) insertRows(tx, INSERT[table], rows, CONFLICT);
    this.#clear();
  }

  /** As `flush`; says how many rows it added and removed. */
  async flushCounted(tx: Tx): Promise<{ readonly added: number; readonly removed: number }> {
    const removed = this.#deletes.map(({ table, values }) => tx.run(DELETE[table], values));
    const added = [...this.#inserts].map(([table, rows]) => insertCounted(tx, INSERT[table], rows, CONFLICT));
    this.#clear();
    return { added: sum(await Promise.all(added)), removed: sum(await Promise.all(removed)) };
  }

  #clear(): void {
    this.#deletes.length = 0;
    this.#inserts.clear();
  }

  #insertLists(tx: Tx): void {
    if (this.#inserts.size === 0) return;
    const lists = Object.entries(INDEX_COLUMNS).flatMap(([table, columns]) => {
      const rows = this.#inserts.get(table as IndexTable) ?? [];
      return Array.from({ length: columns.length + 1 }, (_, at) => rows.map((row) => row[at]!));
    });
    // node-postgres takes a list for an array parameter.
    tx.send(INSERT_LISTS, lists as unknown as SqlValue[]);
  }
}
