import { join } from 'node:path';
import type { Basic } from '@medplum/fhirtypes';
import { openPostgresDatabase } from '../../src/database/postgres.ts';
import { openSqliteDatabase } from '../../src/database/sqlite.ts';
import type { Gathered } from '../../src/flow/deliver.ts';
import { FLOW_LIMITS, type Flow, type FlowDeps, type FlowLimits, startFlow } from '../../src/flow/hub-flow.ts';
import { journalCommands } from '../../src/flow/journal-commands.ts';
import { journalMigrations } from '../../src/flow/journal-tables.ts';
import { parseMessage } from '../../src/hl7/parse.ts';
import { readAck } from '../../src/hl7/read-ack.ts';
import type { Database } from '../../src/model/database.ts';
import type { Inbound, RoutedEvent, Translated } from '../../src/model/flow.ts';
import type { OutboxEvent } from '../../src/model/outbox.ts';
import type { Endpoint, Feed, Partner } from '../../src/model/partner.ts';
import type { Applied, ApplyUnit } from '../../src/model/store.ts';
import { mllpClient } from '../../src/transport/out/mllp-client.ts';
import { FEED, NOTHING, PARTNER } from './flow-kit.ts';
import { miniCommands, miniMigrations, type Note } from './mini-commands.ts';

/** The partner that is told of every message: it owns what it is told, so that consent is not the matter of these tests. */
export const CLINIC_ENDPOINT: Endpoint = {
  id: 'clinic-mllp',
  partner: 'clinic',
  transport: { kind: 'mllp', host: '127.0.0.1', port: 1 },
  version: '2.5.1',
  charset: 'UTF-8',
  application: 'EHR',
  facility: 'CLINIC',
  timeoutMs: 2000,
  retry: { firstMs: 50, maxMs: 500, tries: 5 },
  recognisesRepeats: true,
  accepts: [],
};

export const clinicOf = (endpoint: Partial<Endpoint>, id = 'clinic'): Partner => ({
  ...PARTNER,
  id,
  name: id,
  organization: `org-${id}`,
  feeds: [],
  endpoints: [{ ...CLINIC_ENDPOINT, id: `${id}-mllp`, partner: id, ...endpoint }],
});

export interface MiniSetup {
  readonly dir: string;
  /** PostgreSQL instead of two SQLite files. */
  readonly postgresUrl?: string;
  readonly partners: readonly Partner[];
  readonly feed?: Partial<Feed>;
  /** Wraps a database, e.g. with crash points. */
  readonly wrap?: (db: Database, name: 'journal' | 'store') => Database;
  readonly deps?: Partial<FlowDeps>;
  readonly limits?: Partial<FlowLimits>;
  /** Told of each attempt before and after it. */
  readonly aroundSend?: (when: 'before' | 'after') => void;
}

export interface MiniHub {
  readonly flow: Flow;
  readonly feed: Feed;
  readonly journalDb: Database;
  readonly storeDb: Database;
  /** What became of rows that did not go. */
  readonly returned: { readonly event: OutboxEvent; readonly code: string }[];
  /** Event keys of rows the store heard arrived. */
  readonly confirmed: readonly string[];
  readonly log: { readonly code: string; readonly facts: Readonly<Record<string, unknown>> }[];
  notes(): Promise<Note[]>;
  queue(events: readonly RoutedEvent[]): Promise<void>;
  stop(): Promise<void>;
}

interface Databases {
  readonly journalDb: Database;
  readonly storeDb: Database;
  close(): Promise<void>;
}

/** What a hub of this setup works on; of one that has ended it shows what it left. */
export async function openDatabases(setup: Pick<MiniSetup, 'dir' | 'postgresUrl' | 'wrap'>): Promise<Databases> {
  const { dir, postgresUrl: url, wrap = (db) => db } = setup;
  if (url) {
    const commands = { ...journalCommands, ...miniCommands };
    const migrations = [...journalMigrations, ...miniMigrations];
    const db = await openPostgresDatabase({ url, commands, migrations, env: {}, readTimeoutMs: 5000 });
    return { journalDb: wrap(db, 'journal'), storeDb: wrap(db, 'store'), close: () => db.close() };
  }
  const [journalDb, storeDb] = await Promise.all(
    (['journal', 'store'] as const).map((name) => {
      const path = name === 'journal' ? '../../src/workers/journal-worker.ts' : './mini-worker.ts';
      const worker = new URL(path, import.meta.url);
      return openSqliteDatabase({ file: join(dir, `${name}.db`), worker, readers: 1, readTimeoutMs: 5000, env: {} });
    }),
  );
  const close = async (): Promise<void> => void (await Promise.all([journalDb!.close(), storeDb!.close()]));
  return { journalDb: wrap(journalDb!, 'journal'), storeDb: wrap(storeDb!, 'store'), close };
}

