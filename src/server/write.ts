import type { Coding } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { contentHash } from '../fhir/canonical.ts';
import { mergeLabels } from '../fhir/labels.ts';
import { isAcceptable } from '../fhir/outcome.ts';
import type { Stored } from '../model/store.ts';
import { type AuditRecord, aboutOf, storeAudit } from './audit.ts';
import { type Change, commitChanges, patientsIn } from './commit.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { takeOver } from './fold.ts';
import { loadFolds, storeFolds } from './fold-rows.ts';
import { maskedView, unmask } from './mask.ts';
import { keepSubscription } from './operations/subscription-state.ts';
import { actorProvenance, provenanceChange } from './provenance.ts';
import { requireUnreferred } from './referrers.ts';
import { refuse, refuseWith } from './refusal.ts';
import { loadRow, loadRows, parseRow, type Row, rowKey } from './rows.ts';
import { requireScope } from './scope-check.ts';
import { lockNames } from './statements.ts';
import { inheritedLabels, securityOf } from './target-labels.ts';
import { askRules, requireNoRecords, requireOwnership, requirePatients, requireVersion } from './write-checks.ts';
import type { Write } from './write-intent.ts';
import { loadTargets, localised, requireTargets, type Target } from './write-targets.ts';

export interface Written {
  /** 201 created, 200 updated or unchanged, 204 deleted. */
  readonly status: 200 | 201 | 204;
  /** Absent when there was nothing to delete. */
  readonly row: Row | undefined;
  readonly resource: FhirResource | undefined;
}

/**
 * Writes all of them or none, in the caller's transaction: scopes, ownership, version, labels, validity, references and write rules are
 * checked against what that transaction sees. Throws a refusal naming the place. What changes nothing makes no version.
 */
export async function writeAll(context: Context, asked: readonly Write[]): Promise<Written[]> {
  const { tx, engine, actor, at } = context;
  // Neither an answer to an obligation nor anything else: what a patient says comes through his clinic.
  if (context.visibility.kind === 'patient') throw refuse(403, 'forbidden', 'a patient reads and writes nothing');
  const writes = asked.map((write) => localised(context, write));
  lockNames(
    tx,
    // A new id is nobody else's yet; a derived one is locked where it is derived.
    writes.filter(({ action }) => action !== 'create').map(({ type, id }) => rowKey(type, id)),
  );
  const rows = await loadRows(
    tx,
    writes.filter((write) => !isNew(write)),
  );
  const targets = await loadTargets(context, writes);
  const batch: Batch = {
    targets,
    labels: inheritedLabels(
      new Map(writes.flatMap(({ type, id, resource }) => (resource ? [[rowKey(type, id), resource] as const] : []))),
      targets,
    ),
    patients: new Set(writes.flatMap(({ type, id }) => (type === 'Patient' ? [id] : []))),
    writes: new Map(writes.map((write) => [rowKey(write.type, write.id), write])),
  };
  const planned: { write: Write; change: Change | undefined; before: Row | undefined }[] = [];
  for (const write of writes) {
    const before = rows.get(rowKey(write.type, write.id));
    try {
      planned.push({ write, before, change: await planWrite(context, write, before, batch) });
    } catch (error) {
      throw placed(error, write.place);
    }
  }
  const changes = planned.flatMap(({ change }) => change ?? []);
  const provenances = actor.kind === 'hub' ? [] : provenancesOf(context, changes);
  const committed = new Map(
    (await commitChanges(tx, engine, [...changes, ...provenances], at)).map((each) => [
      rowKey(each.row.type, each.row.id),
      each,
    ]),
  );
  for (const { change, row, resource } of committed.values()) {
    if (row.type === 'Subscription' && change !== 'none') await keepSubscription(context, row, resource);
  }
  const results = planned.map(({ write, before, change }): Written => {
    const done = change && committed.get(rowKey(write.type, write.id));
    if (done)
      return {
        status: done.change === 'create' ? 201 : done.change === 'delete' ? 204 : 200,
        row: done.row,
        resource: done.resource,
      };
    if (write.action === 'delete') return { status: 204, row: undefined, resource: undefined };
    return { status: 200, row: before, resource: parseRow(before!, bodyKeysOf(tx.env)) };
  });
  storeAudit(
    tx,
    results.flatMap(({ row, status }, at) => auditOf(context, writes[at]!, row, status)),
  );
  return results;
}

