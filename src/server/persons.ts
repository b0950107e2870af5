import type { Tx } from '../database/command.ts';
import type { Stamp } from '../model/assertion.ts';
import type { FhirResource } from './engine.ts';
import { compareStamps } from './fold.ts';
import { insertRows, lockNames, queryKeys } from './statements.ts';

/** An identifier that two Patients of one human may share. */
export interface SharedIdentifier {
  readonly system: string;
  readonly value: string;
}

export const SSN_SYSTEMS: ReadonlySet<string> = new Set([
  'http://hl7.org/fhir/sid/us-ssn',
  'urn:oid:2.16.840.1.113883.4.1',
]);
/** v2-0203: social security, subscriber and member numbers (a family shares them), accounts, visits, and unknown. */
const NEVER_SHARED = new Set(['SS', 'SSN', 'SN', 'MB', 'AN', 'VN', 'U', 'ANON', 'ANC', 'GN']);

/** Identifiers of a Patient that say who it is: with an authority, never a social security number. Rule: H7. */
export function identifyingOf(patient: FhirResource): SharedIdentifier[] {
  const found = new Map<string, SharedIdentifier>();
  for (const each of (patient.identifier as readonly IdentifierShape[] | undefined) ?? []) {
    if (!each.system || !each.value || SSN_SYSTEMS.has(each.system) || each.use === 'temp') continue;
    if (each.type?.coding?.some(({ code }) => code !== undefined && NEVER_SHARED.has(code))) continue;
    const { system, value } = each;
    found.set(identifierKey({ system, value }), { system, value });
  }
  return [...found.values()];
}

interface IdentifierShape {
  readonly system?: string;
  readonly value?: string;
  readonly use?: string;
  readonly type?: { readonly coding?: readonly { readonly code?: string }[] };
}

/** Person of each patient: the set it is a member of, or itself. The id of a set is the least patient id in it. */
export async function personsOf(tx: Tx, patients: readonly string[]): Promise<Map<string, string>> {
  const found = new Map(patients.map((patient) => [patient, patient]));
  if (patients.length === 0) return found;
  const rows = await queryKeys<{ patient: string; person: string }>(
    tx,
    'SELECT patient, person FROM person_member WHERE until IS NULL AND patient IN $KEYS',
    [...found.keys()].map((patient) => [patient]),
  );
  for (const { patient, person } of rows) found.set(patient, person);
  return found;
}

/** All patients of the human that this patient is one record of; at least itself. */
export async function samePerson(tx: Tx, patient: string): Promise<string[]> {
  const rows = await tx.query<{ patient: string }>(
    `SELECT b.patient FROM person_member a JOIN person_member b ON b.person = a.person AND b.until IS NULL
     WHERE a.patient = ? AND a.until IS NULL`,
    [patient],
  );
  return rows.length === 0 ? [patient] : rows.map((row) => row.patient);
}

export const identifierKey = ({ system, value }: SharedIdentifier): string => `${system}|${value}`;

