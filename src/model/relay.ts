import type { OutboxEvent } from './outbox.ts';

/** Message types that are told on as their source issued them. An endpoint names those it takes; none unless it does. */
export const RELAY_TYPES = ['ADT', 'DFT', 'RAS'] as const;
export type RelayType = (typeof RELAY_TYPES)[number];

/** Characters of the message's hash in a key: as many as no two messages about one resource share. */
const HASH_LENGTH = 24;

/**
 * The key of a relayed act: the source's trigger, what it is about, and which of the source's messages made it so. The same message
 * mapped again is the same act; a correction is another message. `message`: SHA-256 of its bytes, hex.
 */
export function relayKey(trigger: string, about: string, message: string): string {
  return `relay/${trigger}/${about}/${message.slice(0, HASH_LENGTH)}`;
}

/** The trigger the source issued, e.g. `ADT^A03`; undefined: the event relays nothing. */
export function relayedTrigger({ kind, eventKey }: Pick<OutboxEvent, 'kind' | 'eventKey'>): string | undefined {
  return kind === 'relay' ? /^relay\/([A-Z]{3}\^[A-Z]\d{2})\//.exec(eventKey)?.[1] : undefined;
}

/** The message type an endpoint must take for this trigger. */
export function relayType(trigger: string): RelayType | undefined {
  return RELAY_TYPES.find((type) => trigger.startsWith(`${type}^`));
}