const ACTIONS = { create: 'C', update: 'U', delete: 'D' } as const;

function auditOf(
  { actor, at }: Context,
  { action, type, id, patched }: Write,
  row: Row | undefined,
  outcome: number,
): AuditRecord[] {
  if (actor.kind === 'hub') return [];
  return [
    {
      at,
      actor,
      // An update under an id that nothing lay under is a create.
      action: outcome === 201 ? 'C' : ACTIONS[action],
      outcome,
      type,
      target: `${type}/${id}`,
      ...(row ? { version: row.version, owner: row.owner_org, ...aboutOf(row) } : {}),
      ...(patched ? { interaction: 'patch' as const } : {}),
    },
  ];
}

/** What the writes of one transaction know of each other. */
interface Batch {
  readonly targets: ReadonlyMap<string, Target>;
  /** By `Type/id`: what each must carry. */
  readonly labels: ReadonlyMap<string, readonly Coding[]>;
  /** Patients that this transaction writes, or that the actor was found to see. */
  readonly patients: Set<string>;
  /** All of them, by `Type/id`. */
  readonly writes: ReadonlyMap<string, Write>;
}

async function planWrite(
  context: Context,
  write: Write,
  before: Row | undefined,
  { targets, labels, patients: known, writes }: Batch,
): Promise<Change | undefined> {
  const { tx, engine, actor } = context;
  const lives = before !== undefined && before.deleted === 0;
  const operation = write.action === 'delete' ? 'd' : lives ? 'u' : 'c';
  context.scopes.require(write.type, operation);
  const stored = lives ? parseRow(before, bodyKeysOf(tx.env)) : undefined;
  if (before) await requireOwnership(context, write, before);
  if (write.action === 'delete' && !lives) return undefined;
  if (stored) await requireScope(context, operation, write.type, write.id, stored as unknown as FhirResource);
  requireVersion(write, lives ? before : undefined);
  if (write.action === 'delete') {
    if (write.type === 'Patient') await requireNoRecords(context, before!);
    await requireUnreferred(context, write, before!, writes);
    await askRules(context, write.type, stored, undefined);
    return {
      type: write.type,
      id: write.id,
      before,
      resource: undefined,
      owner: before!.owner_org,
      folded: before!.folded === 1,
    };
  }
  const view = stored && mayBeMasked(write.resource) ? await maskedView(context, before!) : undefined;
  const resource = prepared(write, stored, view, labels);
  await requireScope(context, operation, write.type, write.id, resource);
  const hash = contentHash(resource);
  if (lives && before.hash === hash) return undefined;
  const issues = engine.validate(resource);
  if (!isAcceptable(issues)) throw refuseWith(422, issues);
  requireTargets(context, resource, stored, targets);
  await askRules(context, write.type, stored, resource);
  const folded = before ? before.folded === 1 : isDerivedId(write.id);
  const taken = folded && (await recordTakeOver(context, write, before, stored, resource));
  const patients = patientsIn(engine, { type: write.type, id: write.id, resource, patient: undefined, before });
  await requirePatients(
    context,
    write.type,
    patients.filter((id) => id !== before?.patient && !known.has(id)),
  );
  for (const id of patients) known.add(id);
  return {
    type: write.type,
    id: write.id,
    before,
    resource,
    hash,
    owner: before?.owner_org ?? (await ownerOf(context, resource, patients, actor.organization)),
    ...(patients.length === 1 ? { patient: patients[0] } : {}),
    isNew: isNew(write),
    folded: taken,
  };
}

/** Under an id made of chance nothing lies and nothing is known; one that is derived messages may have spoken of. */
const isNew = ({ action, id }: Write): boolean => action === 'create' && !isDerivedId(id);

/** Ids that messages derive are UUIDs of version 8: of such a resource messages may have spoken before it was whole. */
const isDerivedId = (id: string): boolean => id.length === 36 && id[14] === '8';

const mayBeMasked = (resource: FhirResource | undefined): boolean => JSON.stringify(resource).includes('"masked"');