/** Patients that carry each of these identifiers, by its key. */
export async function holdersOf(
  tx: Tx,
  identifiers: readonly SharedIdentifier[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await queryKeys<SharedIdentifier & { readonly patient: string }>(
    tx,
    'SELECT system, value, patient FROM person_identifier WHERE (value, system) IN $KEYS',
    identifiers.map(({ value, system }) => [value, system]),
  );
  const found = new Map<string, string[]>();
  for (const row of rows) {
    const key = identifierKey(row);
    const patients = found.get(key);
    if (patients) patients.push(row.patient);
    else found.set(key, [row.patient]);
  }
  return found;
}

/** Patients that carry one of these identifiers. */
export async function patientsWith(tx: Tx, identifiers: readonly SharedIdentifier[]): Promise<string[]> {
  return [...new Set([...(await holdersOf(tx, identifiers)).values()].flat())];
}

/** Stores what identifies a patient now. Gives true when that changed. */
export async function storeIdentifiers(
  tx: Tx,
  patient: string,
  before: readonly SharedIdentifier[],
  after: readonly SharedIdentifier[],
): Promise<boolean> {
  const had = new Set(before.map(identifierKey));
  const has = new Set(after.map(identifierKey));
  const gone = before.filter((each) => !has.has(identifierKey(each)));
  const come = after.filter((each) => !had.has(identifierKey(each)));
  for (const { system, value } of gone) {
    tx.send('DELETE FROM person_identifier WHERE patient = ? AND system = ? AND value = ?', [patient, system, value]);
  }
  insertRows(
    tx,
    'INSERT INTO person_identifier (patient, system, value) VALUES',
    come.map(({ system, value }) => [patient, system, value]),
    'ON CONFLICT DO NOTHING',
  );
  return gone.length + come.length > 0;
}

/** Adds what a message says of who a patient is. Gives true when something of it was not known. */
export async function addIdentifiers(tx: Tx, patient: string, stated: readonly SharedIdentifier[]): Promise<boolean> {
  const known = await tx.query<SharedIdentifier & Record<string, string>>(
    'SELECT system, value FROM person_identifier WHERE patient = ?',
    [patient],
  );
  const had = new Set(known.map(identifierKey));
  const come = stated.filter((each) => !had.has(identifierKey(each)));
  insertRows(
    tx,
    'INSERT INTO person_identifier (patient, system, value) VALUES',
    come.map(({ system, value }) => [patient, system, value]),
    'ON CONFLICT DO NOTHING',
  );
  return come.length > 0;
}

/** One statement that two Patients are, or are not, the same human; the latest stamp stands. Gives true when it changed something. */
export async function storeEdge(
  tx: Tx,
  one: string,
  other: string,
  active: boolean,
  stamp: Stamp,
  basis: string,
): Promise<boolean> {
  const [a, b] = one < other ? [one, other] : [other, one];
  const [known] = await tx.query<{ stamp: string; active: number }>(
    'SELECT stamp, active FROM person_edge WHERE a = ? AND b = ?',
    [a, b],
  );
  if (known && compareStamps(stamp, JSON.parse(known.stamp) as Stamp) <= 0) return false;
  tx.send(
    `INSERT INTO person_edge (a, b, active, stamp, basis) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (a, b) DO UPDATE SET active = excluded.active, stamp = excluded.stamp, basis = excluded.basis`,
    [a, b, active ? 1 : 0, JSON.stringify(stamp), basis],
  );
  return known?.active !== (active ? 1 : 0);
}

/**
 * Computes anew which patients are one human, for all that hang together with these, by statements and by exact shared
 * identifiers. Moves the person column of their resources. Gives the persons that gained or lost a member.
 */
export async function regroup(tx: Tx, patients: readonly string[], at: number, basis: string): Promise<Set<string>> {
  lockNames(tx, ['persons']);
  const touched = await closure(tx, patients);
  const current = await personsOf(tx, touched);
  // Those that were together with them before may now stand alone.
  const former = await formerCompanions(tx, [...new Set(current.values())]);
  const all = [...new Set([...touched, ...former])];
  const links = await neighbours(tx, all);
  const changed = new Set<string>();
  const before = await personsOf(tx, all);
  for (const set of components(all, links)) {
    const person = set.toSorted()[0]!;
    for (const patient of set) {
      const old = before.get(patient)!;
      if (set.length > 1) await ensureMember(tx, patient, person, at, basis);
      else await endMembership(tx, patient, at);
      if (old === person) continue;
      tx.send('UPDATE resource SET person = ? WHERE person = ? AND patient = ?', [person, old, patient]);
      changed.add(old).add(person);
    }
  }
  return changed;
}

async function ensureMember(tx: Tx, patient: string, person: string, at: number, basis: string): Promise<void> {
  const [now] = await tx.query<{ person: string }>(
    'SELECT person FROM person_member WHERE patient = ? AND until IS NULL',
    [patient],
  );
  if (now?.person === person) return;
  if (now) await endMembership(tx, patient, at);
  tx.send('INSERT INTO person (person, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING', [person, at]);
  tx.send('INSERT INTO person_member (patient, person, since, basis) VALUES (?, ?, ?, ?)', [
    patient,
    person,
    at,
    basis,
  ]);
}

async function endMembership(tx: Tx, patient: string, at: number): Promise<void> {
  tx.send('UPDATE person_member SET until = ? WHERE patient = ? AND until IS NULL', [at, patient]);
}

async function formerCompanions(tx: Tx, persons: readonly string[]): Promise<string[]> {
  const rows = await queryKeys<{ patient: string }>(
    tx,
    'SELECT patient FROM person_member WHERE until IS NULL AND person IN $KEYS',
    persons.map((person) => [person]),
  );
  return rows.map((row) => row.patient);
}

async function closure(tx: Tx, patients: readonly string[]): Promise<string[]> {
  const known = new Set(patients);
  for (let front = [...known]; front.length > 0; ) {
    const links = await neighbours(tx, front);
    front = [...new Set(links.flat())].filter((patient) => !known.has(patient));
    for (const patient of front) known.add(patient);
  }
  return [...known];
}

/** Pairs of patients that are one human by a statement in force or by a shared identifier no statement contradicts. */
async function neighbours(tx: Tx, patients: readonly string[]): Promise<(readonly [string, string])[]> {
  const keys = patients.map((patient) => [patient]);
  const stated = [
    ...(await queryKeys<Edge>(tx, 'SELECT a, b, active FROM person_edge WHERE a IN $KEYS', keys)),
    ...(await queryKeys<Edge>(tx, 'SELECT a, b, active FROM person_edge WHERE b IN $KEYS', keys)),
  ];
  const shared = await queryKeys<{ a: string; b: string }>(
    tx,
    `SELECT DISTINCT x.patient AS a, y.patient AS b FROM person_identifier x
     JOIN person_identifier y ON y.value = x.value AND y.system = x.system AND y.patient <> x.patient WHERE x.patient IN $KEYS`,
    keys,
  );
  const apart = new Set(stated.filter(({ active }) => active === 0).map(({ a, b }) => pair(a, b)));
  return [
    ...stated.filter(({ active }) => active === 1).map(({ a, b }) => [a, b] as const),
    ...shared.filter(({ a, b }) => !apart.has(pair(a, b))).map(({ a, b }) => [a, b] as const),
  ];
}

interface Edge {
  readonly a: string;
  readonly b: string;
  readonly active: number;
}

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

function components(all: readonly string[], links: readonly (readonly [string, string])[]): string[][] {
  const root = new Map(all.map((each) => [each, each]));
  const find = (each: string): string => {
    let at = each;
    while (root.get(at) !== undefined && root.get(at) !== at) at = root.get(at)!;
    return at;
  };
  for (const [a, b] of links) {
    if (!root.has(a)) root.set(a, a);
    if (!root.has(b)) root.set(b, b);
    root.set(find(a), find(b));
  }
  const sets = new Map<string, string[]>();
  for (const each of root.keys()) {
    const of = find(each);
    const set = sets.get(of);
    if (set) set.push(each);
    else sets.set(of, [each]);
  }
  return [...sets.values()];
}
