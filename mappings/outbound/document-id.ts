import type { Identifier } from '@medplum/fhirtypes';
import { HUB_NAMESPACE, issues } from '../../src/mapping/outbound/assigner.ts';
import type { Found } from '../../src/mapping/outbound/event.ts';
import type { Repetition, Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element } from '../../src/mapping/outbound/scene.ts';
import { ei } from '../../src/mapping/outbound/writers.ts';

/**
 * The document number of a note: the one the receiver itself gave it, when it did, so that it recognises its own; else the hub's
 * id in the hub's namespace, which a reply returns in TXA-13.
 */
export function documentId(note: Entry | undefined, writing: Writing): Repetition | undefined {
  if (note === undefined) return undefined;
  const own = ownIdentifier(note, writing);
  if (own !== undefined) {
    writing.carried(own.path);
    return ei.write(own, writing);
  }
  return note.value.id === undefined ? undefined : [note.value.id, HUB_NAMESPACE];
}

/** An identifier of the receiver's own authority on a resource. */
export function ownIdentifier(entry: Entry, { partner }: Pick<Writing, 'partner'>): Found | undefined {
  const stated = element(entry, 'identifier') ?? element(entry, 'masterIdentifier');
  const list = (Array.isArray(stated) ? stated : stated === undefined ? [] : [stated]) as Identifier[];
  const index = list.findIndex(({ system, value }) => value !== undefined && issues(partner, system));
  return index < 0 ? undefined : { value: list[index], path: `${entry.path}.identifier[${index}]` };
}

/** A number for what is not in the release but is referenced: the id of the reference. */
export function referencedId(reference: unknown): Repetition | undefined {
  const text = (reference as { reference?: string } | undefined)?.reference;
  const id = text === undefined ? undefined : /^[A-Z][A-Za-z]+\/([A-Za-z0-9.-]{1,64})$/.exec(text)?.[1];
  return id === undefined ? undefined : [id, HUB_NAMESPACE];
}