/** The resource as it will be stored: its id, references masked on the way out restored, labels kept and inherited. */
function prepared(
  { type, id, resource }: Write,
  stored: Stored | undefined,
  view: Stored | undefined,
  labels: ReadonlyMap<string, readonly Coding[]>,
): FhirResource {
  if (resource?.resourceType !== type)
    throw refuse(400, 'structure', 'the resource is of another type than the address');
  let whole: FhirResource = { ...resource, id };
  if (stored && mayBeMasked(resource)) {
    const restored = unmask(whole, stored, view);
    if (!restored) throw refuse(422, 'business-rule', 'a masked reference was moved: write it back in its place');
    whole = restored;
  }
  const written: unknown = whole.meta?.security;
  if (written !== undefined && securityOf(whole).length !== (written as { length?: number }).length) return whole;
  const security = mergeLabels(securityOf(stored as FhirResource | undefined), labels.get(rowKey(type, id)));
  const { versionId: _v, lastUpdated: _u, security: _s, ...meta } = whole.meta ?? {};
  const kept = { ...meta, ...(security.length > 0 ? { security } : {}) };
  const { meta: _meta, ...rest } = whole;
  return Object.keys(kept).length > 0 ? { ...rest, meta: kept } : rest;
}

/** What a FHIR actor changes in a resource that messages spoke of belongs to that actor from now on. False: none has. */
async function recordTakeOver(
  { tx, at }: Context,
  { type, id }: Pick<Write, 'type' | 'id'>,
  row: Row | undefined,
  before: Stored | undefined,
  after: FhirResource,
): Promise<boolean> {
  const key = rowKey(type, id);
  const fold = (await loadFolds(tx, [{ type, id }], new Map(row ? [[key, row]] : []))).get(key);
  if (!fold) return false;
  const state = takeOver(fold.state, before as FhirResource | undefined, after, new Date(at).toISOString());
  await storeFolds(tx, [{ type, id, rid: row?.rid, state, ahead: fold.ahead }]);
  return true;
}

const OWNER_ELEMENTS = ['organization', 'providedBy', 'managingOrganization'];

/** Who owns a new resource: the writer's organization; for the hub itself whom the resource names, else the patient's. */
async function ownerOf(
  { tx }: Context,
  resource: FhirResource,
  patients: readonly string[],
  organization: string | undefined,
): Promise<string> {
  if (organization !== undefined) return organization;
  if (resource.resourceType === 'Organization') return resource.id!;
  for (const element of OWNER_ELEMENTS) {
    const reference = (resource[element] as { reference?: string } | undefined)?.reference;
    if (reference?.startsWith('Organization/')) return reference.slice('Organization/'.length);
  }
  const row = patients.length === 1 ? await loadRow(tx, 'Patient', patients[0]!) : undefined;
  return row?.owner_org ?? '';
}

/** One Provenance per person, owner and kind of change: who wrote these versions. */
function provenancesOf({ engine, actor, at }: Context, changes: readonly Change[]): Change[] {
  const activity = ({ resource, before }: Change) =>
    !resource ? 'DELETE' : before && before.deleted === 0 ? 'UPDATE' : 'CREATE';
  const groups = Map.groupBy(
    changes.filter(({ type }) => type !== 'Provenance' && type !== 'AuditEvent'),
    (change) =>
      JSON.stringify([
        activity(change),
        change.owner,
        change.patient ?? '',
        change.type === 'Patient' ? change.id : '',
      ]),
  );
  return [...groups.values()].map((group) => {
    const [first] = group as [Change, ...Change[]];
    const targets = group.map(({ type, id, before, resource }) => ({
      type,
      id,
      version: (before?.version ?? 0) + 1,
      labels: securityOf(resource),
    }));
    const resource = actorProvenance(engine.newId(), actor, new Date(at).toISOString(), activity(first), targets);
    return provenanceChange(resource, undefined, first.owner, first.type === 'Patient' ? first.id : first.patient);
  });
}

/** A refusal that tells where in a Bundle it arose. */
function placed(error: unknown, place: string | undefined): unknown {
  if (place === undefined) return error;
  const detail = (error as { detail?: { status: number; outcome: { issue: { expression?: string[] }[] } } }).detail;
  if (!detail?.outcome) return error;
  return refuseWith(
    detail.status,
    detail.outcome.issue.map((each) => ({
      ...each,
      expression: each.expression?.map((path) => path.replace(/^[A-Z][A-Za-z]*/, place)) ?? [place],
    })) as never,
  );
}
