import type { WithId } from '@medplum/core';
import type { Extension, Reference, Resource } from '@medplum/fhirtypes';
import { sameContent } from '../src/fhir/canonical.ts';
import { highWaterMark, mergeLabels } from '../src/fhir/labels.ts';
import { hubExtension } from '../src/model/systems.ts';
import { act, createOnce, type Fhir, update } from './hub.ts';

interface Identified {
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
}

/** The literal reference to a stored resource. */
export const referenceTo = <T extends Resource>({ resourceType, id }: T): Reference<T> & { reference: string } => ({
  reference: `${resourceType}/${id}`,
});

/** The act key under which a bot wrote a resource; undefined when none did. */
export function keyOf(resource: Resource): string | undefined {
  const { system } = act('');
  return (resource as Identified).identifier?.find((each) => each.system === system)?.value;
}

/**
 * A derived resource: under its key, with the labels of its sources added to those it has, and with the id and version of the one that
 * stands. Elements somebody else added to the standing one stay; `undefined` takes one away. Rule: DOMAIN B8 (3).
 */
export function derived<T extends Resource>(
  key: string,
  resource: { readonly [K in keyof T]: T[K] | undefined },
  sources: readonly Resource[],
  standing?: T,
): T {
  const security = mergeLabels(standing?.meta?.security, highWaterMark(sources));
  const whole: Record<string, unknown> = { ...standing, ...resource, identifier: identifiers(key, standing) };
  for (const name of Object.keys(whole)) if (whole[name] === undefined) delete whole[name];
  const meta = { ...standing?.meta, ...(security.length > 0 ? { security } : {}) };
  if (Object.keys(meta).length > 0) whole.meta = meta;
  return whole as unknown as T;
}

function identifiers(key: string, standing: Resource | undefined) {
  const others = ((standing ?? {}) as Identified).identifier ?? [];
  return [act(key), ...others.filter((each) => each.system !== act('').system)];
}

/** Writes what `derived` gave: created once, updated only when it says something else than `standing`, never over a newer version. */
export async function settle<T extends Resource>(medplum: Fhir, resource: T, standing?: T): Promise<WithId<T>> {
  if (standing === undefined) return createOnce(medplum, keyOf(resource) ?? '', resource);
  return sameContent(standing, resource) ? (standing as WithId<T>) : update(medplum, resource);
}

/** Extension that says from which item of a questionnaire an entry came, so that later answers find it and a person's entries stay. */
export const FROM_ITEM = hubExtension('from-item');

export const fromItem = (linkId: string): Extension[] => [{ url: FROM_ITEM, valueString: linkId }];

export const itemOf = (entry: { readonly extension?: readonly Extension[] }): string | undefined =>
  entry.extension?.find((each) => each.url === FROM_ITEM)?.valueString;
