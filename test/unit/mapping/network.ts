import { createHash } from 'node:crypto';
import { DEFINITIONS } from '../../../mappings/definitions.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { foldResource } from '../../../src/mapping/bundle.ts';
import { compileMaps, type MappedMessage, mapMessage } from '../../../src/mapping/map-message.ts';
import type { Partner } from '../../../src/model/partner.ts';
import { partner } from './partner.ts';

export { partner };

export const MAPS = compileMaps(DEFINITIONS);

export const PID = 'PID|1||100^^^MRN^MR||Doe^Pat||19900101|F';

/** A segment by field number: `seg('PRB', { 1: 'AD', 4: 'P1^ID' })`. */
export function seg(name: string, fields: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(fields).map(Number));
  return `${name}|${Array.from({ length: last }, (_, i) => fields[i + 1] ?? '').join('|')}`;
}

/** Segments after an MSH of the event, sent at 2026-03-02 10:00 local unless `at` says otherwise. */
export function text(event: string, segments: readonly string[], at = '20260302100000'): string {
  return [`MSH|^~\\&|APP|FAC|HUB|HUB|${at}||${event}|C1|T|2.5.1`, ...segments].join('\r');
}

export function map(message: string, of: Partner = partner(), partners: readonly Partner[] = [of]): MappedMessage {
  const bytes = Buffer.from(message, 'utf8');
  return mapMessage(
    MAPS,
    parseMessage(bytes).message,
    {
      partner: of,
      partners,
      hubKey: Buffer.alloc(32, 'unit'),
      receivedAt: '2026-03-02T15:00:01.000Z',
      bodyHash: createHash('sha256').update(bytes).digest('hex'),
      unidentified: 'refuse',
    },
    { loss: true },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: tests read elements of many types
export type Loose = any;

/** The resources of one type as a store that knew nothing before would hold them. */
export function resources(mapped: MappedMessage, type: string): Loose[] {
  return mapped.resources.filter((each) => each.type === type).map(foldResource);
}

/** What is stated about one element of the only resource of a type. */
export function stated(mapped: MappedMessage, type: string, element: string) {
  const of = mapped.resources.filter((each) => each.type === type);
  if (of.length !== 1) throw new Error(`${of.length} resources of ${type}`);
  return of[0]!.elements.find((each) => each.element === element);
}

export const codes = (mapped: MappedMessage): string[] => mapped.issues.map((issue) => issue.code);
