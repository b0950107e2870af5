import type { Resource } from '@medplum/fhirtypes';
import type { CommandTable, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Actor } from '../model/actor.ts';
import type { Applied, Stored } from '../model/store.ts';
import type { Visibility } from '../model/visibility.ts';
import { accessCommands } from './access-commands.ts';
import { type ApplyArgs, applyUnit } from './apply.ts';
import { type AuditRecord, storeAudit } from './audit.ts';
import { contextOf, visibilityOf } from './context.ts';
import type { Engine, FhirResource } from './engine.ts';
import type { FhirCall, FhirResponse } from './exchange.ts';
import { grantCommands } from './grant-commands.ts';
import { launchCommands } from './launch-commands.ts';
import { loginCommands } from './login-commands.ts';
import { showRows } from './mask.ts';
import { route } from './route.ts';
import { parseRow, type Row, rowKey } from './rows.ts';
import { parseSearch } from './search-request.ts';
import { runSearch } from './search-run.ts';
import { queryKeys } from './statements.ts';
import { compileTriggers } from './triggers.ts';
import { type UnmergeArgs, type Unmerged, unmerge } from './unmerge.ts';
import { visibleRows } from './visibility-sql.ts';
import { writeAll } from './write.ts';

export interface ReadArgs {
  readonly keys: readonly { readonly type: string; readonly id: string }[];
  readonly as: Visibility;
}

export interface SearchArgs {
  readonly query: string;
  readonly as: Visibility;
  readonly at: number;
}

export interface PutArgs {
  readonly resource: FhirResource & { readonly id: string };
  readonly by: Actor;
  readonly at: number;
}

const NO_BASE = 'urn:handoff:store';
const ALL_SCOPES: Actor['scopes'] = ['system/*.cruds'];

/** Commands of the server by name. Compiles the triggers at once: one that does not fit its type must not wait for its first change. */
export function serverCommands(engine: Engine): CommandTable {
  compileTriggers(engine);
  return {
    ...accessCommands,
    ...loginCommands,
    ...launchCommands,
    ...grantCommands,
    'store.apply': (tx, args: ApplyArgs): Promise<Applied> => applyUnit(tx, engine, args),
    'store.unmerge': (tx, args: UnmergeArgs): Promise<Unmerged> => unmerge(tx, engine, args),
    'store.read': (tx, args: ReadArgs) => storeRead(tx, engine, args),
    'store.search': (tx, args: SearchArgs) => storeSearch(tx, engine, args),
    'store.put': (tx, args: PutArgs) => storePut(tx, engine, args),
    'store.issues': (tx, journalId: string) =>
      tx.query('SELECT severity, code, location, part, text FROM apply_issue WHERE journal_id = ? ORDER BY id', [
        journalId,
      ]),
    'fhir.handle': (tx, call: FhirCall): Promise<FhirResponse> => route(contextOf(tx, engine, call), call.request),
    'audit.append': async (tx, records: readonly AuditRecord[]) => storeAudit(tx, records),
  };
}

async function storeRead(tx: Tx, engine: Engine, { keys, as }: ReadArgs): Promise<(Stored | undefined)[]> {
  const visible = visibleRows(as, 'r');
  const rows = await queryKeys<Row>(
    tx,
    `SELECT r.* FROM resource r WHERE (r.type, r.id) IN $KEYS AND r.deleted = 0 AND ${visible.text}`,
    keys.map(({ type, id }) => [type, id]),
    [],
    visible.params,
  );
  const shown = await Promise.all(rows.map((row) => shownAs(tx, engine, as, [row], row.last_updated)));
  const found = new Map(rows.map((row, at) => [rowKey(row.type, row.id), shown[at]![0]]));
  return keys.map(({ type, id }) => found.get(rowKey(type, id)));
}

async function storeSearch(tx: Tx, engine: Engine, { query, as, at }: SearchArgs): Promise<Stored[]> {
  const [type = '', search = ''] = query.split(/\?(.*)/s);
  const actor: Actor = { kind: 'hub', id: 'hub', scopes: ALL_SCOPES };
  const context = contextOf(tx, engine, { actor, at, base: NO_BASE, visibility: as });
  const parsed = parseSearch(
    engine.definitions,
    type === '' ? undefined : type,
    [...new URLSearchParams(search)],
    true,
  );
  const rows: Row[] = [];
  let cursor = parsed.cursor;
  do {
    const page = await runSearch(context, { ...parsed, count: parsed.count ?? context.limits.pageMax, cursor });
    rows.push(...page.matches, ...page.included);
    // Without _count the flow asks for all there is.
    cursor = parsed.count === undefined ? page.cursor : undefined;
  } while (cursor !== undefined);
  const unique = [...new Map(rows.map((row) => [row.rid, row])).values()];
  return shownAs(tx, engine, as, unique, at);
}

async function shownAs(tx: Tx, engine: Engine, as: Visibility, rows: readonly Row[], at: number): Promise<Stored[]> {
  const actor: Actor = { kind: 'hub', id: 'hub', scopes: ALL_SCOPES };
  const shown = await showRows(contextOf(tx, engine, { actor, at, base: NO_BASE, visibility: as }), rows);
  return rows.map((row) => {
    const { text, resource } = shown.get(row.rid)!;
    return resource ?? (JSON.parse(text) as Stored);
  });
}

async function storePut(tx: Tx, engine: Engine, { resource, by, at }: PutArgs): Promise<Stored> {
  const actor: Actor = by.kind === 'hub' ? { ...by, scopes: ALL_SCOPES } : by;
  const context = contextOf(tx, engine, { actor, at, base: NO_BASE, visibility: visibilityOf(actor, at) });
  const [written] = await writeAll(context, [
    { action: 'update', type: resource.resourceType, id: resource.id, resource },
  ]);
  return (written!.resource ?? parseRow(written!.row!, bodyKeysOf(tx.env))) as unknown as Stored & Resource;
}
