import { createHash } from 'node:crypto';
import type { Job } from '../model/flow.ts';
import type { OutboxEvent } from '../model/outbox.ts';
import type { SqlValue, Tx } from './command.ts';
import { enterInOrder, type LaneTables, laneMigration, queueInLanes } from './lane.ts';
import type { Migration } from './migrate.ts';
import { inPieces, tuples } from './row-list.ts';

/**
 * The tables of the store database that a store transaction and the flow share: subscription jobs, the outbox and the marker
 * "this journal row is applied". They lie beside the resources so that a change and what it causes are one commit.
 */
export const JOB_LANES: LaneTables = { name: 'job', item: 'job' };
export const OUTBOX_LANES: LaneTables = { name: 'outbox', item: 'outbox' };

const id = (dialect: Tx['dialect']): string =>
  dialect === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
const bytes = (dialect: Tx['dialect']): string => (dialect === 'sqlite' ? 'BLOB' : 'BYTEA');

export const jobTableMigrations: readonly Migration[] = [
  {
    name: 'flow-0001-jobs-outbox',
    up: (dialect) => [
      'CREATE TABLE applied (journal_id TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)',
      `CREATE TABLE job (
        id ${id(dialect)},
        handler TEXT NOT NULL, resource_type TEXT NOT NULL, resource_id TEXT NOT NULL, version_id TEXT NOT NULL,
        interaction TEXT NOT NULL, person TEXT, class INTEGER NOT NULL,
        state TEXT NOT NULL, blockers INTEGER NOT NULL, tries INTEGER NOT NULL, next_at BIGINT NOT NULL,
        lease BIGINT NOT NULL, lease_until BIGINT NOT NULL,
        reason_code TEXT, reason_text TEXT, created_at BIGINT NOT NULL, settled_at BIGINT)`,
      'CREATE UNIQUE INDEX job_once ON job (resource_id, version_id, handler, resource_type, interaction)',
      "CREATE INDEX job_ready ON job (class, id) WHERE state = 'queued' AND blockers = 0",
      "CREATE INDEX job_open ON job (state, id) WHERE state <> 'done'",
      "CREATE INDEX job_settled ON job (settled_at) WHERE state = 'done'",
      ...laneMigration(JOB_LANES, dialect),
      `CREATE TABLE outbox (
        id ${id(dialect)},
        recipient TEXT NOT NULL, organization TEXT NOT NULL, event_key TEXT NOT NULL, kind TEXT NOT NULL,
        class INTEGER NOT NULL, person TEXT, purpose TEXT NOT NULL, resources TEXT NOT NULL, sender TEXT,
        state TEXT NOT NULL, blockers INTEGER NOT NULL, tries INTEGER NOT NULL, next_at BIGINT NOT NULL,
        lease BIGINT NOT NULL, lease_until BIGINT NOT NULL,
        control_id TEXT, endpoint TEXT, digest TEXT, key_id TEXT, payload ${bytes(dialect)},
        ack ${bytes(dialect)}, ack_code TEXT, told INTEGER NOT NULL,
        reason_code TEXT, reason_text TEXT, reason_since BIGINT, created_at BIGINT NOT NULL, settled_at BIGINT)`,
      'CREATE UNIQUE INDEX outbox_once ON outbox (recipient, event_key)',
      "CREATE INDEX outbox_ready ON outbox (recipient, class, id) WHERE state = 'queued' AND blockers = 0",
      "CREATE INDEX outbox_open ON outbox (state, id) WHERE state <> 'sent'",
      "CREATE INDEX outbox_untold ON outbox (id) WHERE told = 0 AND state IN ('parked', 'refused', 'sent', 'unknown')",
      ...laneMigration(OUTBOX_LANES, dialect),
      `CREATE TABLE partner_link (
        recipient TEXT PRIMARY KEY, state TEXT NOT NULL, since BIGINT NOT NULL, reason_code TEXT, failures INTEGER NOT NULL, next_at BIGINT NOT NULL)`,
    ],
  },
  {
    name: 'flow-0002-mirror',
    up: () => [
      // By equality and not by a range of keys: text order is not the same in every database.
      "CREATE INDEX outbox_mirror ON outbox (recipient, resources) WHERE kind = 'mirror'",
    ],
  },
];

/** A subscription job as the store's transaction writes it: `handler` is to see this version of this resource. */
export interface NewJob extends Omit<Job, 'id' | 'tries'> {
  /** Ids of the Patients it is about; read where it has a person. */
  readonly patients?: readonly string[];
}

/** 0 goes first. Stored as a number so that one index orders by it. */
export const classNumber = (lane: 'safety' | 'normal'): number => (lane === 'safety' ? 0 : 1);

const INSERT_JOB = `INSERT INTO job (handler, resource_type, resource_id, version_id, interaction, person, class, state, blockers, tries,
  next_at, lease, lease_until, created_at) VALUES $ROWS ON CONFLICT DO NOTHING
  RETURNING id, handler, resource_type, resource_id, version_id, interaction`;

/**
 * The person's lane, and that of each Patient that is another of the person's records: a merge or its undo gives a Patient another
 * person while a job about it waits. Rule: DESIGN 3 "Lanes", H7.
 */
