import type { Coding } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { markApplied } from '../database/job-table.ts';
import { contentHash } from '../fhir/canonical.ts';
import { mergeLabels } from '../fhir/labels.ts';
import type { ElementAssertion, IdentityAssertion } from '../model/assertion.ts';
import type { Applied, ApplyUnit } from '../model/store.ts';
import { type FoldedGroup, foldGroups } from './apply-groups.ts';
import { provenancesOf } from './apply-provenance.ts';
import { type Change, commitChanges } from './commit.ts';
import type { Engine, FhirResource } from './engine.ts';
import { emptyFold, type FoldState, foldAssertions, foldElements, materialise, takeOver, withRemoval } from './fold.ts';
import { loadFolds, storeFolds } from './fold-rows.ts';
import { contradict, demographicsOf, differs, statedPatient } from './identity-check.ts';
import { addIdentifiers, identifyingOf, patientsWith, regroup, storeEdge } from './persons.ts';
import { loadRows, parseRow, type Row, rowKey } from './rows.ts';
import { insertRows, lockNames } from './statements.ts';

export interface ApplyArgs {
  readonly unit: ApplyUnit;
  /** Milliseconds. */
  readonly at: number;
}

/** One resource on its way through a unit. */
interface Entry {
  readonly type: string;
  readonly id: string;
  readonly row: Row | undefined;
  readonly known: FoldState | undefined;
  /** What was said came before the resource could be stored. */
  readonly ahead: boolean;
  state: FoldState;
}

/**
 * Folds one journal row into the store: resource versions, index, persons, grants, Provenance, issues, jobs and the marker
 * in the caller's one transaction. Applying it again, or in another order among others, ends in the same state.
 * `refused` has written nothing. Codes: the mapping's own, `identity.mismatch`.
 */
export async function applyUnit(tx: Tx, engine: Engine, { unit, at }: ApplyArgs): Promise<Applied> {
  const { mapped, stamp } = unit;
  if (mapped.refused) return { outcome: 'refused', ...mapped.refused };
  const groups = await foldGroups(tx, unit);
  const keys = touchedKeys(unit, groups);
  lockNames(
    tx,
    keys.map(({ type, id }) => rowKey(type, id)),
  );
  const entries = await loadEntries(tx, keys, unit.organization);
  const mismatch = await findMismatch(tx, unit, entries);
  if (mismatch) return mismatch;
  const fresh = await markApplied(tx, unit.journalId, at);
  for (const said of mapped.resources) {
    const entry = entries.get(rowKey(said.type, said.id))!;
    entry.state = foldAssertions(entry.state, said, stamp, unit.partner);
  }
  await removeMembers(tx, groups, entries, unit.partner);
  const regrouped = await foldIdentity(tx, unit, entries, at);
  const changed = [...entries.values()].filter((entry) => entry.state !== entry.known);
  const changes = changed.flatMap((entry) => changeOf(tx, engine, entry) ?? []);
  const provenances = await provenancesOf(tx, engine, unit, changes, fresh);
  const committed = await commitChanges(tx, engine, [...changes, ...provenances], at, regrouped);
  const rids = new Map(committed.map(({ row }) => [rowKey(row.type, row.id), row.rid]));
  await storeFolds(
    tx,
    changed.map(({ type, id, row, state, ahead }) => ({
      type,
      id,
      rid: row?.rid ?? rids.get(rowKey(type, id)),
      state,
      ahead,
    })),
  );
  await storeIssues(tx, unit, fresh);
  const versions = committed.filter(({ change, row }) => change !== 'none' && row.type !== 'Provenance');
  return {
    outcome: versions.length > 0 ? 'applied' : 'unchanged',
    changed: versions.map(({ row }) => ({ type: row.type, id: row.id, versionId: String(row.version) })),
  };
}

function touchedKeys({ mapped }: ApplyUnit, groups: readonly FoldedGroup[]): { type: string; id: string }[] {
  const keys = new Map<string, { type: string; id: string }>();
  const add = (type: string, id: string): void => void keys.set(rowKey(type, id), { type, id });
  for (const { type, id } of mapped.resources) add(type, id);
  for (const each of mapped.identity) for (const id of pairOf(each)) add('Patient', id);
  for (const { touched } of groups) {
    for (const member of touched) {
      const at = member.indexOf('/');
      add(member.slice(0, at), member.slice(at + 1));
    }
  }
  return [...keys.values()];
}

