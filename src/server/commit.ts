import type { Resource } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { insertJobs, type NewJob } from '../database/job-table.ts';
import { contentHash } from '../fhir/canonical.ts';
import { patientReferences } from '../fhir/compartments.ts';
import { stringifyExact } from '../fhir/exact-json.ts';
import { resourceBits } from '../fhir/labels.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import { extractOne } from '../fhir/search-values.ts';
import { LABEL } from '../model/labels.ts';
import { isDirectoryType } from './directory-types.ts';
import type { Engine, FhirResource } from './engine.ts';
import { deriveGrants } from './grants.ts';
import { believed } from './identity-claim.ts';
import { type IndexRows, IndexWriter, indexRows } from './index-rows.ts';
import { recordEvents, watchersOf } from './operations/subscription-events.ts';
import { hasParties, isAffiliationType, refreshParties, storeParties } from './parties.ts';
import {
  holdersOf,
  identifierKey,
  identifyingOf,
  personsOf,
  regroup,
  type SharedIdentifier,
  storeIdentifiers,
} from './persons.ts';
import { insertResources, nextRids, updateRow } from './resource-rows.ts';
import { parseRow, type Row, rowKey, SEVERAL_PERSONS } from './rows.ts';
import { sealText } from './sealed-text.ts';
import { lockNames, lockShared, queryKeys } from './statements.ts';
import { type ChangeEvent, triggeredJobs } from './triggers.ts';

/** What one resource is to become. */
export interface Change {
  readonly type: string;
  readonly id: string;
  /** The row as it stands in this transaction, deleted ones too. */
  readonly before: Row | undefined;
  /** Absent: delete. `meta.versionId` and `meta.lastUpdated` are the server's to write. */
  readonly resource: FhirResource | undefined;
  /** `contentHash(resource)`, where the writer has it already. */
  readonly hash?: string;
  /** Organization that owns it; fixed when the resource is first written. */
  readonly owner: string;
  readonly program?: string | undefined;
  /** The patient it is about, where the writer knows; absent: read from the resource. */
  readonly patient?: string | undefined;
  /** Its id was made for it just now, of chance: nothing lies under it, and nothing has spoken of it. */
  readonly isNew?: boolean;
  /** A message has stated elements of it: there is a fold. */
  readonly folded: boolean;
  /** A message makes this change: what it says of identity is kept apart (`apply`), as its omissions end no link. */
  readonly byMessage?: true;
}

export interface Committed {
  readonly change: 'create' | 'update' | 'delete' | 'none';
  readonly row: Row;
  /** With server `meta`; the last one before a delete. */
  readonly resource: FhirResource;
}

/**
 * Writes changes into the caller's transaction: versions and history, index, ownership, person and label columns, parties,
 * person membership, grants and the jobs of triggers. A resource that says what it said before gets no version and no job.
 * Durable only when the transaction is.
 */
