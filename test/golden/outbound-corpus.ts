import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle, Identifier, Resource } from '@medplum/fhirtypes';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { outboundMaps } from '../../mappings/outbound/maps.ts';
import { parseMessage } from '../../src/hl7/parse.ts';
import type { Message } from '../../src/hl7/tree.ts';
import { foldResource } from '../../src/mapping/bundle.ts';
import { compileMaps, type MappedMessage, mapMessage } from '../../src/mapping/map-message.ts';
import type { OutboundEvent } from '../../src/mapping/outbound/event.ts';
import { render } from '../../src/mapping/outbound/render.ts';
import { endpointOf, partnerOf } from '../unit/outbound/network.ts';

const SHARED = process.env.HANDOFF_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));
export const CORPUS = join(SHARED, 'corpus');
export const hasCorpus = existsSync(CORPUS);

const MAPS = compileMaps(DEFINITIONS);
/** No tables of its own: every assigner goes back as it came. */
const SENDER = partnerOf('harbor-psychiatry', { safety: { documentTypes: ['*'], reasons: {} } });

/** Message type → what an outbound message of it is about, and the event that makes it. */
const FOCI: Readonly<Record<string, { focus: string; kind: OutboundEvent['kind'] }>> = {
  'REF^I12': { focus: 'ServiceRequest', kind: 'referral' },
  'REF^I14': { focus: 'ServiceRequest', kind: 'referral-cancel' },
  'SIU^S12': { focus: 'Appointment', kind: 'appointment' },
  'SIU^S13': { focus: 'Appointment', kind: 'appointment' },
  'SIU^S14': { focus: 'Appointment', kind: 'appointment' },
  'SIU^S15': { focus: 'Appointment', kind: 'appointment' },
  'SIU^S26': { focus: 'Appointment', kind: 'appointment' },
  'ADT^A01': { focus: 'Encounter', kind: 'relay' },
  'ADT^A03': { focus: 'Encounter', kind: 'relay' },
  'ADT^A04': { focus: 'Encounter', kind: 'relay' },
  'ADT^A08': { focus: 'Encounter', kind: 'relay' },
  'ORU^R01': { focus: 'DiagnosticReport', kind: 'relay' },
  'RAS^O17': { focus: 'MedicationAdministration', kind: 'relay' },
};

/** Leaves of one field that came back, of those that were there. */
export interface Survival {
  kept: number;
  total: number;
}

export interface Report {
  /** Type → messages whose subject was mapped, and those of them that came back as a message. */
  readonly messages: Record<string, Survival>;
  /** `ADT PID-3` → leaves. */
  readonly fields: Record<string, Survival>;
}

/** v2 → FHIR → v2 over the corpus: what of each field survives. Says nothing about whether the rest should. */
export function survival(): Report {
  const report: Report = { messages: {}, fields: {} };
  for (const bytes of messages()) {
    const { message } = parseMessage(bytes);
    const { messageType, triggerEvent } = message.header;
    const event = `${messageType}^${triggerEvent}`;
    const about = FOCI[event];
    const type = messageType ?? '';
    if (about === undefined) continue;
    const there = mappedResources(bytes, message, about.focus);
    if (there === undefined) continue;
    const back = there.orders.map((resources) => returned({ ...there, resources }, message, event, about.kind));
    const came = back.filter((one) => one !== undefined);
    count(report.messages, type, came.length > 0);
    if (came.length > 0) compare(message, came, type, report.fields);
  }
  return report;
}

function* messages(): Generator<Buffer> {
  for (const folder of readdirSync(CORPUS, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    for (const name of readdirSync(join(CORPUS, folder.name)).sort()) {
      if (name.endsWith('.hl7')) yield readFileSync(join(CORPUS, folder.name, name));
    }
  }
}

interface There {
  /** The resources of the message, each order with another one first: a session of several patients comes back as a message each. */
  readonly orders: readonly (readonly Resource[])[];
  readonly at: string;
}

/** Undefined: the message has no inbound map, was refused, or says nothing about what such a message is about. */
function mappedResources(bytes: Buffer, message: Message, focus: string): There | undefined {
  const mapped = mapMessage(MAPS, message, {
    partner: SENDER,
    partners: [SENDER],
    hubKey: Buffer.alloc(32, 'corpus'),
    receivedAt: '2026-01-01T00:00:00.000Z',
    bodyHash: createHash('sha256').update(bytes).digest('hex'),
    unidentified: 'refuse',
  });
  if (mapped.refused !== undefined) return undefined;
  const orders = inOrder(mapped, focus);
  return orders.length === 0 ? undefined : { orders, at: mapped.stamp.at };
}

function returned(
  { resources, at }: { readonly resources: readonly Resource[]; readonly at: string },
  message: Message,
  event: string,
  kind: OutboundEvent['kind'],
): Message | undefined {
  const outbound: OutboundEvent = {
    kind,
    controlId: 'CORPUS',
    at,
    relayOf: { trigger: event, organization: SENDER.organization, authorities: systemsOf(resources) },
  };
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource) => ({ resource })),
  };
  const version = /^2\.[5-8](\.1)?$/.exec(message.header.version ?? '')?.[0] ?? '2.5.1';
  const rendered = render(outboundMaps(), outbound, bundle, endpointOf('harbor-psychiatry', { version }), SENDER);
  return 'refused' in rendered ? undefined : parseMessage(rendered.bytes).message;
}

/** One message tells of all reports, and of one visit or referral; of appointments each has its own. */
function inOrder(mapped: MappedMessage, type: string): Resource[][] {
  const resources = mapped.resources.map(foldResource);
  const foci = resources.filter(({ resourceType }) => resourceType === type);
  return (type === 'Appointment' ? foci : foci.slice(0, 1)).map((first) => [
    first,
    ...resources.filter((one) => one !== first),
  ]);
}

function systemsOf(resources: readonly Resource[]): string[] {
  return resources.flatMap((resource) => {
    const stated = (resource as { identifier?: Identifier | Identifier[] }).identifier ?? [];
    return (Array.isArray(stated) ? stated : [stated]).map(({ system }) => system ?? '');
  });
}

/** Headers and set ids frame a message and hold nothing of it. */
const FRAME = /^(MSH|EVN|MSA)-|-1$/;

function compare(message: Message, back: readonly Message[], type: string, fields: Report['fields']): void {
  const returned = new Map<string, string[]>();
  for (const one of back)
    for (const [field, values] of leaves(one)) for (const value of values) push(returned, field, value);
  for (const [field, values] of leaves(message)) {
    if (FRAME.test(field)) continue;
    const found = [...(returned.get(field) ?? [])];
    for (const value of values) {
      const at = found.indexOf(value);
      if (at >= 0) found.splice(at, 1);
      count(fields, `${type} ${field}`, at >= 0);
    }
  }
}

function leaves(message: Message): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const segment of message.segments()) {
    for (let field = 1; field <= 60; field += 1) {
      for (const repetition of segment.repetitions(field)) {
        for (const component of repetition.components()) {
          for (const leaf of component.subcomponents()) {
            const text = leaf.text?.trim();
            if (text) push(found, `${segment.name}-${field}`, normal(text));
          }
        }
      }
    }
  }
  return found;
}

/** Times by their first twelve digits: seconds and offsets may be written or not. */
const normal = (text: string): string => (/^\d{8,14}(\.\d+)?([+-]\d{4})?$/.test(text) ? text.slice(0, 12) : text);

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function count(into: Record<string, Survival>, key: string, kept: boolean): void {
  into[key] ??= { kept: 0, total: 0 };
  into[key].total += 1;
  if (kept) into[key].kept += 1;
}
