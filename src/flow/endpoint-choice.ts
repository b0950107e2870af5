import { createHash } from 'node:crypto';
import type { OutboxEvent } from '../model/outbox.ts';
import type { Endpoint, Partner } from '../model/partner.ts';
import { relayedTrigger, relayType } from '../model/relay.ts';
import { recipientOf } from '../rules/mirror.ts';

/**
 * First the endpoint that names the kind, then one that takes all. An application ACK is an HL7 message; a mirror takes no event. What is
 * only told on goes to an endpoint that asks for it by name and to no other.
 */
export function endpointFor(
  partner: Partner,
  event: Pick<OutboxEvent, 'kind' | 'eventKey' | 'recipient'>,
): Endpoint | undefined {
  if (event.kind === 'mirror') return partner.endpoints.find((each) => recipientOf(partner, each) === event.recipient);
  const trigger = relayedTrigger(event);
  if (trigger !== undefined) return relayEndpoint(partner, trigger);
  const able = partner.endpoints.filter(
    ({ transport: { kind } }) => kind !== 'mirror' && (event.kind !== 'application-ack' || kind !== 'fhir'),
  );
  return (
    able.find(({ accepts }) => accepts.includes(event.kind)) ??
    able.find(({ accepts }) => accepts.length === 0 || event.kind === 'application-ack')
  );
}

function relayEndpoint(partner: Partner, trigger: string): Endpoint | undefined {
  const type = relayType(trigger);
  return partner.endpoints.find(({ relays = [] }) => type !== undefined && relays.includes(type));
}

/** Name or address of the machine an endpoint is on. */
export const hostOf = ({ transport }: Endpoint): string =>
  transport.kind === 'mllp' ? transport.host : new URL(transport.url).hostname.replace(/^\[|\]$/g, '');

/** MSH-10 of an event under one decision: the same after a restart, a restore and a replay. 20 characters reach every version. */
export function controlIdOf(event: Pick<OutboxEvent, 'recipient' | 'eventKey'>, digest: string): string {
  const name = `${event.recipient}\u001f${event.eventKey}\u001f${digest}`;
  return `H${createHash('sha256').update(name).digest('hex').slice(0, 19).toUpperCase()}`;
}
