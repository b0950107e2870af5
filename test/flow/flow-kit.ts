import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openPostgresDatabase } from '../../src/database/postgres.ts';
import { openSqliteDatabase } from '../../src/database/sqlite.ts';
import { BacklogGate } from '../../src/flow/backlog.ts';
import { Ingest } from '../../src/flow/ingest.ts';
import { Journal } from '../../src/flow/journal.ts';
import { journalCommands } from '../../src/flow/journal-commands.ts';
import { journalMigrations } from '../../src/flow/journal-tables.ts';
import { Outcomes } from '../../src/flow/outcomes.ts';
import { Translate, type TranslateLimits } from '../../src/flow/translate.ts';
import { Urgent } from '../../src/flow/urgent.ts';
import { readAck } from '../../src/hl7/read-ack.ts';
import type { Mapped } from '../../src/model/assertion.ts';
import type { Database } from '../../src/model/database.ts';
import type { Inbound, Translated, TranslatePort } from '../../src/model/flow.ts';
import type { Feed, Partner } from '../../src/model/partner.ts';
import type { Applied, ApplyUnit } from '../../src/model/store.ts';

export const POSTGRES = process.env.HANDOFF_TEST_POSTGRES;

/** The engines a suite runs on: embedded always, PostgreSQL when its URL is given. */
export const ENGINES = POSTGRES ? (['sqlite', 'postgres'] as const) : (['sqlite'] as const);

export const FEED: Feed = {
  id: 'hospital-mllp',
  partner: 'hospital',
  transport: { kind: 'http' },
  ack: 'applied',
  ackWaitMs: 2000,
  onTrouble: 'reject',
  triggers: [],
  versions: [],
  processingIds: ['T'],
  charset: 'UTF-8',
  frameMaxBytes: 1_000_000,
  connectionsMax: 100,
  idleTimeoutMs: 60_000,
  inFlightMax: 100,
  onPark: 'wait',
  retentionDays: 30,
  backlogMax: { rows: 100_000, ageMs: 3_600_000 },
  backlogHard: { rows: 200_000 },
};

export const PARTNER: Partner = {
  id: 'hospital',
  name: 'General Hospital',
  organization: 'org-hospital',
  zone: 'America/New_York',
  senders: [],
  authorities: {},
  codeTables: {},
  programs: [],
  safety: { documentTypes: ['SAFETY'], reasons: {} },
  administration: 'per-device',
  registrationMeansArrival: false,
  feeds: [FEED],
  endpoints: [],
  duty: { hours: {}, holidays: [], role: 'responder', ladder: [] },
};

export interface MessageParts {
  readonly controlId: string;
  readonly patients?: readonly string[];
  readonly event?: string;
  readonly extra?: string;
  readonly acceptAck?: string;
  readonly applicationAck?: string;
  readonly version?: string;
  readonly processingId?: string;
}

/** The smallest message that shows a rule; MSH-11 is T. */
export function message(parts: MessageParts): Buffer {
  const { controlId, patients = ['100'], event = 'ADT^A08', extra = '', version = '2.5.1', processingId = 'T' } = parts;
  const msh = `MSH|^~\\&|HIS|GH|HANDOFF|HUB|20260105101500-0500||${event}|${controlId}|${processingId}|${version}|||${parts.acceptAck ?? ''}|${parts.applicationAck ?? ''}`;
  const pids = patients.map((id, i) => `PID|${i + 1}||${id}^^^GH^MR||TEST^ONE`);
  return Buffer.from(`${[msh, ...pids, extra].filter(Boolean).join('\r')}\r`);
}

export const NOTHING: Mapped = { resources: [], groups: [], identity: [], issues: [], parked: [] };

/** A store that keeps what it was told, in memory. It is not ours to test here; the marker is. */
export class MemoryStore {
  readonly applied: ApplyUnit[] = [];
  readonly marks = new Set<string>();
  /** Asked before each unit; may throw or delay. */
  before: (unit: ApplyUnit) => Promise<Applied | undefined> = async () => undefined;

  async apply(unit: ApplyUnit): Promise<Applied> {
    const instead = await this.before(unit);
    if (instead) return instead;
    if (this.marks.has(unit.journalId)) return { outcome: 'unchanged', changed: [] };
    this.marks.add(unit.journalId);
    this.applied.push(unit);
    return { outcome: 'applied', changed: [] };
  }
}

export interface FlowSetup {
  readonly feed?: Partial<Feed>;
  readonly partner?: Partial<Partner>;
  readonly limits?: Partial<TranslateLimits>;
  readonly translate?: (inbound: Inbound) => Translated;
  readonly engine?: 'sqlite' | 'postgres';
  readonly dir?: string;
  readonly classify?: (inbound: Inbound, trigger: string) => 'safety' | 'normal';
  readonly urgent?: Urgent;
}

export interface FlowUnderTest {
  readonly dir: string;
  readonly db: Database;
  readonly journal: Journal;
  readonly translate: Translate;
  readonly ingest: Ingest;
  readonly store: MemoryStore;
  readonly gate: BacklogGate;
  readonly feed: Feed;
  readonly partner: Partner;
  readonly log: { readonly code: string; readonly facts: Readonly<Record<string, unknown>> }[];
  readonly applicationAcks: { readonly id: number; readonly kind: string }[];
  readonly parked: { times: number };
  port: { translate: (inbound: Inbound) => Translated };
  send(bytes: Uint8Array): Promise<Sent>;
  stop(): Promise<void>;
}

