import { Buffer } from 'node:buffer';
import type { Bundle, BundleEntry, Identifier, MessageHeader, Resource } from '@medplum/fhirtypes';
import { highWaterMark } from '../../fhir/labels.ts';
import { forEachReference, parseReference } from '../../fhir/references.ts';
import type { Issue } from '../../model/assertion.ts';
import type { Endpoint, Partner } from '../../model/partner.ts';
import { hubIdentifier, hubSystem } from '../../model/systems.ts';
import type { FhirRequest } from '../../model/transport.ts';
import type { OutboundEvent } from './event.ts';
import { identified, localUrl, nameOf, RESOURCE_IDENTIFIER } from './fhir-identity.ts';
import { needsNotice } from './label.ts';
import { Notes } from './notes.ts';
import { refusal } from './row.ts';
import { type Entry, type Scene, sceneOf } from './scene.ts';

const CONTENT_TYPE = 'application/fhir+json';

/** A FHIR interaction ready for one attempt at one endpoint; nobody has it yet. */
export interface FhirRendered {
  readonly request: FhirRequest;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** What is sent, e.g. `Bundle/transaction` or `Communication`. */
  readonly structure: string;
  readonly issues: readonly Issue[];
}

export type FhirRendering = FhirRendered | { readonly refused: Issue; readonly issues: readonly Issue[] };

/**
 * Released resources as one interaction with a FHIR endpoint. Each entry is conditional, so that an idempotent receiver stores each
 * resource once however often it comes, and no record of the receiver's own is overwritten. Pure: the same input, the same bytes.
 * Codes: `render.nothing-released`, `render.notice-absent`, `render.notice-left-out`. Rule: FHIR R4 http.html#cond-update, http.html#ccreate.
 */
export function renderFhir(
  event: OutboundEvent,
  resources: Bundle,
  endpoint: Endpoint,
  partner: Partner,
): FhirRendering {
  const scene = sceneOf(resources, event, endpoint, partner);
  if (scene === undefined)
    return refuse(refusal('render.nothing-released', 'nothing of this event may go to this recipient'));
  if (needsNotice(scene))
    return refuse(refusal('render.notice-absent', 'Part 2 content without its disclosure notice'));
  if (event.notice !== undefined && !holdsNotice(scene)) {
    return refuse(refusal('render.notice-left-out', 'the disclosure notice was not released with the content'));
  }
  const notes = new Notes();
  const form = endpoint.dialect?.bundle ?? 'transaction';
  if (form === 'rest-hook') return hook(scene, notes);
  const entries = entriesOf(scene, notes);
  const bundle =
    form === 'message'
      ? messageBundle(scene, entries)
      : ({ resourceType: 'Bundle', type: form, entry: entries } as const);
  const mark = highWaterMark(scene.entries.map(({ value }) => value));
  const marked: Bundle = mark.length === 0 ? { ...bundle } : { ...bundle, meta: { security: mark } };
  return rendered('POST', form === 'message' ? '$process-message' : '', marked, `Bundle/${form}`, notes);
}

const refuse = (refused: Issue): FhirRendering => ({ refused, issues: [refused] });

function rendered(
  method: 'POST' | 'PUT',
  path: string,
  resource: Resource,
  structure: string,
  notes: Notes,
): FhirRendered {
  const bytes = Buffer.from(JSON.stringify(resource), 'utf8');
  return { request: { method, path, body: bytes }, bytes, contentType: CONTENT_TYPE, structure, issues: notes.issues };
}

function holdsNotice({ entries, event }: Scene): boolean {
  return entries.some(({ value }) => value.resourceType === 'DocumentReference' && value.description === event.notice);
}

/** The focus alone, at its id: what a subscriber with a payload receives. */
function hook(scene: Scene, notes: Notes): FhirRendering {
  const { focus, event } = scene;
  if (event.notice !== undefined) {
    return refuse(
      refusal('render.notice-left-out', 'a notification holds one resource and cannot carry the disclosure notice'),
    );
  }
  if (focus.value.id === undefined)
    return refuse(refusal('render.focus-unfit', 'a resource without id cannot be notified', focus.path));
  for (const { path } of scene.entries.slice(1)) {
    notes.add(
      'render.resource-left-out',
      'information',
      path,
      'a notification holds the resource it is about and no other',
    );
  }
  return rendered(
    'PUT',
    `${focus.value.resourceType}/${focus.value.id}`,
    withoutServerMeta(focus.value),
    focus.value.resourceType,
    notes,
  );
}

function entriesOf(scene: Scene, notes: Notes): BundleEntry[] {
  return scene.entries.flatMap((entry) => {
    const known = identified(withoutServerMeta(entry.value), scene.partner);
    if (known === undefined) {
      notes.add(
        'render.resource-left-out',
        'information',
        entry.path,
        'a type without identifier could not be repeated safely',
      );
      return [];
    }
    const { id: _id, ...resource } = known.resource;
    return [
      {
        fullUrl: localUrl(nameOf(entry.value)),
        resource: linked(resource as Resource, entry, scene, notes),
        request: known.request,
      },
    ];
  });
}

/** References to what goes along point at its entry; others keep what names their target without a link that leads nowhere. */
function linked(resource: Resource, entry: Entry, scene: Scene, notes: Notes): Resource {
  const copy = structuredClone(resource);
  forEachReference(copy, (reference, path) => {
    const target = scene.at(reference.reference);
    if (target !== undefined && identified(target.value, scene.partner) !== undefined) {
      reference.reference = localUrl(nameOf(target.value));
      return;
    }
    const parsed = parseReference(reference.reference);
    if (parsed.kind !== 'local') return;
    const loose: { reference?: string; type?: string; identifier?: Identifier } = reference as object;
    delete loose.reference;
    loose.type ??= parsed.type;
    loose.identifier ??= { system: RESOURCE_IDENTIFIER, value: parsed.id };
    const place = `${entry.path}${path().slice(copy.resourceType.length)}`;
    notes.add(
      'render.reference-outside',
      'information',
      place,
      'the target does not go along; the reference names it only',
    );
  });
  return copy;
}

/** `versionId` and `lastUpdated` are the hub's own; labels, profiles and tags travel. */
export function withoutServerMeta(resource: Resource): Resource {
  if (resource.meta === undefined) return resource;
  const { versionId: _versionId, lastUpdated: _lastUpdated, source: _source, ...meta } = resource.meta;
  if (Object.keys(meta).length > 0) return { ...resource, meta };
  const { meta: _meta, ...rest } = resource;
  return rest as Resource;
}

function messageBundle(scene: Scene, entries: readonly BundleEntry[]): Bundle {
  const { event, endpoint, focus } = scene;
  const header: MessageHeader = {
    resourceType: 'MessageHeader',
    eventCoding: { system: hubSystem('outbound-event'), code: event.kind },
    source: { name: 'Handoff', endpoint: hubIdentifier('hub') },
    destination: [
      { endpoint: endpoint.transport.kind === 'fhir' ? endpoint.transport.url : `urn:handoff:endpoint:${endpoint.id}` },
    ],
    focus: [{ reference: localUrl(nameOf(focus.value)) }],
  };
  return {
    resourceType: 'Bundle',
    identifier: { system: hubIdentifier('message'), value: event.controlId },
    type: 'message',
    timestamp: event.at,
    entry: [
      { fullUrl: localUrl(`MessageHeader/${event.controlId}`), resource: header },
      // A message tells; it does not say how to store.
      ...entries.map(({ request: _request, ...entry }) => entry),
    ],
  };
}
