import type { Identifier } from '@medplum/fhirtypes';
import { HUB_NAMESPACE, issues } from '../../src/mapping/outbound/assigner.ts';
import type { Found } from '../../src/mapping/outbound/event.ts';
import type { Repetition, Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element } from '../../src/mapping/outbound/scene.ts';
import { ei } from '../../src/mapping/outbound/writers.ts';
import { hubIdentifier } from '../../src/model/systems.ts';

/** Base of the identifier systems of the hub: acts and resource ids, which are no number of any author. */
const HUB = hubIdentifier('');

/**
 * The document number of a note: the one the receiver itself gave it, so that it recognises its own; else its author's own number,
 * so that a reply finds the note whichever way it comes; else the hub's id in the hub's namespace.
 */
export function documentId(note: Entry | undefined, writing: Writing): Repetition | undefined {
  if (note === undefined) return undefined;
  const found = ownIdentifier(note, writing) ?? identifierOf(note, ({ system }) => !system?.startsWith(HUB));
  const written = found === undefined ? undefined : ei.write(found, writing);
  if (found !== undefined && written !== undefined) {
    writing.carried(found.path);
    return written;
  }
  return note.value.id === undefined ? undefined : [note.value.id, HUB_NAMESPACE];
}

/** An identifier of the receiver's own authority on a resource. */
export function ownIdentifier(entry: Entry, { partner }: Pick<Writing, 'partner'>): Found | undefined {
  return identifierOf(entry, ({ system }) => issues(partner, system));
}

function identifierOf(entry: Entry, wanted: (identifier: Identifier) => boolean): Found | undefined {
  const stated = element(entry, 'identifier');
  const list = (Array.isArray(stated) ? stated : []) as Identifier[];
  const index = list.findIndex((one) => one.value !== undefined && wanted(one));
  return index < 0 ? undefined : { value: list[index], path: `${entry.path}.identifier[${index}]` };
}

/** A number for what is not in the release but is referenced: the id of the reference. */
export function referencedId(reference: unknown): Repetition | undefined {
  const text = (reference as { reference?: string } | undefined)?.reference;
  const id = text === undefined ? undefined : /^[A-Z][A-Za-z]+\/([A-Za-z0-9.-]{1,64})$/.exec(text)?.[1];
  return id === undefined ? undefined : [id, HUB_NAMESPACE];
}