export async function commitChanges(
  tx: Tx,
  engine: Engine,
  changes: readonly Change[],
  at: number,
  alsoRegrouped: ReadonlySet<string> = new Set(),
): Promise<Committed[]> {
  const keys = bodyKeysOf(tx.env);
  const drafts = changes.map((change) => draftOf(engine, change, keys));
  const live = drafts.filter((draft) => draft.kind !== 'none');
  // Asked ahead: nothing below changes the answers, and PostgreSQL gives them with the first that is waited for.
  const targets = ahead(foreignTargets(tx, live));
  const rids = ahead(nextRids(tx, live.filter(({ change }) => !change.before).length));
  const watching = ahead(
    watchersOf(
      tx,
      live.map(({ change }) => change.type),
    ),
  );
  const regrouped = (await regroupPatients(tx, engine, live, at)).union(alsoRegrouped);
  await assignPersons(tx, live, regrouped);
  assignForeign(live, await targets);
  const writer = new IndexWriter();
  const rows = await writeRows(tx, live, await rids, at, keys);
  for (const draft of live) writer.change(rows.get(draft)!.rid, draft.indexBefore, draft.indexAfter);
  writer.flush(tx);
  await Promise.all(
    live
      .filter(({ change }) => hasParties(change.type))
      .map((draft) => storeParties(tx, rows.get(draft)!.rid, draft.change.resource, !draft.change.before)),
  );
  const refreshed = await refreshParties(
    tx,
    live.map(({ change }) => change).filter(({ type }) => isAffiliationType(type)),
  );
  await deriveGrants(tx, engine, grantPersons(engine, live, rows, refreshed, regrouped));
  const told = await recordEvents(
    tx,
    engine,
    await watching,
    live.flatMap((draft) => {
      const row = rows.get(draft)!;
      const event = eventOf(draft, row);
      return event ? [{ event, row }] : [];
    }),
    at,
  );
  // All at once: they enter their lanes in one order.
  await insertJobs(tx, [...live.flatMap((draft) => jobsOf(engine, draft, rows.get(draft)!)), ...told], at);
  return drafts.map((draft) => {
    const row = rows.get(draft) ?? draft.change.before!;
    return {
      change: draft.kind,
      row,
      resource: draft.written ?? draft.previous ?? { resourceType: row.type, id: row.id },
    };
  });
}

interface Draft {
  readonly change: Change;
  readonly kind: Committed['change'];
  readonly previous: FhirResource | undefined;
  readonly hash: string;
  readonly labels: number;
  readonly indexBefore: IndexRows | undefined;
  readonly indexAfter: IndexRows | undefined;
  /** By `Type/id`: what the resource points at. */
  readonly targets: ReadonlyMap<string, { readonly type: string; readonly id: string }>;
  person: string;
  patient: string | null;
  foreign: boolean;
  written: FhirResource | undefined;
}

function draftOf(engine: Engine, change: Change, keys: ReturnType<typeof bodyKeysOf>): Draft {
  const { before, resource } = change;
  const lives = before !== undefined && before.deleted === 0;
  const hash = change.hash ?? (resource ? contentHash(resource) : '');
  const kind = !resource ? (lives ? 'delete' : 'none') : !lives ? 'create' : before.hash === hash ? 'none' : 'update';
  const previous = before && kind !== 'create' ? parseRow(before, keys) : undefined;
  const patients = patientsIn(engine, change);
  return {
    change,
    kind,
    previous,
    hash,
    labels: resource ? resourceBits(resource as unknown as Resource) : (before?.labels ?? 0),
    indexBefore: lives && kind !== 'none' ? indexRows(engine.definitions, previous as FhirResource) : undefined,
    indexAfter: resource && kind !== 'none' ? indexRows(engine.definitions, resource) : undefined,
    targets: kind === 'none' ? new Map() : targetsOf(resource),
    person: patients.length > 1 ? SEVERAL_PERSONS : '',
    patient: patients.length === 1 ? patients[0]! : null,
    foreign: false,
    written: undefined,
  };
}

/** Patients a resource is about: what the writer knows, else `patient` and `subject`, else any other place of the Patient compartment. */
export function patientsIn(
  engine: Engine,
  { type, id, resource, patient, before }: Pick<Change, 'type' | 'id' | 'resource' | 'patient' | 'before'>,
): string[] {
  if (type === 'Patient') return [id];
  if (patient !== undefined) return [patient];
  if (!resource) return before?.patient ? [before.patient] : [];
  const found = new Set<string>();
  for (const code of ['patient', 'subject']) {
    for (const value of extractOne(engine.definitions, resource as unknown as Resource, code)) {
      if (value.kind === 'reference' && value.type === 'Patient' && value.id !== undefined) found.add(value.id);
    }
  }
  return found.size > 0 ? [...found] : patientReferences(engine.definitions, resource as unknown as Resource);
}