const pairOf = (said: IdentityAssertion): readonly [string, string] =>
  said.op === 'merge' ? [said.survivor, said.loser] : [said.patient, said.other];

async function loadEntries(
  tx: Tx,
  keys: readonly { type: string; id: string }[],
  organization: string,
): Promise<Map<string, Entry>> {
  const rows = await loadRows(tx, keys);
  const known = await loadFolds(tx, keys, rows);
  return new Map(
    keys.map(({ type, id }) => {
      const key = rowKey(type, id);
      const row = rows.get(key);
      const fold = known.get(key);
      const state = fold?.state ?? firstState(tx, row, organization);
      return [key, { type, id, row, known: fold?.state, ahead: fold?.ahead ?? false, state }];
    }),
  );
}

/** What a FHIR actor made before any message spoke of it belongs to that actor whole. */
function firstState(tx: Tx, row: Row | undefined, organization: string): FoldState {
  if (!row) return emptyFold(organization);
  const at = new Date(row.last_updated).toISOString();
  return takeOver(emptyFold(row.owner_org), undefined, parseRow(row, bodyKeysOf(tx.env)), at);
}

async function findMismatch(
  tx: Tx,
  { mapped }: ApplyUnit,
  entries: ReadonlyMap<string, Entry>,
): Promise<Applied | undefined> {
  for (const said of mapped.resources) {
    if (said.type !== 'Patient') continue;
    const stated = statedPatient(said);
    const row = entries.get(rowKey('Patient', said.id))?.row;
    const own = row && row.deleted === 0 ? parseRow(row, bodyKeysOf(tx.env)) : undefined;
    const had = new Set((own ? identifyingOf(own) : []).map(({ system, value }) => `${system}|${value}`));
    const others = await patientsWith(
      tx,
      identifyingOf(stated).filter(({ system, value }) => !had.has(`${system}|${value}`)),
    );
    const rows = await loadRows(
      tx,
      others.filter((id) => id !== said.id).map((id) => ({ type: 'Patient', id })),
    );
    const who = demographicsOf(stated);
    const tied = [...rows.values()].filter(({ deleted }) => deleted === 0);
    if (
      (own && contradict(who, demographicsOf(own))) ||
      tied.some((each) => differs(who, demographicsOf(parseRow(each, bodyKeysOf(tx.env)))))
    ) {
      return {
        outcome: 'refused',
        code: 'identity.mismatch',
        location: 'PID[1]-3',
        text: 'a known identifier arrives with the demographics of another human',
      };
    }
  }
  return undefined;
}

async function removeMembers(
  tx: Tx,
  groups: readonly FoldedGroup[],
  entries: ReadonlyMap<string, Entry>,
  source: string,
): Promise<void> {
  for (const { key, state, removed, touched, changed } of groups) {
    for (const member of touched) {
      const entry = entries.get(member)!;
      const { latest } = state;
      const gone = latest && removed.includes(member);
      const removal = gone ? { stamp: latest.stamp, source, elements: latest.onRemoved } : undefined;
      entry.state = withRemoval(entry.state, key, removal);
    }
    if (!changed) continue;
    tx.send(
      'INSERT INTO group_snapshot (group_key, state) VALUES (?, ?) ON CONFLICT (group_key) DO UPDATE SET state = excluded.state',
      [key, JSON.stringify(state)],
    );
  }
}

/** Identity statements: membership of the person and Patient.link, never references. Gives the persons whose membership changed. */
async function foldIdentity(
  tx: Tx,
  unit: ApplyUnit,
  entries: ReadonlyMap<string, Entry>,
  at: number,
): Promise<ReadonlySet<string>> {
  const moved = await statedIdentifiers(tx, unit);
  for (const said of unit.mapped.identity) {
    const [one, other] = pairOf(said);
    const [first, second] = LINK_TYPES[said.op];
    for (const [id, to, type] of [
      [one, other, first],
      [other, one, second],
    ] as const) {
      const entry = entries.get(rowKey('Patient', id))!;
      const elements = foldElements(entry.state, [linkElement(to, type)], unit.stamp, unit.partner);
      if (elements !== entry.state.elements) entry.state = { ...entry.state, elements };
    }
    if (await storeEdge(tx, one, other, said.op !== 'unlink', unit.stamp, `${said.op} ${unit.partner}`))
      moved.push(one, other);
  }
  return moved.length > 0 ? regroup(tx, moved, at, 'statement') : new Set();
}

