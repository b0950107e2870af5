import type { SqlValue, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Actor } from '../model/actor.ts';
import type { Purpose } from '../model/visibility.ts';
import type { Row } from './rows.ts';
import { sealText } from './sealed-text.ts';
import { insertRows } from './statements.ts';

/** What an access was, where its action alone does not say: a code of restful-interaction, or `disclose`. */
export type AuditInteraction =
  | 'vread'
  | 'patch'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  /** What of somebody else's left with the answer of an operation, a notification or a delivery. */
  | 'disclose';

/** One access as it is kept: who, what, when, with what outcome. Never content. Rule: DOMAIN §B9. */
export interface AuditRecord {
  readonly at: number;
  /** Other than a client or person only where the hub itself sent: the partner, by its id. */
  readonly actor: Actor | (Omit<Actor, 'kind'> & { readonly kind: 'partner' });
  /** C, R, U, D, E, S for a search, or L for what concerns a login: then `query` says what. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E' | 'S' | 'L';
  /** HTTP status. */
  readonly outcome: number;
  readonly type?: string;
  readonly target?: string;
  readonly version?: number;
  readonly person?: string;
  /** Patient id: the record of the person that the target names. */
  readonly patient?: string;
  /** Organization that owns the target: it may know who looked. */
  readonly owner?: string;
  /** Names of the search parameters, without their values. */
  readonly query?: string;
  readonly interaction?: AuditInteraction;
  /** The search as it was sent, `Type?query`; only who asked and operators read it. Kept sealed where a key is configured. */
  readonly request?: string;
  readonly purpose?: Purpose;
}

/** Longest search that is kept whole; a longer one ends with the mark. */
const REQUEST_MAX = 4000;
export const CUT_MARK = '…';

/** Whom a row is about, as its record says it. */
export const aboutOf = ({
  person,
  patient,
}: Pick<Row, 'person' | 'patient'>): Pick<AuditRecord, 'person' | 'patient'> => ({
  ...(person === '' ? {} : { person }),
  ...(patient === null ? {} : { patient }),
});

/**
 * The record once for each patient and owner among what an answer holds, and at least once: who asks who saw a patient finds every
 * search that showed something of that one. Directory entries are everybody's. Rule: IHE BALP 1.1, PatientQuery.
 */
export function recordsAbout(record: AuditRecord, rows: readonly Row[]): AuditRecord[] {
  const found = new Map<string, AuditRecord>();
  for (const row of rows) {
    if (row.shared === 1) continue;
    const { owner_org: owner, person, patient } = row;
    const key = `${owner} ${patient ?? ''} ${person}`;
    if (!found.has(key)) found.set(key, { ...record, owner, ...aboutOf(row) });
  }
  return found.size === 0 ? [record] : [...found.values()];
}

/** Writes access records into the caller's transaction; durable when it is. */
export function storeAudit(tx: Tx, records: readonly AuditRecord[]): void {
  const keys = bodyKeysOf(tx.env);
  const kept = (request: string): string =>
    sealText(request.length > REQUEST_MAX ? `${request.slice(0, REQUEST_MAX)}${CUT_MARK}` : request, keys);
  insertRows(
    tx,
    `INSERT INTO audit (at, actor_kind, actor, organization, role, action, outcome, type, target, version, person, query, owner, app,
      address, request_id, token, patient, interaction, request, purpose) VALUES`,
    records.map((each): SqlValue[] => [
      each.at,
      each.actor.kind,
      each.actor.id,
      each.actor.organization ?? null,
      each.actor.practitionerRole ?? null,
      each.action,
      each.outcome,
      each.type ?? null,
      each.target ?? null,
      each.version ?? null,
      each.person ?? null,
      each.query ?? null,
      each.owner ?? null,
      each.actor.app ?? null,
      each.actor.peer?.address ?? null,
      each.actor.peer?.requestId ?? null,
      each.actor.peer?.token ?? null,
      each.patient ?? null,
      each.interaction ?? null,
      each.request === undefined ? null : kept(each.request),
      each.purpose ?? null,
    ]),
  );
}