/** The whole flow on real databases and a real MLLP client, with a store of one table and an outbound map of one segment. */
export async function startMiniHub(setup: MiniSetup): Promise<MiniHub> {
  const { journalDb, storeDb, close } = await openDatabases(setup);
  const feed: Feed = { ...FEED, ...setup.feed };
  const source = { feed, partner: { ...PARTNER, feeds: [feed] } };
  const partners = [source.partner, ...setup.partners];
  const returned: MiniHub['returned'] = [];
  const confirmed: string[] = [];
  const log: MiniHub['log'] = [];
  const clients = new Map<string, ReturnType<typeof mllpClient>>();
  const flow = await startFlow({
    journalDb,
    storeDb,
    config: {
      version: () => '1',
      feed: (id) => (id === feed.id ? source : undefined),
      partner: (id) => partners.find((partner) => partner.id === id),
      partners: () => partners,
    },
    store: { apply: (unit) => storeDb.write<Applied>('mini.apply', noteOf(unit)) },
    preview: async () => ({ outcome: 'unchanged', changed: [] }),
    translate: { version: 'mini-1', translate: translateNote },
    classify: (_, trigger) => (trigger === 'MDM^T02' ? 'safety' : 'normal'),
    runBot: async () => {},
    route: async (job) => {
      const note = await storeDb.read<Note>('mini.note', { journalId: job.resourceId });
      return setup.partners.map((partner) => noteEvent(partner, note.journalId, note.patient, job.lane));
    },
    gather: async (event): Promise<Gathered> => {
      const [reference = ''] = event.resources;
      const id = reference.slice('Basic/'.length);
      const note = (await storeDb.read<Note | undefined>('mini.note', { journalId: id })) ?? {
        controlId: id,
        patient: event.person ?? '',
        serial: 0,
      };
      const text = `${note.controlId} ${note.patient} ${note.serial}`;
      const resource: Basic = { resourceType: 'Basic', id, code: { text } };
      const facts = { person: note.patient, patients: [], facts: [], affiliations: {} };
      return { kind: 'found', items: [{ resource, owner: event.organization }], facts };
    },
    render: (released, event, { controlId }) => {
      const basic = released.bundle.entry?.[0]?.resource as Basic;
      const [original = '', patient = '', serial = ''] = (basic.code.text ?? '').split(' ');
      const msh = `MSH|^~\\&|HANDOFF|HUB|EHR|${event.recipient}|20260105||ADT^A08|${controlId}|T|2.5.1`;
      return { payload: Buffer.from(`${msh}\rPID|1||${patient}\rZNT|${original}|${patient}|${serial}\r`) };
    },
    send: {
      send: async (endpoint, payload, { controlId, urgent }) => {
        setup.aroundSend?.('before');
        const { transport } = endpoint;
        if (transport.kind !== 'mllp') throw new Error('the mini hub speaks MLLP only');
        const client = clients.get(endpoint.id) ?? clientOf(transport.host, transport.port);
        clients.set(endpoint.id, client);
        const attempt = await client.send(payload, { controlId, timeoutMs: endpoint.timeoutMs, urgent });
        setup.aroundSend?.('after');
        return attempt;
      },
    },
    raiseParked: async () => {},
    returnToSender: async (event, { code }) => void returned.push({ event, code }),
    confirmDelivery: async (event) => void confirmed.push(event.eventKey),
    auditReplay: async () => {},
    onLink: () => {},
    crons: [],
    now: Date.now,
    random: Math.random,
    log: (code, facts) => void log.push({ code, facts }),
    limits: { ...FLOW_LIMITS, disk: { pauseBelowBytes: 0, refuseBelowBytes: 0 }, ...setup.limits },
    ...setup.deps,
  });
  return {
    flow,
    feed,
    journalDb,
    storeDb,
    returned,
    confirmed,
    log,
    notes: () => storeDb.read('mini.notes', {}),
    queue: async (events) => {
      await storeDb.write('mini.queue', { events });
    },
    stop: async () => {
      await flow.stop(5000);
      await Promise.all([...clients.values()].map((client) => client.close()));
      await close();
    },
  };
}

export function noteEvent(partner: Partner, id: string, person: string, lane: 'safety' | 'normal'): RoutedEvent {
  return {
    recipient: partner.id,
    organization: partner.organization,
    eventKey: `note/${id}`,
    kind: lane === 'safety' ? 'safety-note' : 'notice',
    lane,
    person,
    purpose: 'TREAT',
    resources: [`Basic/${id}`],
    sender: PARTNER.organization,
  };
}

/** The serial stands in NTE-3. */
function translateNote({ bytes, hash }: Inbound): Translated {
  const { message } = parseMessage(bytes);
  const patient = message.segment('PID')?.get(3) ?? '';
  const serial = message.segment('NTE')?.get(3) ?? '0';
  const key = { type: 'Basic', owner: 'o', authority: 'a', value: serial };
  const element = { element: 'note', op: 'set', value: [message.header.controlId ?? '', patient, serial] } as const;
  const resource = { type: 'Basic', id: 'x', key, owner: 'o', labels: [], elements: [element] };
  const stamp = { at: '2026-01-05T15:15:00.000Z', hash };
  const event = `${message.header.messageType}^${message.header.triggerEvent}`;
  return { kind: 'mapped', mapped: { ...NOTHING, resources: [resource] }, stamp, event };
}

function noteOf(unit: ApplyUnit): Note & { readonly lane: 'safety' | 'normal' } {
  const value = unit.mapped.resources[0]?.elements[0];
  const [controlId, patient, serial] = value && 'value' in value ? (value.value as readonly string[]) : [];
  const lane = unit.provenance.event === 'MDM^T02' ? 'safety' : 'normal';
  return {
    journalId: unit.journalId,
    controlId: controlId ?? '',
    patient: patient ?? '',
    serial: Number(serial),
    lane,
  };
}

function clientOf(host: string, port: number): ReturnType<typeof mllpClient> {
  return mllpClient({
    host,
    port,
    connectTimeoutMs: 1000,
    answerMaxBytes: 100_000,
    waitingMax: 100,
    matchAck: (ack) => {
      const read = readAck(ack);
      return read.ok ? { controlId: read.controlId, code: read.code } : undefined;
    },
    log: () => {},
  });
}
