import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MllpPartner } from '../partners/mllp-partner.ts';
import { type CrashTarget, count, freePort, pause, unordered, type Verified, wrong } from './crash-run.ts';
import { type DemoPorts, demoSettings, listening, startDemoHub } from './demo-hub.ts';
import { type CrashMessage, CrashSender } from './sender.ts';

/** Of every `NOTE_EVERY` messages of a patient one is a safety note, which must reach the other clinic; the others are updates. */
export const NOTE_EVERY = 4;
const isNote = ({ serial }: { readonly serial: number }): boolean => serial % NOTE_EVERY === 0;

export interface DemoTarget extends CrashTarget {
  /** General Hospital's feed, which answers when a message is on disk. */
  readonly received: number;
  /** The safety notes that reached Riverside's engine. */
  told(): readonly ToldNote[];
}

/** The real hub with the demo network's settings: updates and safety notes of Lakeside, told on to Riverside's engine. */
export async function demoTarget(random: () => number): Promise<DemoTarget> {
  const dir = await mkdtemp(join(tmpdir(), 'handoff-crash-'));
  let onReceived = (): void => {};
  const engines = await Promise.all(
    [0, 1, 2].map(() => MllpPartner.start({ behaviour: 'AA', onReceived: () => onReceived() })),
  );
  const [http, general, riverside, lakeside] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [generalEngine, riversideEngine, lakesideEngine] = engines.map(({ port }) => port) as [number, number, number];
  const ports: DemoPorts = { http, general, riverside, lakeside, generalEngine, riversideEngine, lakesideEngine };
  const settings = await demoSettings(dir, ports);
  const clinic = engines[1]!;
  return {
    port: lakeside,
    received: general,
    told: () => toldNotes(clinic),
    async start(dying) {
      const child = startDemoHub(settings);
      await listening([general, riverside, lakeside], child);
      // No hook in the product: it dies while it catches up with what the last run left.
      if (dying !== undefined) setTimeout(() => child.kill('SIGKILL'), random() * 400);
      return child;
    },
    async prepare(patients) {
      await register(
        riverside,
        patients,
        registration('RIVEHR', 'RIV', 'PHP', 'R', (id) => `R${id}^^^RIV^MR`),
      );
      const both = (id: string): string => `L${id}^^^LAKE^MR~R${id}^^^RIV^MR`;
      await register(lakeside, patients, registration('LAKEEHR', 'LAKE', 'CLINIC', 'O', both));
    },
    write: (message) => (isNote(message) ? note(message) : update(message)),
    async kill(hub) {
      // Between the partner's having a message and the hub's knowing it, or at any moment.
      if (random() < 0.5) await Promise.race([pause(3000), new Promise<void>((resolve) => (onReceived = resolve))]);
      else await pause(random() * 100);
      onReceived = () => {};
      hub.kill('SIGKILL');
    },
    async drained(acked) {
      const notes = acked.filter(isNote).length;
      const end = Date.now() + 120_000;
      while (toldNotes(clinic).length < notes && Date.now() < end) await pause(200);
    },
    verify: async (acked) => verify(dir, acked, clinic),
    async close() {
      await Promise.all(engines.map((engine) => engine.close()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** One message for each patient, sent until it is answered. */
async function register(port: number, patients: readonly string[], write: Registration): Promise<void> {
  const sender = new CrashSender(port, 'SETUP', patients.length, ({ patient, controlId }) => {
    const index = Number(patient.slice('SETUPP'.length));
    if (index === patients.length - 1) sender.stop();
    return write(patients[index]!, controlId);
  });
  await sender.run();
}

type Registration = (patient: string, controlId: string) => Buffer;

function registration(
  application: string,
  facility: string,
  place: string,
  kind: string,
  ids: (patient: string) => string,
): Registration {
  return (patient, controlId) =>
    segments(
      `MSH|^~\\&|${application}|${facility}|HANDOFF|HUB|20260306084500||ADT^A04^ADT_A01|${controlId}|T|2.5.1`,
      'EVN|A04|20260306084500',
      `PID|1||${ids(patient)}||Load^${patient}||19880412|F`,
      `PV1|1|${kind}|${place}^^^${facility}|||||||${place}|||||||||V${patient}^^^${facility}-VN^VN|||||||||||||||||||||||||20260306084500`,
    );
}

const person = ({ patient }: CrashMessage, address = ''): string =>
  `PID|1||L${patient}^^^LAKE^MR~R${patient}^^^RIV^MR||Load^${patient}||19880412|F|||${address}`;

/** Later by a second for each serial, so that the stamps rise as the messages do. */
const stamp = ({ serial }: CrashMessage): string =>
  new Date(Date.UTC(2026, 2, 10) + serial * 1000)
    .toISOString()
    .replace(/[-:TZ]/g, '')
    .slice(0, 14);

function update(message: CrashMessage): Buffer {
  return segments(
    `MSH|^~\\&|LAKEEHR|LAKE|HANDOFF|HUB|${stamp(message)}||ADT^A08^ADT_A01|${message.controlId}|T|2.5.1`,
    `EVN|A08|${stamp(message)}`,
    person(message, `${message.serial} Serial Street^^Springfield^IL^62701^USA`),
    `PV1|1|O|CLINIC^^^LAKE||||||||||||||||V${message.patient}^^^LAKE-VN^VN`,
  );
}

function note(message: CrashMessage): Buffer {
  return segments(
    `MSH|^~\\&|LAKEEHR|LAKE|HANDOFF|HUB|${stamp(message)}||MDM^T02^MDM_T02|${message.controlId}|T|2.5.1`,
    `EVN|T02|${stamp(message)}`,
    person(message),
    `PV1|1|O|CLINIC^^^LAKE||||||||||||||||V${message.patient}^^^LAKE-VN^VN`,
    `TXA|1|SN|TX|${stamp(message)}|1457390862^Brandt^Otto^^^Dr^^^NPI^^^^NPI|${stamp(message)}||||||${message.patient}x${message.serial}^LAKE|||||LA||AV`,
    'OBX|1|TX|DISSOC^Dissociation persisting^L||Dissociation persisting.||||||F',
  );
}

const segments = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r')}\r`);

/** A note as the engine got it; `document`: its number, patient and serial. */
interface ToldNote {
  readonly document: string;
  readonly patient: string;
  readonly serial: number;
  readonly atMs: number;
}

/** What an idempotent engine holds of safety notes. */
function toldNotes(clinic: MllpPartner): ToldNote[] {
  return clinic.distinct.flatMap(({ type, bytes, atMs }) => {
    const found = type.startsWith('MDM^T02') ? /\|((S\d+P\d+)x(\d+))\^/.exec(bytes.toString('latin1')) : undefined;
    return found ? [{ document: found[1]!, patient: found[2]!, serial: Number(found[3]), atMs }] : [];
  });
}

function verify(dir: string, acked: readonly CrashMessage[], clinic: MllpPartner): Verified {
  const journal = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
  const rows = journal.prepare('SELECT id, control_id AS controlId, state FROM message').all() as unknown as Row[];
  journal.close();
  const store = new DatabaseSync(join(dir, 'store.db'), { readOnly: true });
  const marks = store.prepare('SELECT journal_id AS id FROM applied').all() as { id: string }[];
  const versions = store
    .prepare(
      `SELECT json FROM (SELECT rid, version, json FROM history UNION ALL SELECT rid, version, json FROM resource)
        WHERE rid IN (SELECT rid FROM resource WHERE type = 'Patient') GROUP BY rid, version ORDER BY rid, version`,
    )
    .all() as { json: string }[];
  const notes = store.prepare("SELECT json FROM resource WHERE type = 'Communication'").all() as { json: string }[];
  store.close();
  const marked = new Set(marks.map(({ id }) => id));
  const applied = rows.filter(({ id, state }) => state === 'applied' && marked.has(String(id)));
  const streets = versions.flatMap(({ json }) => {
    const found = /"(\d+) Serial Street"/.exec(json);
    const who = /"family":"Load","given":\["(S\d+P\d+)"\]/.exec(json);
    return found && who ? [{ patient: who[1]!, serial: Number(found[1]) }] : [];
  });
  const documents = count(notes.flatMap(({ json }) => /"(S\d+P\d+x\d+)"/.exec(json)?.[1] ?? []));
  const told = toldNotes(clinic);
  const toldOf = count(told.map(({ document }) => document));
  const ackedNotes = acked.filter(isNote);
  const document = ({ patient, serial }: CrashMessage): string => `${patient}x${serial}`;
  const seen = count(streets.map(({ patient, serial }) => `${patient}/${serial}`));
  const changedNotOnce = acked.filter((one) => !isNote(one) && seen.get(`${one.patient}/${one.serial}`) !== 1);
  const notedNotOnce = ackedNotes.filter((one) => documents.get(document(one)) !== 1);
  return {
    lost: wrong(acked, count(rows.map(({ controlId }) => controlId))),
    notOnce: [
      ...wrong(acked, count(applied.map(({ controlId }) => controlId))),
      ...[...changedNotOnce, ...notedNotOnce].map(({ controlId }) => controlId),
    ],
    deliveredNotOnce: ackedNotes.filter((one) => toldOf.get(document(one)) !== 1).map(({ controlId }) => controlId),
    outOfOrder: [...unordered(streets), ...unordered(told)],
    repeatsToPartner: clinic.received.length - clinic.distinct.length,
  };
}

interface Row {
  readonly id: number;
  readonly controlId: string;
  readonly state: string;
}
