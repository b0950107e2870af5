import type { Coding, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { issue } from '../fhir/outcome.ts';
import { forEachReference, formatReference, parseReference, rewriteReferences } from '../fhir/references.ts';
import type { Actor } from '../model/actor.ts';
import type { Stored } from '../model/store.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { refuseWith } from './refusal.ts';
import { parseRow, type Row, rowKey } from './rows.ts';
import { aboutPatient } from './search-sql.ts';
import { queryKeys } from './statements.ts';
import { securityOf } from './target-labels.ts';
import { sql, visibleRows } from './visibility-sql.ts';
import type { Write } from './write-intent.ts';

/** What a write points at, as far as it lies in the store and its writer may see it. */
export interface Target {
  /** The latest. */
  readonly version: number;
  readonly deleted: boolean;
  readonly labels: readonly Coding[];
}

/** References under the server's own base become relative: index, labels and masks know one form of an address. */
export function localised({ base }: Pick<Context, 'base'>, write: Write): Write {
  const { resource } = write;
  if (!resource || isWhole(resource)) return write;
  const own = new Map<string, string>();
  forEachReference(resource as unknown as Resource, ({ reference }) => {
    if (!reference.startsWith(`${base}/`)) return;
    const parsed = parseReference(reference, base);
    if (parsed.kind === 'local') own.set(reference, formatReference(parsed));
  });
  if (own.size === 0) return write;
  const relative = rewriteReferences(resource as unknown as Resource, (reference) => own.get(reference));
  return { ...write, resource: relative as unknown as FhirResource };
}

/** A stored Bundle is whole in itself: its references are read from the fullUrls of its entries. Rule: FHIR R4 bundle.html#references. */
const isWhole = ({ resourceType }: FhirResource): boolean => resourceType === 'Bundle';

/** By `Type/id`, in one query: what these resources point at. Of the writes of one transaction, those that delete count as done. */
export async function loadTargets(context: Context, writes: readonly Write[]): Promise<Map<string, Target>> {
  const { tx, visibility, scopes } = context;
  const wanted = new Map<string, readonly [string, string]>();
  for (const { resource } of writes) {
    if (!resource) continue;
    forEachReference(resource as unknown as Resource, ({ reference }) => {
      const parsed = parseReference(reference);
      if (parsed.kind === 'local') wanted.set(rowKey(parsed.type, parsed.id), [parsed.type, parsed.id]);
    });
  }
  const visible = visibleRows(visibility, 'r');
  const about = scopes.launch === undefined ? sql('1 = 1') : aboutPatient('r', scopes.launch, true);
  const rows = await queryKeys<Pick<Row, 'type' | 'id' | 'version' | 'deleted'> & { readonly json: string | null }>(
    tx,
    `SELECT r.type, r.id, r.version, r.deleted, CASE WHEN r.labels <> 0 AND r.deleted = 0 THEN r.json END AS json
     FROM resource r WHERE (r.type, r.id) IN $KEYS AND ${visible.text} AND ${about.text}`,
    [...wanted.values()],
    [],
    [...visible.params, ...about.params],
  );
  const targets = new Map<string, Target>();
  for (const { type, id, version, deleted, json } of rows) {
    const labels = json === null ? [] : securityOf(parseRow({ json }, bodyKeysOf(tx.env)) as unknown as FhirResource);
    targets.set(rowKey(type, id), { version, deleted: deleted === 1, labels });
  }
  for (const { action, type, id } of writes) {
    const key = rowKey(type, id);
    const before = targets.get(key);
    // What is written here has the version after the one it had; of what is new the first.
    const version = (before?.version ?? 0) + 1;
    targets.set(key, { labels: before?.labels ?? [], version, deleted: action === 'delete' });
  }
  return targets;
}

/** The hub's own writers are not asked: what must be told, or escalate, does not wait for what it names. */
const ASKED: ReadonlySet<Actor['kind']> = new Set(['client', 'user', 'operator']);

/** Whether references must hold for this actor. */
export const isAsked = ({ actor, references }: Pick<Context, 'actor' | 'references'>): boolean =>
  references === 'exists' && ASKED.has(actor.kind);

/** A record of what was done may be about what is gone since. */
export const TELLS_OF_THE_PAST: ReadonlySet<string> = new Set(['Provenance', 'AuditEvent']);

/**
 * Throws 422 with the place of each reference that leads nowhere: to what does not exist, is deleted, or may not be seen by the
 * writer, all in the same words; to a version that there is not; to a temporary id or criteria that nothing has resolved. What the
 * stored version says already may stay. Other servers' addresses, contained resources and identifiers are not looked up.
 * Rule: FHIR R4 references.html#literal, http.html#trules.
 */
export function requireTargets(
  { actor, references }: Pick<Context, 'actor' | 'references'>,
  resource: FhirResource,
  stored: Stored | undefined,
  targets: ReadonlyMap<string, Target>,
): void {
  if (!ASKED.has(actor.kind) || isWhole(resource)) return;
  const kept = new Set<string>();
  if (stored) forEachReference(stored as unknown as Resource, ({ reference }) => kept.add(unversioned(reference)));
  const past = TELLS_OF_THE_PAST.has(resource.resourceType);
  const issues: OperationOutcomeIssue[] = [];
  forEachReference(resource as unknown as Resource, ({ reference }, path) => {
    if (kept.has(unversioned(reference))) return;
    const parsed = parseReference(reference);
    const expression = `${path()}.reference`;
    if (parsed.kind === 'conditional' || reference.startsWith('urn:uuid:')) {
      issues.push(issue({ code: 'not-found', text: 'it refers to nothing that this request defines', expression }));
    } else if (parsed.kind === 'local' && references === 'exists') {
      const target = targets.get(rowKey(parsed.type, parsed.id));
      const exists = target && (past || !target.deleted) && isVersion(parsed.version, target.version);
      if (!exists) issues.push(issue({ code: 'not-found', text: 'it refers to what is not known here', expression }));
    }
  });
  if (issues.length > 0) throw refuseWith(422, issues);
}

const unversioned = (reference: string): string => reference.replace(/\/_history\/[^/]*$/, '');

const isVersion = (asked: string | undefined, latest: number): boolean =>
  asked === undefined || (/^[1-9]\d{0,9}$/.test(asked) && Number(asked) <= latest);