/** Identifiers of changed Patients, and the sets of patients they tie together. Gives the persons whose membership changed. */
async function regroupPatients(tx: Tx, engine: Engine, drafts: readonly Draft[], at: number): Promise<Set<string>> {
  const moved: string[] = [];
  for (const { change, previous } of drafts) {
    if (change.type !== 'Patient' || change.byMessage) continue;
    const had = previous ? identifyingOf(previous) : [];
    const has = change.resource ? identifyingOf(change.resource) : [];
    lockNames(
      tx,
      [...had, ...has].map(({ system, value }) => `identifier ${system}|${value}`),
    );
    const holders = await holdersOf(tx, [...had, ...has]);
    const heldBy = (each: SharedIdentifier): readonly string[] => holders.get(identifierKey(each)) ?? [];
    const before = [...had, ...has].filter((each) => heldBy(each).includes(change.id));
    const after = await believed(tx, engine.issuers, change, has, holders);
    if (!(await storeIdentifiers(tx, change.id, before, after))) continue;
    const isShared = [...before, ...after].flatMap(heldBy).some((other) => other !== change.id);
    if (isShared || before.length > 0 || !(change.isNew || (await isAlone(tx, change.id)))) moved.push(change.id);
  }
  return moved.length === 0 ? new Set() : regroup(tx, moved, at, 'identifier');
}

const isAlone = async (tx: Tx, patient: string): Promise<boolean> =>
  (await personsOf(tx, [patient])).get(patient) === patient;

async function assignPersons(tx: Tx, drafts: readonly Draft[], regrouped: ReadonlySet<string>): Promise<void> {
  const patients = new Set(drafts.flatMap(({ patient }) => patient ?? []));
  // A Patient that this transaction makes and that was tied to nobody is a person of its own: nobody else can know of it yet.
  const fresh = drafts.filter(({ change }) => change.type === 'Patient' && change.isNew && !regrouped.has(change.id));
  const asked = [...patients.difference(new Set(fresh.map(({ change }) => change.id)))];
  if (asked.length > 0) lockShared(tx, 'persons');
  const persons = await personsOf(tx, asked);
  for (const draft of drafts) if (draft.patient !== null) draft.person = persons.get(draft.patient) ?? draft.patient;
}

/** Its failure is the transaction's, and shows there, also where nobody comes to wait for it. */
function ahead<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}

type ForeignTarget = Pick<Row, 'type' | 'id' | 'owner_org' | 'shared' | 'deleted'>;

/** What these resources point at and do not hold themselves, by `Type/id`. */
async function foreignTargets(tx: Tx, drafts: readonly Draft[]): Promise<ReadonlyMap<string, ForeignTarget>> {
  const own = new Set(drafts.map(({ change }) => rowKey(change.type, change.id)));
  const wanted = new Map(drafts.flatMap(({ targets }) => [...targets]).filter(([key]) => !own.has(key)));
  const rows = await queryKeys<ForeignTarget>(
    tx,
    'SELECT type, id, owner_org, shared, deleted FROM resource WHERE (type, id) IN $KEYS',
    [...wanted.values()].map(({ type, id }) => [type, id]),
  );
  return new Map(rows.map((row) => [rowKey(row.type, row.id), row]));
}

/** Whether a resource points at something its readers may not see: then every read of it looks closer. */
function assignForeign(drafts: readonly Draft[], rows: ReadonlyMap<string, ForeignTarget>): void {
  const own = new Map(drafts.map((draft) => [rowKey(draft.change.type, draft.change.id), draft]));
  for (const draft of drafts) {
    draft.foreign = [...draft.targets.keys()].some((key) => {
      const mine = own.get(key);
      if (mine) return mine.change.owner !== draft.change.owner && !isShared(mine);
      const row = rows.get(key);
      return !row || row.deleted === 1 || (row.owner_org !== draft.change.owner && row.shared === 0);
    });
  }
}

function targetsOf(resource: FhirResource | undefined): Map<string, { readonly type: string; readonly id: string }> {
  const targets = new Map<string, { readonly type: string; readonly id: string }>();
  if (!resource) return targets;
  forEachReference(resource as unknown as Resource, ({ reference }) => {
    const parsed = parseReference(reference);
    if (parsed.kind === 'local') targets.set(rowKey(parsed.type, parsed.id), parsed);
  });
  return targets;
}