function jobLanes({ lane, handler, person, patients = [], resourceType, resourceId }: NewJob): string[] {
  const names = person === undefined ? [`${resourceType}/${resourceId}`] : new Set([person, ...patients]);
  return [...names].map((name) => `${lane[0]}/${handler}/${name}`);
}

/** Queues jobs in the caller's transaction. A job that is there already (same handler, version, interaction) is not queued again. `at`: ms. */
export async function insertJobs(tx: Tx, jobs: readonly NewJob[], at: number): Promise<number> {
  if (jobs.length === 0) return 0;
  const rows = jobs.map((job): SqlValue[] => [
    job.handler,
    job.resourceType,
    job.resourceId,
    job.versionId,
    job.interaction,
    job.person ?? null,
    classNumber(job.lane),
    'queued',
    0,
    0,
    0,
    0,
    0,
    at,
  ]);
  const made = (
    await Promise.all(
      inPieces(rows).map((piece) =>
        tx.query<JobKey>(INSERT_JOB.replace('$ROWS', tuples(14, piece.length)), piece.flat()),
      ),
    )
  ).flat();
  const ids = new Map(
    made.map((row) => [
      jobKey([row.handler, row.resource_type, row.resource_id, row.version_id, row.interaction]),
      row.id,
    ]),
  );
  const entries = jobs.flatMap((job, n) => {
    const item = ids.get(jobKey(rows[n]!.slice(0, 5)));
    return item === undefined ? [] : [{ item, lanes: jobLanes(job) }];
  });
  await queueInLanes(tx, JOB_LANES, entries);
  if (made.length > 0) tx.noteJobs();
  return made.length;
}

interface JobKey {
  readonly id: number;
  readonly handler: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly version_id: string;
  readonly interaction: string;
}

const jobKey = (parts: readonly unknown[]): string => parts.join(' ');

const INSERT_OUTBOX = `INSERT INTO outbox (recipient, organization, event_key, kind, class, person, purpose, resources, sender, state, blockers,
  tries, next_at, lease, lease_until, control_id, key_id, payload, told, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, ?, 0, 0, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING`;

/** The second sealed type: an application ACK leaves as the very bytes made for it and can hold no clinical content. */
export interface ApplicationAck {
  readonly controlId: string;
  readonly payload: Uint8Array;
}

/** Queues events in the caller's transaction. One that is there already (recipient, event key) is not queued again. `at`: ms. */
export function insertOutbox(tx: Tx, events: readonly QueuedEvent[], at: number): Promise<number> {
  return enterInOrder(tx, OUTBOX_LANES, events.map(outboxLanes), () => insertAllEvents(tx, events, at));
}

type QueuedEvent = OutboxEvent & { readonly notBefore?: number; readonly application?: ApplicationAck };

async function insertAllEvents(tx: Tx, events: readonly QueuedEvent[], at: number): Promise<number> {
  const made = await Promise.all(
    events.map((event) =>
      tx.insert(INSERT_OUTBOX, [
        event.recipient,
        event.organization,
        event.eventKey,
        event.kind,
        classNumber(event.lane),
        event.person ?? null,
        event.purpose,
        JSON.stringify(event.resources),
        event.sender ?? null,
        event.notBefore ?? 0,
        event.application?.controlId ?? null,
        event.application ? '' : null,
        event.application?.payload ?? null,
        at,
      ]),
    ),
  );
  const entries = made.flatMap((item, n) => (item === undefined ? [] : [{ item, lanes: outboxLanes(events[n]!) }]));
  await queueInLanes(tx, OUTBOX_LANES, entries);
  return entries.length;
}

/**
 * The lanes of the person and of every Patient the row names, for a merge or its undo gives a Patient another person while a row about
 * it is on its way, and a merge itself is told after what was told of either record. A mirror is told of one resource at a time: the
 * person's lane and the resource's. Without a patient: the recipient's common lane. Rule: DESIGN 3 "Lanes", H7, H10.
 */
function outboxLanes({ lane, recipient, person, kind, resources }: OutboxEvent): string[] {
  const named = kind === 'mirror' ? resources.slice(0, 1) : resources.flatMap((each) => PATIENT.exec(each)?.[1] ?? []);
  const names = new Set(person === undefined ? named : [person, ...named]);
  if (names.size === 0 || (kind === 'mirror' && person === undefined)) names.add('');
  return [...names].map((name) => `${lane[0]}/${recipient}/${name}`);
}

const PATIENT = /^Patient\/([^/]+)/;

const MARK_APPLIED = 'INSERT INTO applied (journal_id, applied_at) VALUES (?, ?) ON CONFLICT DO NOTHING';

/**
 * Marks a journal row as applied, in the transaction that holds what it changed. False: it was applied before,
 * and the caller must write nothing (a repeat after a crash between the store's commit and the journal's).
 */
export async function markApplied(tx: Tx, journalId: string, at: number): Promise<boolean> {
  return (await tx.run(MARK_APPLIED, [journalId, at])) === 1;
}

/** A short, unreadable key for a lane, so that no patient identifier stands in the lane tables. */
export function laneKey(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\u001f')).digest('base64url').slice(0, 22);
}
