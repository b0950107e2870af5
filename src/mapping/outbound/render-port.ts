import type { Bundle, Identifier } from '@medplum/fhirtypes';
import type { Issue } from '../../model/assertion.ts';
import type { OutboxEvent } from '../../model/outbox.ts';
import type { Endpoint, Partner } from '../../model/partner.ts';
import { relayedTrigger } from '../../model/relay.ts';
import type { Released } from '../../model/released.ts';
import { issues } from './assigner.ts';
import type { OutboundEvent, RelayedEvent } from './event.ts';
import { render } from './render.ts';
import { renderFhir } from './render-fhir.ts';
import type { OutboundMaps } from './row.ts';

/** Where a delivery goes, under which control id, and the instant of its event. */
export interface Destination {
  readonly partner: Partner;
  readonly endpoint: Endpoint;
  readonly controlId: string;
  readonly at: Date;
}

export type Written =
  | { readonly payload: Uint8Array; readonly structure: string; readonly issues: readonly Issue[] }
  | { readonly refused: { readonly code: string; readonly text: string }; readonly issues: readonly Issue[] };

/** Acts of an appointment's owner as the second-last part of an event key says them: `appointment/<id>/rescheduled/<start>`. */
const ACTS: readonly OutboundEvent['act'][] = [
  'booked',
  'rescheduled',
  'modified',
  'cancelled',
  'discontinued',
  'deleted',
  'noshow',
];

/** The event of the answer, where the key of an answered referral says it: `task/<id>/accepted/RRI^I13`. */
const ANSWERED_BY = /\/RRI\^(I1[235])$/;

/**
 * What the deliver loop renders with: v2 for an engine, a Bundle for a FHIR endpoint. `issues` lists what the receiver is not told.
 * The same release, event and destination give the same bytes.
 */
export function renderFor(maps: OutboundMaps, partners: () => readonly Partner[]) {
  return (released: Released, event: OutboxEvent, { partner, endpoint, controlId, at }: Destination): Written => {
    const { notice } = released.basis;
    const relayOf = relayOfEvent(event, released.bundle, partners());
    const act = ACTS.find((one) => event.eventKey.split('/')[2] === one);
    const answeredBy = event.kind === 'referral-answer' ? ANSWERED_BY.exec(event.eventKey)?.[1] : undefined;
    const outbound: OutboundEvent = {
      kind: event.kind,
      controlId,
      at: at.toISOString(),
      ...(event.kind === 'appointment' && act !== undefined && { act }),
      ...(answeredBy !== undefined && { answeredBy }),
      ...(relayOf !== undefined && { relayOf }),
      ...(notice !== undefined && { notice }),
    };
    const rendered =
      endpoint.transport.kind === 'fhir'
        ? renderFhir(outbound, released.bundle, endpoint, partner)
        : render(maps, outbound, released.bundle, endpoint, partner);
    if ('refused' in rendered) return rendered;
    return { payload: rendered.bytes, structure: rendered.structure, issues: rendered.issues };
  };
}

/** Whose event is told on, and which of the released identifiers its source issues. Undefined: no partner is its source. */
function relayOfEvent(event: OutboxEvent, bundle: Bundle, partners: readonly Partner[]): RelayedEvent | undefined {
  const trigger = relayedTrigger(event);
  const source = partners.find(({ organization }) => organization === event.sender);
  if (trigger === undefined || source === undefined) return undefined;
  const systems = new Set<string>();
  for (const { resource } of bundle.entry ?? []) {
    const stated = (resource as { identifier?: Identifier | Identifier[] } | undefined)?.identifier ?? [];
    for (const { system } of Array.isArray(stated) ? stated : [stated]) {
      if (system !== undefined && issues(source, system)) systems.add(system);
    }
  }
  return { trigger, organization: source.organization, authorities: [...systems] };
}
