import { outboundMaps } from '../../mappings/outbound/maps.ts';
import type { RenderPort } from '../flow/deliver.ts';
import { renderFor } from '../mapping/outbound/render-port.ts';
import type { Partner } from '../model/partner.ts';

/** What consent let go, in the form of the partner's endpoint. The FHIR exchange's path is the endpoint's; its payload the Bundle. */
export function renderPort(partners: () => readonly Partner[]): RenderPort {
  return renderFor(outboundMaps(), partners);
}
