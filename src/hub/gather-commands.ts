import type { Patient, Resource } from '@medplum/fhirtypes';
import { type CommandTable, DatabaseError, type Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { probeCommand } from '../database/write-probe.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import type { Applied } from '../model/store.ts';
import type { Owned, PersonFacts } from '../rules/facts.ts';
import type { AppointmentTurn } from '../rules/routing-event.ts';
import { type ApplyArgs, applyUnit } from '../server/apply.ts';
import type { Engine } from '../server/engine.ts';
import { personFacts } from '../server/grants.ts';
import { loadRows, parseRow, type Row, rowKey } from '../server/rows.ts';
import { queryKeys } from '../server/statements.ts';
import { turnOf } from './appointment-turn.ts';
import { causesOf } from './causes.ts';
import { refuseClosed } from './closed-mark.ts';
import { HUB_PROBE } from './hub-migrations.ts';
import { mirrorCommands } from './mirror-load.ts';
import { reindexCommands } from './reindex-commands.ts';

/** The resources of an event and all that consent is decided on; `missing` when what the event is about is gone. */
export type GatheredRows =
  | { readonly kind: 'found'; readonly items: readonly Owned[]; readonly facts: PersonFacts }
  | { readonly kind: 'missing'; readonly last?: Owned['resource'] };

/** What the router is told of a changed row beside its content. */
export interface ChangedRow {
  readonly resource: unknown;
  readonly owner?: string;
  readonly person?: string;
  /** Of an Appointment: see `RouteContext`. */
  readonly turn?: AppointmentTurn;
  /** Of a Task: trigger of the message that made this version. */
  readonly answeredBy?: string;
}

/** Commands that only the hub itself uses, beside the server's and the flow's. */
export function hubCommands(engine: Engine): CommandTable {
  return {
    'hub.gather': (tx, args: GatherArgs) => gather(tx, engine, args),
    'hub.changed': (tx, args: { type: string; id: string }) => changed(tx, args),
    'hub.causes': (tx, args: { type: string; id: string }) => causesOf(tx, args.type, args.id),
    'hub.preview': (tx, args: ApplyArgs) => preview(tx, engine, args),
    'hub.claim-key': (tx, fingerprint: string) => claimKey(tx, fingerprint),
    'hub.setting': (tx, name: string) => setting(tx, name),
    'hub.keep-setting': keepSetting,
    'hub.probe': probeCommand(HUB_PROBE),
    ...mirrorCommands,
    ...reindexCommands(engine),
  };
}

interface GatherArgs {
  readonly references: readonly string[];
  readonly person?: string;
  /** Also what the first of them refers to as it stands; and of a deleted one its last content. */
  readonly follow?: boolean;
  /** Organization id: its own record of the person goes along, so that it recognises the patient. */
  readonly recipient?: string;
}

async function gather(tx: Tx, engine: Engine, args: GatherArgs): Promise<GatheredRows> {
  const { references, person, recipient, follow = false } = args;
  const subject = localKeys(references)[0];
  const first = subject && (await loadRows(tx, [subject])).get(rowKey(subject.type, subject.id));
  if (!first || first.deleted === 1) {
    const last = first && follow ? await lastContent(tx, first) : undefined;
    return last === undefined ? { kind: 'missing' } : { kind: 'missing', last };
  }
  const keys = localKeys(follow ? [...references, ...referencesIn(tx, first)] : references);
  const rows = await loadRows(tx, keys);
  const whose = first.person !== '' && first.person !== '*' ? first.person : (person ?? '');
  const named = keys.flatMap(({ type, id }) => rows.get(rowKey(type, id)) ?? []);
  const around = await aroundOf(tx, named, whose, recipient);
  const unique = new Map([...named, ...around].filter((row) => row.deleted === 0).map((row) => [row.rid, row]));
  const found = [...unique.values()];
  const parties = await queryKeys<{ rid: number; org: string }>(
    tx,
    'SELECT rid, org FROM resource_party WHERE rid IN $KEYS',
    found.map(({ rid }) => [rid]),
  );
  const facts = (await personFacts(tx, engine, whose)) as PersonFacts;
  const ownRecords = new Set(recipient === undefined ? [] : around.filter(isRecordOf(recipient)).map(({ rid }) => rid));
  const records = named.filter(({ type, person: of }) => type === 'Patient' && of === whose).map(({ id }) => id);
  const items = found.map((row) => {
    const item = owned(tx, row, parties);
    return ownRecords.has(row.rid) ? { ...item, resource: tied(item.resource, records) } : item;
  });
  return { kind: 'found', items, facts };
}

function referencesIn(tx: Tx, row: Row): string[] {
  const found = new Set<string>();
  forEachReference(parseRow(row, bodyKeysOf(tx.env)) as unknown as Resource, ({ reference }) => found.add(reference));
  return [...found];
}

async function lastContent(tx: Tx, { rid }: Row): Promise<Owned['resource'] | undefined> {
  const [row] = await tx.query<Row>(
    'SELECT * FROM history WHERE rid = ? AND deleted = 0 ORDER BY version DESC LIMIT 1',
    [rid],
  );
  return row && (parseRow(row, bodyKeysOf(tx.env)) as unknown as Owned['resource']);
}

const isRecordOf =
  (organization: string) =>
  ({ type, owner_org: owner }: Row): boolean =>
    type === 'Patient' && owner === organization;

/** The recipient's record says whom else it is: the store ties the records of a person by membership, a message only by links. */
function tied(record: Owned['resource'], others: readonly string[]): Owned['resource'] {
  const { link = [], ...rest } = record as Patient;
  const known = link.map(({ other }) => other.reference);
  const more = others
    .filter((id) => id !== record.id && !known.includes(`Patient/${id}`))
    .map((id) => ({ other: { reference: `Patient/${id}` as const }, type: 'seealso' as const }));
  const all = [...link, ...more];
  return (all.length === 0 ? record : { ...rest, link: all }) as Owned['resource'];
}

const localKeys = (references: readonly string[]) =>
  references.flatMap((reference) => {
    const parsed = parseReference(reference);
    return parsed.kind === 'local' ? [parsed] : [];
  });

/**
 * What a message about these needs besides: the people behind the roles, the places a place lies in, the recipient's own record of the
 * person, and for a referral the care team, in which the outpatient provider stands (DOMAIN C1, REF). Consent decides on each of them as on everything else.
 */
async function aroundOf(tx: Tx, named: readonly Row[], person: string, recipient: string | undefined): Promise<Row[]> {
  const records =
    person === '' || recipient === undefined
      ? []
      : await tx.query<Row>("SELECT * FROM resource WHERE person = ? AND type = 'Patient' AND owner_org = ?", [
          person,
          recipient,
        ]);
  const isReferral =
    (named[0]?.type === 'ServiceRequest' || named[0]?.type === 'Task') &&
    named.some(({ type }) => type === 'ServiceRequest');
  const teams =
    person === '' || !isReferral
      ? []
      : await tx.query<Row>("SELECT * FROM resource WHERE person = ? AND type = 'CareTeam'", [person]);
  const members = await loadRows(tx, peopleIn(tx, teams));
  const roles = [...named, ...members.values()].filter(({ type }) => type === 'PractitionerRole');
  const behind = await loadRows(tx, peopleIn(tx, roles));
  const places = await placesAround(tx, named);
  return [...records, ...teams, ...members.values(), ...behind.values(), ...places];
}

/** A bed lies in a room, a room in a ward: as deep as a message can say. */
const PLACES_DEEP = 6;

async function placesAround(tx: Tx, named: readonly Row[]): Promise<Row[]> {
  const found: Row[] = [];
  let next = named.filter(({ type }) => type === 'Location');
  for (let depth = 0; depth < PLACES_DEEP && next.length > 0; depth += 1) {
    next = [...(await loadRows(tx, referredIn(tx, next, PLACES))).values()];
    found.push(...next);
  }
  return found;
}

const PEOPLE: ReadonlySet<string> = new Set(['Organization', 'Practitioner', 'PractitionerRole']);
const PLACES: ReadonlySet<string> = new Set(['Location']);

const peopleIn = (tx: Tx, rows: readonly Row[]) => referredIn(tx, rows, PEOPLE);

function referredIn(tx: Tx, rows: readonly Row[], types: ReadonlySet<string>) {
  const found = new Map<string, { readonly type: string; readonly id: string }>();
  for (const row of rows) {
    forEachReference(parseRow(row, bodyKeysOf(tx.env)) as unknown as Resource, ({ reference }) => {
      for (const key of localKeys([reference ?? ''])) if (types.has(key.type)) found.set(rowKey(key.type, key.id), key);
    });
  }
  return [...found.values()];
}

function owned(tx: Tx, row: Row, parties: readonly { rid: number; org: string }[]): Owned {
  return {
    resource: parseRow(row, bodyKeysOf(tx.env)) as unknown as Owned['resource'],
    ...(row.owner_org === '' ? {} : { owner: row.owner_org }),
    parties: parties.filter(({ rid }) => rid === row.rid).map(({ org }) => org),
  };
}

async function changed(tx: Tx, { type, id }: { type: string; id: string }): Promise<ChangedRow | undefined> {
  const row = (await loadRows(tx, [{ type, id }])).get(rowKey(type, id));
  if (!row || row.deleted === 1) return undefined;
  const isOnePerson = row.person !== '' && row.person !== '*';
  return {
    resource: parseRow(row, bodyKeysOf(tx.env)),
    ...(row.owner_org === '' ? {} : { owner: row.owner_org }),
    ...(isOnePerson ? { person: row.person } : {}),
    ...(type === 'Appointment' ? { turn: await turnOf(tx, row) } : {}),
    ...(type === 'Task' ? await answeredBy(tx, row) : {}),
  };
}

async function answeredBy(tx: Tx, { type, id, version }: Row): Promise<Pick<ChangedRow, 'answeredBy'>> {
  const cause = (await causesOf(tx, type, id)).find((each) => each.version === version);
  return cause === undefined ? {} : { answeredBy: cause.trigger };
}

/** The code under which a preview comes back: the throw is what undoes its writes. */
export const PREVIEW = 'store.preview';

async function preview(tx: Tx, engine: Engine, args: ApplyArgs): Promise<Applied> {
  throw new DatabaseError(PREVIEW, 'a preview writes nothing', await applyUnit(tx, engine, args));
}

/** The database keeps which hub key its ids were made with. False: another one, so this hub must not start on it; nor on a closed one. */
async function claimKey(tx: Tx, fingerprint: string): Promise<boolean> {
  await refuseClosed(tx);
  return (await keepSetting(tx, { name: 'key', value: fingerprint })) === fingerprint;
}

const setting = async (tx: Tx, name: string): Promise<string | undefined> =>
  (await tx.query<{ value: string }>('SELECT value FROM hub_setting WHERE name = ?', [name]))[0]?.value;

/** What stands under a name from now on: the first value that was ever given. */
async function keepSetting(tx: Tx, { name, value }: { name: string; value: string }): Promise<string | undefined> {
  tx.send('INSERT INTO hub_setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING', [name, value]);
  return setting(tx, name);
}
