import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '@medplum/fhirtypes';
import type { OutboundEvent } from '../../src/mapping/outbound/event.ts';
import type { Endpoint, Partner } from '../../src/model/partner.ts';
import { endpointOf, partnerOf } from '../unit/outbound/network.ts';

const ROOT = fileURLToPath(new URL('../../fixtures/outbound-cases/', import.meta.url));
const UPDATE = process.env.GOLDEN_UPDATE === '1';

export interface OutboundCase {
  readonly name: string;
  readonly event: OutboundEvent;
  readonly partner: Partner;
  readonly endpoint: Endpoint;
  readonly bundle: Bundle;
}

/** Every case under fixtures/outbound-cases, by folder. */
export function outboundCases(): readonly OutboundCase[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((kind) => kind.isDirectory())
    .flatMap((kind) => readdirSync(`${ROOT}${kind.name}`).map((name) => readCase(`${kind.name}/${name}`)));
}

export function readCase(name: string): OutboundCase {
  const stated = JSON.parse(readFileSync(`${ROOT}${name}/0-event.json`, 'utf8')) as {
    partner: string;
    endpoint?: Partial<Endpoint>;
    event: OutboundEvent;
  };
  return {
    name,
    event: stated.event,
    partner: partnerOf(stated.partner),
    endpoint: endpointOf(stated.partner, stated.endpoint),
    bundle: JSON.parse(readFileSync(`${ROOT}${name}/0-resources.json`, 'utf8')) as Bundle,
  };
}

/** The golden text beside the case; `GOLDEN_UPDATE=1` writes it first, and a person reads the difference. */
export function golden(name: string, file: string, actual: string): string {
  const path = `${ROOT}${name}/${file}`;
  if (UPDATE) writeFileSync(path, actual);
  return readFileSync(path, 'utf8');
}
