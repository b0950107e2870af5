import type { SqlValue, Tx } from '../database/command.ts';
import type { Actor } from '../model/actor.ts';
import { insertRows } from './statements.ts';

/** One access as it is kept: who, what, when, with what outcome. Never content. Rule: DOMAIN §B9. */
export interface AuditRecord {
  readonly at: number;
  readonly actor: Actor;
  /** C, R, U, D, E, S for a search, or L for what concerns a login: then `query` says what. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E' | 'S' | 'L';
  /** HTTP status. */
  readonly outcome: number;
  readonly type?: string;
  readonly target?: string;
  readonly version?: number;
  readonly person?: string;
  /** Organization that owns the target: it may know who looked. */
  readonly owner?: string;
  /** Names of the search parameters, without their values. */
  readonly query?: string;
}

/** Writes access records into the caller's transaction; durable when it is. */
export async function storeAudit(tx: Tx, records: readonly AuditRecord[]): Promise<void> {
  await insertRows(
    tx,
    'INSERT INTO audit (at, actor_kind, actor, organization, role, action, outcome, type, target, version, person, query, owner, app) VALUES',
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
    ]),
  );
}
