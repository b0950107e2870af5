import { outboundMaps } from '../../mappings/outbound/maps.ts';
import type { RenderPort } from '../flow/deliver.ts';
import { render } from '../mapping/outbound/render.ts';
import { renderFhir } from '../mapping/outbound/render-fhir.ts';

/** What consent let go, in the form of the partner's endpoint. The FHIR exchange's path is the endpoint's; its payload the Bundle. */
export function renderPort(): RenderPort {
  const maps = outboundMaps();
  return (released, event, { partner, endpoint, controlId, at }) => {
    const { notice } = released.basis;
    const outbound = { kind: event.kind, controlId, at: at.toISOString(), ...(notice === undefined ? {} : { notice }) };
    const rendered =
      endpoint.transport.kind === 'fhir'
        ? renderFhir(outbound, released.bundle, endpoint, partner)
        : render(maps, outbound, released.bundle, endpoint, partner);
    if ('refused' in rendered) return { refused: { code: rendered.refused.code, text: rendered.refused.text } };
    return { payload: rendered.bytes };
  };
}
