import type { Identifier } from '@medplum/fhirtypes';
import { issues } from '../../src/mapping/outbound/assigner.ts';
import { refusal, type Writer } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { cx } from '../../src/mapping/outbound/writers.ts';
import type { Issue } from '../../src/model/assertion.ts';
import type { Partner } from '../../src/model/partner.ts';

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

/** The numbers of the focus; of something that has none with an issuer, those of the order, the visit or the patient it belongs to. */
function numbersOf(scene: Scene): readonly Identifier[] {
  const own = identifiersOf(scene.focus).filter(({ system }) => system !== undefined);
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

/** What of a person's numbers a relayed message may tell: the source's own, and the receiver's by which it knows the person. */
export function mayRelay(
  identifier: Identifier,
  { event, partner }: { event: Scene['event']; partner: Partner },
): boolean {
  const { relayOf } = event;
  return (
    relayOf === undefined || relayOf.authorities.includes(identifier.system ?? '') || issues(partner, identifier.system)
  );
}

/** A number of the source, or of the receiver; any other organization's is not the source's to announce. */
export const relayedCx: Writer = {
  ...cx,
  write(found, writing) {
    const written = cx.write(found, writing);
    if (written === undefined || mayRelay(found.value as Identifier, writing)) return written;
    writing.issue(
      'render.identifier-foreign',
      'information',
      found.path,
      'a number that neither the source nor the receiver issued is not told on',
    );
    writing.carried(found.path);
    return undefined;
  },
};
