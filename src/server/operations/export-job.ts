import type { Tx } from '../../database/command.ts';
import type { Actor } from '../../model/actor.ts';

export interface ExportLimits {
  /** Exports of one client under way; one more is refused. */
  readonly activeMax: number;
  /** Finished exports of one client that can still be fetched. */
  readonly keptMax: number;
  /** A file holds no more than this, unless one resource alone is larger. */
  readonly partResourcesMax: number;
  readonly partBytesMax: number;
  /** How long a finished export can be fetched. */
  readonly keepMs: number;
}

export const EXPORT_LIMITS: ExportLimits = {
  activeMax: 5,
  keptMax: 100,
  partResourcesMax: 5000,
  partBytesMax: 16 * 1024 * 1024,
  keepMs: 24 * 3_600_000,
};

export type ExportState = 'queued' | 'done' | 'failed' | 'cancelled';

/** One export as it was asked for and as far as its files are planned. */
export interface ExportJob {
  readonly id: string;
  readonly client: string;
  /** Whose eyes it is planned with; each file is read with those of who fetches it. */
  readonly actor: Actor;
  /** URL of the kick-off. */
  readonly request: string;
  readonly level: 'system' | 'patient' | 'group';
  readonly types: readonly string[];
  /** `_typeFilter`: type and search. */
  readonly filters: readonly (readonly [type: string, query: string])[];
  readonly since: number | undefined;
  /** The transaction time: what was written after it is not in the files. */
  readonly until: number;
  readonly state: ExportState;
  readonly typeAt: number;
  readonly afterRid: number;
  readonly parts: number;
  readonly resources: number;
  readonly lease: number;
  readonly reasonCode: string | undefined;
  readonly finishedAt: number | undefined;
}

export interface ExportPart {
  readonly kind: 'output' | 'deleted';
  readonly type: string;
  /** Exclusive. */
  readonly fromRid: number;
  /** Inclusive. */
  readonly toRid: number;
  readonly resources: number;
}

export interface JobRow {
  readonly id: string;
  readonly client: string;
  readonly actor: string;
  readonly request: string;
  readonly level: ExportJob['level'];
  readonly types: string;
  readonly filters: string;
  readonly since: number | null;
  readonly until: number;
  readonly state: ExportState;
  readonly type_at: number;
  readonly after_rid: number;
  readonly parts: number;
  readonly resources: number;
  readonly lease: number;
  readonly reason_code: string | null;
  readonly finished_at: number | null;
}

export const JOB_COLUMNS =
  'id, client, actor, request, level, types, filters, since, until, state, type_at, after_rid, parts, resources, lease, reason_code, finished_at';

export function toJob(row: JobRow): ExportJob {
  return {
    id: row.id,
    client: row.client,
    actor: JSON.parse(row.actor) as Actor,
    request: row.request,
    level: row.level,
    types: JSON.parse(row.types) as string[],
    filters: JSON.parse(row.filters) as [string, string][],
    since: row.since ?? undefined,
    until: row.until,
    state: row.state,
    typeAt: row.type_at,
    afterRid: row.after_rid,
    parts: row.parts,
    resources: row.resources,
    lease: row.lease,
    reasonCode: row.reason_code ?? undefined,
    finishedAt: row.finished_at ?? undefined,
  };
}

export async function loadJob(tx: Tx, id: string): Promise<ExportJob | undefined> {
  const [row] = await tx.query<JobRow>(`SELECT ${JOB_COLUMNS} FROM export_job WHERE id = ?`, [id]);
  return row && toJob(row);
}

interface PartRow {
  readonly kind: ExportPart['kind'];
  readonly type: string;
  readonly from_rid: number;
  readonly to_rid: number;
  readonly resources: number;
}

/** Files of an export in order; their place in the list is their number. */
export async function loadParts(tx: Tx, id: string): Promise<ExportPart[]> {
  const rows = await tx.query<PartRow>(
    'SELECT kind, type, from_rid, to_rid, resources FROM export_part WHERE job = ? ORDER BY number',
    [id],
  );
  return rows.map(toPart);
}

export async function loadPart(tx: Tx, id: string, number: number): Promise<ExportPart | undefined> {
  const [row] = await tx.query<PartRow>(
    'SELECT kind, type, from_rid, to_rid, resources FROM export_part WHERE job = ? AND number = ?',
    [id, number],
  );
  return row && toPart(row);
}

const toPart = (row: PartRow): ExportPart => ({
  kind: row.kind,
  type: row.type,
  fromRid: row.from_rid,
  toRid: row.to_rid,
  resources: row.resources,
});
