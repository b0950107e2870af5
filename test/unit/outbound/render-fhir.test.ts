import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { forEachReference } from '../../../src/fhir/references.ts';
import type { OutboundEvent } from '../../../src/mapping/outbound/event.ts';
import { renderFhir } from '../../../src/mapping/outbound/render-fhir.ts';
import type { Endpoint } from '../../../src/model/partner.ts';
import { outboundCases, readCase } from '../../golden/outbound-cases.ts';
import { endpointOf, partnerOf } from './network.ts';
import { bundleOf, eventOf, note, patient } from './resources.ts';

const PRACTICE: Partial<Endpoint> = { transport: { kind: 'fhir', url: 'https://harbor.example/fhir', headers: {} } };

function rendering(
  event: OutboundEvent,
  bundle: Bundle,
  endpoint: Partial<Endpoint> = {},
  partner = 'harbor-psychiatry',
) {
  return renderFhir(event, bundle, endpointOf(partner, { ...PRACTICE, ...endpoint }), partnerOf(partner));
}

function sent(...args: Parameters<typeof rendering>) {
  const rendered = rendering(...args);
  if ('refused' in rendered) throw new Error(rendered.refused.code);
  return { ...rendered, resource: JSON.parse(Buffer.from(rendered.bytes).toString('utf8')) as Resource };
}

const entriesOf = (resource: Resource): BundleEntry[] => (resource as Bundle).entry ?? [];

/** An idempotent receiver: conditional create and conditional update by identifier, and nothing else. */
function receive(store: Map<string, Resource>, bundle: Bundle): void {
  for (const { request, resource } of bundle.entry ?? []) {
    const criterion = request?.method === 'POST' ? `${request.url}?${request.ifNoneExist}` : `${request?.url}`;
    if (request?.method === 'POST' && store.has(criterion)) continue;
    store.set(criterion, resource!);
  }
}

describe('resources for a FHIR endpoint', () => {
  it('a partner that stores by identifier has each resource once, however often a delivery is repeated', () => {
    for (const { name, event, bundle } of outboundCases()) {
      const { resource } = sent({ ...event }, bundle);
      const store = new Map<string, Resource>();
      receive(store, resource as Bundle);
      const once = new Map(store);
      receive(store, resource as Bundle);
      expect([name, store.size]).toEqual([name, bundle.entry!.length]);
      expect(store).toEqual(once);
    }
  });

  it('no reference of a delivery leads out of it', () => {
    for (const { event, bundle } of outboundCases()) {
      const { resource } = sent(event, bundle);
      const known = new Set(entriesOf(resource).map(({ fullUrl }) => fullUrl));
      for (const entry of entriesOf(resource)) {
        forEachReference(entry.resource!, ({ reference }) => {
          if (!reference.startsWith('#')) expect(known).toContain(reference);
        });
      }
    }
  });

  it('a reference to what does not go along keeps the name of its target, and is an issue', () => {
    const { resource, issues } = sent(
      eventOf('notice'),
      bundleOf(note({ encounter: { reference: 'Encounter/e9' } }), patient()),
    );
    const [first] = entriesOf(resource);
    expect((first!.resource as { encounter?: object }).encounter).toEqual({
      type: 'Encounter',
      identifier: { system: 'https://handoff.example/fhir/sid/resource', value: 'e9' },
    });
    expect(issues).toContainEqual(
      expect.objectContaining({
        code: 'render.reference-outside',
        location: 'Bundle.entry[0].resource.ofType(Communication).encounter',
      }),
    );
  });

  it('records that the receiver has of its own are looked for and never overwritten', () => {
    const own = patient({ identifier: [{ system: 'https://riverside.example/sid/mrn', value: 'R|1' }] });
    const { resource } = sent(eventOf('notice'), bundleOf(note(), own), {}, 'riverside');
    const request = entriesOf(resource)[1]?.request;
    expect(request?.method).toBe('POST');
    expect(decodeURIComponent(request!.ifNoneExist!)).toBe('identifier=https://riverside.example/sid/mrn|R\\|1');
  });

  it('the same event gives the same bytes', () => {
    const { event, bundle } = readCase('safety-note/dissociation');
    expect(sent(structuredClone(event), structuredClone(bundle)).bytes).toEqual(sent(event, bundle).bytes);
  });

  it('the strictest label of the content is on the Bundle', () => {
    const { event, bundle } = readCase('safety-note/part-2');
    const { resource } = sent(event, bundle);
    expect(resource.meta?.security?.map(({ code }) => code)).toEqual(expect.arrayContaining(['R', '42CFRPart2']));
  });

  it('Part 2 content without its notice stays here', () => {
    const { event, bundle } = readCase('safety-note/part-2');
    const withoutNotice = {
      ...bundle,
      entry: bundle.entry!.filter(({ resource }) => resource?.resourceType !== 'DocumentReference'),
    };
    const rendered = rendering(event, withoutNotice);
    expect('refused' in rendered ? rendered.refused.code : 'sent').toBe('render.notice-left-out');
  });

  it('a message names its event and tells, without a word on how to store', () => {
    const { resource, request } = sent(eventOf('notice'), bundleOf(note(), patient()), {
      dialect: { bundle: 'message' },
    });
    const [header, ...others] = entriesOf(resource);
    expect(header?.resource?.resourceType).toBe('MessageHeader');
    expect(others.every(({ request: how }) => how === undefined)).toBe(true);
    expect(request.path).toBe('$process-message');
  });

  it('a notification is the resource it is about, at its id', () => {
    const { request, resource, issues } = sent(eventOf('notice'), bundleOf(note(), patient()), {
      dialect: { bundle: 'rest-hook' },
    });
    expect([request.method, request.path, resource.id]).toEqual(['PUT', 'Communication/c1', 'c1']);
    expect(issues.map(({ code }) => code)).toEqual(['render.resource-left-out']);
  });

  it('a type that no identifier can find again is left out, and said', () => {
    const provenance: Resource = {
      resourceType: 'Provenance',
      id: 'v',
      recorded: '2026-11-21T19:05:00Z',
      target: [{ reference: 'Communication/c1' }],
      agent: [{ who: { reference: 'Organization/riverside' } }],
    };
    const { resource, issues } = sent(eventOf('notice'), bundleOf(note(), patient(), provenance));
    expect(entriesOf(resource)).toHaveLength(2);
    expect(issues).toContainEqual(expect.objectContaining({ location: 'Bundle.entry[2].resource.ofType(Provenance)' }));
  });
});
