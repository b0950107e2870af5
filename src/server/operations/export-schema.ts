import type { Tx } from '../../database/command.ts';
import type { Migration } from '../../database/migrate.ts';

const text = (dialect: Tx['dialect']): string => (dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"');

/**
 * What was asked to be exported and which row ranges its files stand for. The files themselves are never kept: each is read
 * from the store when it is fetched, under what its reader may see then. Instants are milliseconds.
 */
export const exportMigration: Migration = {
  name: 'server-0010-export',
  up: (dialect) => {
    const t = text(dialect);
    return [
      `CREATE TABLE export_job (
        id ${t} PRIMARY KEY, client ${t} NOT NULL, actor TEXT NOT NULL, request TEXT NOT NULL, level ${t} NOT NULL,
        types TEXT NOT NULL, filters TEXT NOT NULL, since BIGINT, until BIGINT NOT NULL, state ${t} NOT NULL,
        type_at INTEGER NOT NULL, after_rid BIGINT NOT NULL, parts INTEGER NOT NULL, resources BIGINT NOT NULL,
        lease BIGINT NOT NULL, lease_until BIGINT NOT NULL, reason_code TEXT, created_at BIGINT NOT NULL, finished_at BIGINT)`,
      'CREATE INDEX export_job_state ON export_job (state, created_at)',
      'CREATE INDEX export_job_client ON export_job (client, state)',
      `CREATE TABLE export_part (
        job ${t} NOT NULL, number INTEGER NOT NULL, kind ${t} NOT NULL, type ${t} NOT NULL, from_rid BIGINT NOT NULL,
        to_rid BIGINT NOT NULL, resources INTEGER NOT NULL, PRIMARY KEY (job, number))`,
      `CREATE TABLE export_patient (job ${t} NOT NULL, patient ${t} NOT NULL, PRIMARY KEY (job, patient))`,
      'CREATE INDEX resource_type_rid ON resource (type, rid)',
    ];
  },
};