export interface Sent {
  readonly code: string | undefined;
  readonly controlId: string | undefined;
  readonly errors: readonly {
    readonly location: string | undefined;
    readonly condition: string | undefined;
    readonly code: string | undefined;
  }[];
  readonly bytes: Uint8Array | undefined;
  readonly after: 'keep' | 'close';
}

export const mappedNow = (inbound: Inbound): Translated => ({
  kind: 'mapped',
  mapped: NOTHING,
  stamp: { at: '2026-01-05T15:15:00.000Z', hash: inbound.hash },
  event: 'ADT^A08',
});

export async function temporaryDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'handoff-flow-'));
}

export async function openJournal(engine: 'sqlite' | 'postgres', dir: string, env: unknown = {}): Promise<Database> {
  if (engine === 'sqlite') {
    const worker = new URL('../../src/workers/journal-worker.ts', import.meta.url);
    return openSqliteDatabase({ file: join(dir, 'journal.db'), worker, readers: 1, readTimeoutMs: 5000, env });
  }
  return openPostgresDatabase({
    url: await freshSchema(),
    commands: journalCommands,
    migrations: journalMigrations,
    env,
    readTimeoutMs: 5000,
  });
}

/** A schema of its own for each database a test opens, so that no test sees another's rows. */
export async function freshSchema(): Promise<string> {
  const schema = `t${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: POSTGRES as string });
  await client.connect();
  await client.query(`CREATE SCHEMA ${schema}`);
  await client.end();
  const url = new URL(POSTGRES as string);
  url.searchParams.set('options', `-c search_path=${schema}`);
  return url.href;
}

/** Ingest, journal and translate on a real database, wired as the hub wires them. */
export async function startFlowUnderTest(setup: FlowSetup = {}): Promise<FlowUnderTest> {
  const dir = setup.dir ?? (await temporaryDir());
  const db = await openJournal(setup.engine ?? 'sqlite', dir);
  const feed: Feed = { ...FEED, ...setup.feed };
  const partner: Partner = { ...PARTNER, ...setup.partner, feeds: [feed] };
  const now = () => Date.now();
  const journal = new Journal(db, { now, leaseMs: 60_000 });
  const outcomes = new Outcomes();
  const store = new MemoryStore();
  const log: FlowUnderTest['log'] = [];
  const applicationAcks: { id: number; kind: string }[] = [];
  const parked = { times: 0 };
  const port = { translate: setup.translate ?? mappedNow };
  const translatePort: TranslatePort = { version: 'test-1', translate: (inbound) => port.translate(inbound) };
  const write = (code: string, facts: Readonly<Record<string, unknown>>) => void log.push({ code, facts });
  const translate = new Translate({
    journal,
    outcomes,
    store,
    port: translatePort,
    feed: (id) => (id === feed.id ? { feed, partner } : undefined),
    applicationAck: async (claimed, outcome) => void applicationAcks.push({ id: claimed.id, kind: outcome.kind }),
    onParked: () => {
      parked.times += 1;
    },
    urgent: setup.urgent ?? new Urgent(now),
    now,
    random: () => 0.5,
    log: write,
    limits: { inFlightMax: 32, heldMax: 64, triesMax: 3, ...setup.limits },
  });
  const gate = new BacklogGate(now, { pauseBelowBytes: 0, refuseBelowBytes: 0 });
  const ingest = new Ingest({
    journal,
    outcomes,
    translate,
    gate,
    classify: setup.classify ?? ((_, trigger) => (trigger === 'MDM^T02' ? 'safety' : 'normal')),
    configVersion: () => '1',
    shared: db.dialect === 'postgres',
    now,
    log: write,
  });
  await journal.preparePartitions();
  translate.wake();
  return {
    dir,
    db,
    journal,
    translate,
    ingest,
    store,
    gate,
    feed,
    partner,
    log,
    applicationAcks,
    parked,
    port,
    send: async (bytes) => toSent(await ingest.ingest(bytes, feed, partner, 'test')),
    stop: async () => {
      await ingest.stop();
      await translate.stop(5000);
      await db.close();
      if (!setup.dir) await rm(dir, { recursive: true, force: true });
    },
  };
}

function toSent(answer: { readonly bytes?: Uint8Array; readonly after: 'keep' | 'close' }): Sent {
  const ack = answer.bytes ? readAck(answer.bytes) : undefined;
  return {
    bytes: answer.bytes,
    after: answer.after,
    code: ack?.ok ? ack.code : undefined,
    controlId: ack?.ok ? ack.controlId : undefined,
    errors: ack?.ok
      ? ack.errors.map(({ location, condition, applicationCode }) => ({ location, condition, code: applicationCode }))
      : [],
  };
}

/** Waits until something is so; fails after a generous time with what was awaited. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, forMs = 20_000): Promise<void> {
  const end = Date.now() + forMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
