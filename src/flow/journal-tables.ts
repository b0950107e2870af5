import { type LaneTables, laneMigration } from '../database/lane.ts';
import type { Migration } from '../database/migrate.ts';
import { probeMigration } from '../database/write-probe.ts';
import { holderColumn } from './holder-commands.ts';

export const JOURNAL_LANES: LaneTables = { name: 'journal', item: 'message' };
export const JOURNAL_PROBE = 'journal_probe';

/**
 * Message bodies live apart from their state, so that retention can take them while hash, ids, ACK and the row that recognises
 * repeats stay. Rule: DESIGN 3 "Size and secrecy".
 */
export const journalMigrations: readonly Migration[] = [
  {
    name: 'journal-0001-messages',
    up: (dialect) => {
      const sqlite = dialect === 'sqlite';
      const id = sqlite ? 'INTEGER PRIMARY KEY' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
      const body = `CREATE TABLE body (message ${sqlite ? 'INTEGER PRIMARY KEY' : 'BIGINT NOT NULL'}, month INTEGER NOT NULL, hash TEXT NOT NULL,
        key_id TEXT NOT NULL, bytes ${sqlite ? 'BLOB' : 'BYTEA'} NOT NULL, purge_at BIGINT NOT NULL${sqlite ? '' : ', PRIMARY KEY (month, message)'})`;
      return [
        // Keyed by the message and not by its hash: rows lie in order of arrival, and an insert touches the last page only.
        ...(sqlite
          ? [body]
          : [`${body} PARTITION BY RANGE (month)`, 'CREATE TABLE body_default PARTITION OF body DEFAULT']),
        'CREATE INDEX body_purge ON body (purge_at)',
        `CREATE TABLE message (
          id ${id},
          feed TEXT NOT NULL, partner TEXT NOT NULL, sender TEXT NOT NULL, control_id TEXT NOT NULL, hash TEXT NOT NULL,
          received_at BIGINT NOT NULL, peer TEXT NOT NULL, event TEXT NOT NULL, version TEXT NOT NULL, class INTEGER NOT NULL,
          pass INTEGER NOT NULL, application_ack TEXT, config_version TEXT NOT NULL, mapping_version TEXT, body_month INTEGER NOT NULL,
          state TEXT NOT NULL, blockers INTEGER NOT NULL, tries INTEGER NOT NULL, next_at BIGINT NOT NULL,
          lease BIGINT NOT NULL, lease_until BIGINT NOT NULL, replays INTEGER NOT NULL,
          reason_code TEXT, reason_location TEXT, reason_text TEXT,
          ack_code TEXT, ack_at BIGINT, answered INTEGER NOT NULL, repeats INTEGER NOT NULL, flagged INTEGER NOT NULL,
          late INTEGER NOT NULL, untold INTEGER NOT NULL DEFAULT 0, settled_at BIGINT)`,
        'CREATE UNIQUE INDEX message_once ON message (control_id, partner, sender, hash)',
        "CREATE INDEX message_ready ON message (class, id) WHERE state = 'received' AND blockers = 0",
        "CREATE INDEX message_waiting ON message (feed, received_at) WHERE state IN ('received', 'claimed')",
        'CREATE INDEX message_untold ON message (id) WHERE untold = 1',
        "CREATE INDEX message_parked ON message (id) WHERE state = 'parked'",
        `CREATE TABLE parked_part (message BIGINT NOT NULL, part TEXT NOT NULL, code TEXT NOT NULL, location TEXT,
          reason_text TEXT NOT NULL, PRIMARY KEY (message, part))`,
        ...laneMigration(JOURNAL_LANES, dialect),
      ];
    },
  },
  { name: 'journal-0002-holder', up: () => [holderColumn('message')] },
  probeMigration('journal-0003-probe', JOURNAL_PROBE),
];

/** The body partition a message lies in: `202611` for November 2026, UTC. */
export function monthOf(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/** PostgreSQL: makes the partition of one month. It must be there before a body of that month is, or the default partition has it. */
export const bodyPartition = (month: number): string =>
  `CREATE TABLE IF NOT EXISTS body_${month} PARTITION OF body FOR VALUES FROM (${month}) TO (${month + 1})`;