/**
 * What a message says of who a patient is stays known when a later one leaves it out: omission is no statement, and the order in which
 * messages arrive must not decide who is one human. Only a statement or a person ends a link. Rule: DOMAIN C0, H7, H10.
 */
async function statedIdentifiers(tx: Tx, { mapped }: ApplyUnit): Promise<string[]> {
  const moved: string[] = [];
  for (const said of mapped.resources) {
    if (said.type !== 'Patient') continue;
    const stated = identifyingOf(statedPatient(said));
    if (stated.length === 0) continue;
    lockNames(
      tx,
      stated.map(({ system, value }) => `identifier ${system}|${value}`),
    );
    if (!(await addIdentifiers(tx, said.id, stated))) continue;
    if ((await patientsWith(tx, stated)).some((other) => other !== said.id)) moved.push(said.id);
  }
  return moved;
}

const LINK_TYPES = {
  link: ['seealso', 'seealso'],
  unlink: [undefined, undefined],
  merge: ['replaces', 'replaced-by'],
} as const;

function linkElement(to: string, type: string | undefined): ElementAssertion {
  const element = `link[${to}]`;
  if (type === undefined) return { element, op: 'delete', overFhir: true };
  return { element, op: 'set', value: { other: { reference: `Patient/${to}` }, type }, overFhir: true };
}

/** The change a fold calls for: none while required elements are missing, after a FHIR delete, or when nothing differs. */
function changeOf(tx: Tx, engine: Engine, { type, id, state, row }: Entry): Change | undefined {
  if (!state.asserted || row?.deleted === 1) return undefined;
  const said = materialise(type, id, state);
  // Whether it is whole is asked of what messages say of itself: a group's removal completes nothing, as it may be taken back.
  const own = state.removed ? materialise(type, id, { ...state, removed: {} }) : said;
  if (engine.missingRequired(own).length > 0 || engine.missingRequired(said).length > 0) return undefined;
  const resource = withMeta(tx, retire(said), state, row);
  const hash = contentHash(resource);
  if (row && row.hash === hash) return undefined;
  return {
    type,
    id,
    before: row,
    resource,
    hash,
    owner: row?.owner_org ?? state.owner,
    program: state.program,
    patient: state.patient,
    folded: true,
    byMessage: true,
  };
}

/** A Patient that another one replaces is not active, whatever its source said of it. Undone with the link. */
function retire(resource: FhirResource): FhirResource {
  const links = resource.link as readonly { readonly type?: string }[] | undefined;
  if (resource.resourceType !== 'Patient' || !links?.some(({ type }) => type === 'replaced-by')) return resource;
  return { ...resource, active: false };
}

function withMeta(tx: Tx, resource: FhirResource, state: FoldState, row: Row | undefined): FhirResource {
  const {
    versionId: _v,
    lastUpdated: _u,
    security = [],
    ...meta
  } = row ? (parseRow(row, bodyKeysOf(tx.env)).meta as Record<string, unknown>) : {};
  const labels = sortedLabels([...(security as Coding[]), ...state.labels]);
  if (labels.length === 0 && Object.keys(meta).length === 0) return resource;
  const { resourceType, id, ...rest } = resource;
  return { resourceType, id: id!, meta: { ...meta, ...(labels.length > 0 ? { security: labels } : {}) }, ...rest };
}

/** One order, so that the order of arrival does not show. */
function sortedLabels(labels: readonly Coding[]): Coding[] {
  const key = ({ system, code }: Coding): string => `${system ?? ''}|${code ?? ''}`;
  return mergeLabels(
    [],
    [...labels].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)),
  );
}

async function storeIssues(tx: Tx, { journalId, mapped }: ApplyUnit, fresh: boolean): Promise<void> {
  if (!fresh) tx.send('DELETE FROM apply_issue WHERE journal_id = ?', [journalId]);
  insertRows(tx, 'INSERT INTO apply_issue (journal_id, severity, code, location, part, text) VALUES', [
    ...mapped.issues.map((each) => [journalId, each.severity, each.code, each.location ?? null, null, each.text]),
    ...mapped.parked.map((each) => [journalId, 'error', each.code, each.location ?? null, each.part, each.text]),
  ]);
}
