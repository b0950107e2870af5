import type { CommandTable, Tx } from '../../src/database/command.ts';
import { insertJobs, insertOutbox, markApplied } from '../../src/database/job-table.ts';
import type { Migration } from '../../src/database/migrate.ts';
import { flowCommands, flowMigrations } from '../../src/flow/flow-commands.ts';
import type { RoutedEvent } from '../../src/model/flow.ts';
import type { Applied } from '../../src/model/store.ts';

/** A store with one table, for tests of the flow: what was applied, in the order of the commits. It keeps the marker as the real one does. */
export interface Note {
  readonly journalId: string;
  readonly controlId: string;
  readonly patient: string;
  readonly serial: number;
}

async function apply(tx: Tx, note: Note & { readonly lane: 'safety' | 'normal' }): Promise<Applied> {
  const now = Date.now();
  if (!(await markApplied(tx, note.journalId, now))) return { outcome: 'unchanged', changed: [] };
  await tx.run('INSERT INTO note (journal_id, control_id, patient, serial) VALUES (?, ?, ?, ?)', [
    note.journalId,
    note.controlId,
    note.patient,
    note.serial,
  ]);
  const job = { handler: 'route', resourceType: 'Basic', resourceId: note.journalId, versionId: '1' } as const;
  await insertJobs(tx, [{ ...job, interaction: 'create', person: note.patient, lane: note.lane }], now);
  return { outcome: 'applied', changed: [{ type: 'Basic', id: note.journalId, versionId: '1' }] };
}

async function notes(tx: Tx): Promise<Note[]> {
  const rows = await tx.query<{ journal_id: string; control_id: string; patient: string; serial: number }>(
    'SELECT journal_id, control_id, patient, serial FROM note ORDER BY id',
  );
  return rows.map(({ journal_id: journalId, control_id: controlId, ...row }) => ({ ...row, journalId, controlId }));
}

async function note(tx: Tx, { journalId }: { readonly journalId: string }): Promise<Note | undefined> {
  const [row] = await tx.query<{ journal_id: string; control_id: string; patient: string; serial: number }>(
    'SELECT journal_id, control_id, patient, serial FROM note WHERE journal_id = ?',
    [journalId],
  );
  return row && { journalId: row.journal_id, controlId: row.control_id, patient: row.patient, serial: row.serial };
}

async function queue(tx: Tx, { events }: { readonly events: readonly RoutedEvent[] }): Promise<number> {
  return insertOutbox(tx, events, Date.now());
}

/** Ends in nothing: a full disk, as SQLite reports it. */
async function limitPages(tx: Tx, { pages }: { readonly pages: number }): Promise<unknown> {
  return tx.query(`PRAGMA max_page_count = ${Math.trunc(pages)}`);
}

export const miniCommands: CommandTable = {
  ...flowCommands,
  'mini.apply': apply,
  'mini.notes': notes,
  'mini.note': note,
  'mini.queue': queue,
  'mini.limit-pages': limitPages,
};

export const miniMigrations: readonly Migration[] = [
  ...flowMigrations,
  {
    name: 'mini-0001-note',
    up: (dialect) => [
      `CREATE TABLE note (id ${dialect === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'},
        journal_id TEXT NOT NULL, control_id TEXT NOT NULL, patient TEXT NOT NULL, serial BIGINT NOT NULL)`,
      'CREATE INDEX note_journal ON note (journal_id)',
    ],
  },
];
