import type { Resource } from '@medplum/fhirtypes';
import { rewriteLinks } from '../fhir/links.ts';
import { baseOf, parseReference, rewriteReferences } from '../fhir/references.ts';
import { matching } from './conditional.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { indexRows } from './index-rows.ts';
import { refusalOf, refuse, refuseWith } from './refusal.ts';
import type { Row } from './rows.ts';
import { meetsAll } from './search-match.ts';
import { parseSearch } from './search-request.ts';
import type { Write } from './write-intent.ts';

export interface Entry {
  readonly fullUrl?: string;
  readonly resource?: FhirResource;
  readonly request?: {
    readonly method?: string;
    readonly url?: string;
    readonly ifMatch?: string;
    readonly ifNoneMatch?: string;
    readonly ifNoneExist?: string;
  };
}

/** What a writing entry of a transaction comes to before anything is written. */
export interface Planned {
  readonly at: number;
  readonly type: string;
  readonly id: string;
  readonly write: Write | undefined;
  /** If-None-Exist found it: nothing is written. Without it and without `write`, another entry of the Bundle makes it. */
  readonly existing?: Row;
}

export async function placedAt<T>(at: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal || refusal.outcome.issue.every(({ expression }) => expression?.[0]?.startsWith('Bundle'))) throw error;
    throw refuseWith(
      refusal.status,
      refusal.outcome.issue.map((each) => ({ ...each, expression: [`Bundle.entry[${at}]`] })),
    );
  }
}

/** Every reference to an entry's fullUrl or by criteria becomes the address the resource will have. */
export async function resolveReferences(
  context: Context,
  entries: readonly Entry[],
  planned: readonly Planned[],
): Promise<Planned[]> {
  const replacements = new Map<string, string>();
  for (const { at, type, id } of planned) {
    const { fullUrl } = entries[at]!;
    if (!fullUrl || id === '') continue;
    if (replacements.has(fullUrl))
      throw refuse(400, 'duplicate', 'two entries have the same fullUrl', `Bundle.entry[${at}].fullUrl`);
    replacements.set(fullUrl, `${type}/${id}`);
  }
  const criteria = new Map<string, string>();
  const resolved: Planned[] = [];
  for (const each of planned) {
    const { write } = each;
    if (!write?.resource) {
      resolved.push(each);
      continue;
    }
    const root = baseOf(entries[each.at]!.fullUrl ?? '') ?? context.base;
    const linked = rewriteLinks(context.engine.definitions, write.resource as unknown as Resource, replacements, root);
    for (const reference of conditionalReferences(linked)) {
      if (!criteria.has(reference))
        criteria.set(reference, await placedAt(each.at, () => resolveCriteria(context, reference, planned)));
    }
    const resource = criteria.size === 0 ? linked : rewriteReferences(linked, (reference) => criteria.get(reference));
    resolved.push({ ...each, write: { ...write, resource: resource as unknown as FhirResource } });
  }
  return resolved;
}

export function conditionalReferences(resource: Resource): string[] {
  const found: string[] = [];
  const text = JSON.stringify(resource);
  if (!text.includes('?')) return found;
  rewriteReferences(resource, (reference) => {
    if (parseReference(reference).kind === 'conditional') found.push(reference);
    return undefined;
  });
  return found;
}

export async function resolveCriteria(
  context: Context,
  reference: string,
  planned: readonly Planned[],
): Promise<string> {
  const parsed = parseReference(reference);
  if (parsed.kind !== 'conditional' || !context.engine.definitions.isResourceType(parsed.type))
    throw refuse(400, 'value', 'a conditional reference is not a search');
  const { definitions } = context.engine;
  const stored = await matching(context, parsed.type, parsed.query);
  const { conditions } = parseSearch(definitions, parsed.type, [...new URLSearchParams(parsed.query)], true);
  const here = planned.filter(
    ({ type, id, write }) =>
      type === parsed.type &&
      write?.resource &&
      meetsAll(conditions, type, id, indexRows(definitions, { ...write.resource, id })),
  );
  const written = new Set(planned.flatMap(({ type, id, write }) => (write && type === parsed.type ? [id] : [])));
  const kept = stored.filter(({ id }) => !written.has(id));
  const ids = new Set([...kept, ...here].map(({ id }) => id));
  if (ids.size !== 1)
    throw refuse(
      412,
      ids.size === 0 ? 'not-found' : 'multiple-matches',
      `a conditional reference matches ${ids.size === 0 ? 'nothing' : 'more than one resource'}`,
    );
  return `${parsed.type}/${[...ids][0]}`;
}