const SENSITIVE = ~LABEL.MENTAL;
const isShared = ({ change, patient, person, labels }: Draft): boolean =>
  isDirectoryType(change.type) && patient === null && person === '' && (labels & SENSITIVE) === 0;

async function writeRows(
  tx: Tx,
  drafts: readonly Draft[],
  rids: readonly number[],
  at: number,
  keys: ReturnType<typeof bodyKeysOf>,
): Promise<Map<Draft, Row>> {
  const rows = new Map<Draft, Row>();
  const fresh: Draft[] = [];
  for (const draft of drafts) {
    const row = rowOf(draft, at, keys);
    if (draft.change.before) {
      updateRow(tx, row);
      rows.set(draft, row);
    } else {
      rows.set(draft, { ...row, rid: rids[fresh.length] ?? 0 });
      fresh.push(draft);
    }
  }
  const made = await insertResources(
    tx,
    fresh.map((draft) => rows.get(draft)!),
  );
  for (const [at, draft] of fresh.entries()) rows.set(draft, made[at]!);
  return rows;
}

function rowOf(draft: Draft, at: number, keys: ReturnType<typeof bodyKeysOf>): Row {
  const { change, kind, hash, labels } = draft;
  const { before } = change;
  const version = (before?.version ?? 0) + 1;
  const lastUpdated = Math.max(at, before?.last_updated ?? 0);
  if (change.resource) draft.written = withServerMeta(change.resource, change.id, version, lastUpdated);
  const base = {
    rid: before?.rid ?? 0,
    type: change.type,
    id: change.id,
    version,
    last_updated: lastUpdated,
    owner_org: change.owner,
    program: change.program ?? before?.program ?? null,
    folded: change.folded ? 1 : 0,
  };
  if (kind === 'delete') {
    return { ...before!, ...base, deleted: 1, json: before!.json, hash: '' };
  }
  return {
    ...base,
    deleted: 0,
    json: sealText(stringifyExact(draft.written), keys),
    hash,
    person: draft.person,
    patient: draft.patient,
    labels,
    shared: isShared(draft) ? 1 : 0,
    foreign_refs: draft.foreign ? 1 : 0,
  };
}

function withServerMeta(resource: FhirResource, id: string, version: number, lastUpdated: number): FhirResource {
  const { resourceType, id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _at, ...keep } = meta ?? {};
  return {
    resourceType,
    id,
    meta: { versionId: String(version), lastUpdated: new Date(lastUpdated).toISOString(), ...keep },
    ...rest,
  };
}

function grantPersons(
  engine: Engine,
  drafts: readonly Draft[],
  rows: ReadonlyMap<Draft, Row>,
  refreshed: readonly Row[],
  regrouped: ReadonlySet<string>,
): Set<string> {
  const persons = new Set(regrouped);
  const { factTypes } = engine.grants;
  for (const draft of drafts) {
    if (!factTypes.includes(draft.change.type)) continue;
    persons.add(rows.get(draft)!.person);
    if (draft.change.before) persons.add(draft.change.before.person);
  }
  for (const row of refreshed) if (factTypes.includes(row.type)) persons.add(row.person);
  persons.delete('');
  persons.delete(SEVERAL_PERSONS);
  return persons;
}

function jobsOf(engine: Engine, draft: Draft, row: Row): NewJob[] {
  const event = eventOf(draft, row);
  return event ? triggeredJobs(engine, event) : [];
}

/** A change as triggers and subscriptions look at it; undefined for none. */
function eventOf({ change, kind, indexAfter, indexBefore }: Draft, row: Row): ChangeEvent | undefined {
  if (kind === 'none') return undefined;
  return {
    interaction: kind,
    resourceType: change.type,
    resourceId: change.id,
    versionId: String(row.version),
    person: row.person === '' || row.person === SEVERAL_PERSONS ? undefined : row.person,
    patient: row.patient ?? undefined,
    index: indexAfter ?? indexBefore ?? new Map(),
  };
}
