import { failureOf } from '../model/failure.ts';
import type { OutboxEvent } from '../model/outbox.ts';
import type { Released } from '../model/released.ts';
import type { RowOutcome } from './outbox-commands.ts';

/** What stands before an attempt: the bytes and their control id, or how the row ends without one. */
export type Ready =
  | {
      readonly kind: 'ready';
      readonly payload: Uint8Array;
      readonly controlId: string;
      readonly digest: string;
      readonly stored: boolean;
      /** What consent let go, as `Type/id`, the subject first; nothing of an answer that holds no content. */
      readonly resources: readonly string[];
    }
  | { readonly kind: 'outcome'; readonly outcome: RowOutcome };

export const done = (outcome: RowOutcome): Ready => ({ kind: 'outcome', outcome });

/** It cannot go as it is. The lane goes on: what follows is told by its own event. */
export function parked(code: string, text?: string): Extract<RowOutcome, { kind: 'parked' | 'refused' | 'unknown' }> {
  return { kind: 'parked', code, text: text ?? failureOf(code).text, holdLane: false };
}

/** Resources that were let go, the subject of the event first. */
export function resourcesIn(released: Released, { resources: [subject] }: OutboxEvent): string[] {
  const found = (released.bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.id === undefined ? [] : [`${resource.resourceType}/${resource.id}`],
  );
  return found.sort((a, b) => Number(b === subject) - Number(a === subject));
}

/** Without the resource the event is about, the rest says nothing or the wrong thing. */
export function holdsSubject(released: Released, event: OutboxEvent): boolean {
  const [subject] = event.resources;
  return (released.bundle.entry ?? []).some(
    ({ resource }) => resource && `${resource.resourceType}/${resource.id}` === subject,
  );
}
