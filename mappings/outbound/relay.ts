import type { Identifier } from '@medplum/fhirtypes';
import { refusal } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import type { Issue } from '../../src/model/assertion.ts';

/**
 * Whether the event may be told on: its source issued that very trigger, about something it numbered itself. The hub has no
 * encounters, doses, charges or identities of its own to announce. Rule: issue 3 "only as relay".
 */
export function refuseUnlessRelayed(scene: Scene, triggers: readonly string[]): Issue | undefined {
  const { relayOf } = scene.event;
  if (relayOf === undefined) {
    return refusal('render.not-relayed', 'such an event is only told on, and no source issued it', scene.focus.path);
  }
  if (!triggers.includes(relayOf.trigger)) {
    return refusal('render.trigger-unfit', 'the source issued another kind of event', scene.focus.path);
  }
  const own = numbersOf(scene).filter(({ system }) => relayOf.authorities.includes(system ?? ''));
  return own.length > 0
    ? undefined
    : refusal(
        'render.not-authoritative',
        'the source did not issue an identifier of this',
        `${scene.focus.path}.identifier`,
      );
}

/** The numbers of the focus; of something that has none of its own, those of the order, the visit or the patient it belongs to. */
function numbersOf(scene: Scene): readonly Identifier[] {
  const own = identifiersOf(scene.focus);
  if (own.length > 0) return own;
  const holders = ['request', 'basedOn', 'context', 'encounter', 'subject'].flatMap(
    (name) => element(scene.focus, name) ?? [],
  );
  return holders.flatMap((reference) => {
    const target = scene.at(reference);
    return target === undefined ? [] : identifiersOf(target);
  });
}

function identifiersOf(entry: Entry): readonly Identifier[] {
  const stated = element(entry, 'identifier');
  return Array.isArray(stated) ? (stated as Identifier[]) : stated === undefined ? [] : [stated as Identifier];
}

/** The event part of the relayed trigger: `A03` of `ADT^A03`. */
export const relayedEvent = (scene: Scene): string => scene.event.relayOf?.trigger.split('^')[1] ?? '';
