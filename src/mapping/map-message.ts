import { part2Labels } from '../fhir/labels.ts';
import { resolveTime, senderTime } from '../hl7/time.ts';
import type { Message } from '../hl7/tree.ts';
import type { Issue, Mapped, ResourceAssertions, Stamp } from '../model/assertion.ts';
import { compileMap } from './compile.ts';
import { compileFate, compileLoss, type FateOf, type LossReport } from './loss.ts';
import type { Definitions, MessageMap } from './message-map.ts';
import { changed, type PartnerRows, type PartnerSegment } from './partner-rows.ts';
import { settlePeriods } from './period.ts';
import { mayHoldControls, printable } from './printable.ts';
import { type AnySegmentMap, type CompiledMap, type MapContext, Refusal, Scope, type Traced } from './scope.ts';

/** All maps, compiled. Made once at start; a row that cannot be compiled throws there and nowhere else. */
export interface Maps {
  readonly version: string;
  /** `ADT^A01` and so on. */
  readonly events: ReadonlySet<string>;
  readonly find: (event: string) => MessageMap | undefined;
  /** The maps as a partner's file leaves them; undefined for a file that does not exist. */
  readonly dialect: (mappingFile: string | undefined) => Dialect | undefined;
  readonly definitions: Definitions;
}

/** The maps of one partner file, or of none. */
export interface Dialect {
  readonly compiled: (map: AnySegmentMap) => CompiledMap;
  readonly lossOf: (map: MessageMap) => LossReport;
  readonly fateOf: (map: MessageMap) => FateOf;
  readonly segments: readonly PartnerSegment[];
}

export function compileMaps(definitions: Definitions): Maps {
  const byEvent = new Map<string, MessageMap>();
  for (const map of definitions.messages) {
    for (const segmentMap of map.maps) compileMap(segmentMap);
    for (const event of map.events) {
      if (byEvent.has(event)) throw new TypeError(`two maps for ${event}`);
      byEvent.set(event, map);
    }
  }
  const standard = dialectOf({}, definitions);
  const dialects = new Map(
    Object.entries(definitions.partners).map(([file, rows]) => [file, dialectOf(rows, definitions)]),
  );
  return {
    version: definitions.version,
    events: new Set(byEvent.keys()),
    find: (event) => byEvent.get(event),
    dialect: (file) => (file === undefined ? standard : dialects.get(file)),
    definitions,
  };
}

function dialectOf({ rows = {}, segments = [] }: PartnerRows, { messages }: Definitions): Dialect {
  const own = new Map<string, AnySegmentMap>();
  const standard = new Map(messages.flatMap(({ maps }) => maps.map((map) => [map.name, map] as const)));
  for (const [name, change] of Object.entries(rows)) {
    const map = standard.get(name);
    if (map === undefined) throw new TypeError(`no segment map ${name} to change`);
    own.set(name, changed(map, change));
  }
  for (const map of [...own.values(), ...segments]) compileMap(map);
  const whole = (map: MessageMap): MessageMap => ({
    ...map,
    maps: [...map.maps.map((each) => (own.get(each.name) ?? each) as (typeof map.maps)[number]), ...segments],
  });
  const loss = new Map<MessageMap, LossReport>();
  return {
    compiled: own.size === 0 ? compileMap : (map) => compileMap(own.get(map.name) ?? map),
    segments,
    fateOf: (map) => compileFate(whole(map)),
    lossOf(map) {
      const known = loss.get(map);
      if (known !== undefined) return known;
      const made = compileLoss(whole(map));
      loss.set(map, made);
      return made;
    },
  };
}

/** Z segments of a partner's file: onto the patient of the PID before them, or the visit of the message. */
function applyOwn(dialect: Dialect, scope: Scope): void {
  if (dialect.segments.length === 0) return;
  const patients = [...scope.drafts].filter((draft) => draft.type === 'Patient');
  const encounter = [...scope.drafts].find((draft) => draft.type === 'Encounter');
  let patient = -1;
  for (const segment of scope.message.segments()) {
    if (segment.name === 'PID') patient += 1;
    for (const map of dialect.segments) {
      if (map.segment !== segment.name) continue;
      const draft = map.on === 'Patient' ? patients[Math.max(patient, 0)] : encounter;
      if (draft !== undefined) scope.apply(map, segment, draft);
    }
  }
}

export interface MapOptions {
  /** Also list what reached no row (`map.unmapped`). */
  readonly loss?: boolean;
  /** Hears every row at work, and the scope at the end. */
  readonly trace?: { readonly row: (made: Traced) => void; readonly end: (scope: Scope, fateOf: FateOf) => void };
}

/** What one message says, ready for `Store.apply`. `patients`: ids of the patients it names, in message order. */
export interface MappedMessage extends Mapped {
  readonly stamp: Stamp;
  /** `ADT^A01`; `?^?` parts where the header does not say. */
  readonly event: string;
  readonly patients: readonly string[];
}

/**
 * Maps one message to assertions. Never throws on a parsed message. `refused` means that nothing of it may be applied; codes:
 * `map.no-header`, `map.messages-several`, `map.no-map` (stored and listed), `map.identity-unsupported` (park, hold the patients' lanes, alert),
 * `map.partner-file-missing`, `map.patient-missing`, `map.patient-unidentified`, `map.patients-several`, `map.merge-self`,
 * `map.key-missing`, `map.required-missing`, `map.failed`.
 * Success does not mean that all content was carried: see the issues.
 */
export function mapMessage(maps: Maps, message: Message, context: MapContext, options: MapOptions = {}): MappedMessage {
  const { header } = message;
  const type = header.messageType?.trim().toUpperCase() ?? '?';
  const trigger = (header.triggerEvent ?? message.segment('EVN')?.get(1))?.trim().toUpperCase() ?? '?';
  const event = `${type}^${trigger}`;
  const stamp = stampOf(message, context);
  const empty = { resources: [], groups: [], identity: [], parked: [], stamp, event, patients: [] };
  const refuse = (code: string, text: string, location?: string, issues: readonly Issue[] = []): MappedMessage => ({
    ...empty,
    issues,
    refused: location === undefined ? { code, text } : { code, text, location },
  });

  if (!message.hasHeader) return refuse('map.no-header', 'no MSH segment', 'MSH[1]');
  // One frame is one message: the second would be read as segments of the first, or by nobody.
  if (message.segments('MSH').length > 1)
    return refuse('map.messages-several', 'a second MSH in one message', 'MSH[2]');
  if (maps.definitions.administrative.includes(type)) {
    const text = 'an acknowledgement or network message is never clinical data';
    return { ...empty, issues: [{ severity: 'information', code: 'map.administrative', location: 'MSH[1]-9', text }] };
  }
  const map = maps.find(event);
  if (map === undefined) {
    const reason = maps.definitions.unsafe[event];
    if (reason !== undefined) return refuse('map.identity-unsupported', reason, 'MSH[1]-9');
    return refuse(
      'map.no-map',
      `no map for ${/^[A-Z0-9]{3}\^[A-Z0-9]{3}$/.test(event) ? event : 'this event'}`,
      'MSH[1]-9',
    );
  }

  const dialect = maps.dialect(context.partner.mappingFile);
  if (dialect === undefined)
    return refuse('map.partner-file-missing', 'the mapping file of this partner does not exist');
  const scope = new Scope(context, message, type, trigger, dialect.compiled);
  scope.trace = options.trace?.row;
  try {
    map.run(scope);
    applyOwn(dialect, scope);
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.code, error.message, error.location, scope.issues);
    // A defect of a map must not stop the loop that maps: the message parks and names the map.
    return refuse(
      'map.failed',
      `the map ${map.name} failed: ${error instanceof Error ? error.name : 'error'}`,
      undefined,
      scope.issues,
    );
  }
  options.trace?.end(scope, dialect.fateOf(map));
  const lost = options.loss ? dialect.lossOf(map)(message, scope) : [];
  return finish(scope, stamp, event, lost);
}

function finish(scope: Scope, stamp: Stamp, event: string, lost: readonly Issue[]): MappedMessage {
  const labels = scope.program?.part2 ? (part2Labels() as ResourceAssertions['labels']) : [];
  const resources: ResourceAssertions[] = [];
  const patients: string[] = [];
  const isSuspect = mayHoldControls(scope.message);
  for (const draft of scope.drafts) {
    if (draft.type === 'Patient') patients.push(draft.id);
    settlePeriods(draft, scope);
    // Directory resources say nothing about a patient and stay readable.
    const isClinical = draft.patient !== undefined || draft.type === 'ServiceRequest' || draft.type === 'Task';
    const stated = draft.finish(isClinical ? labels : [], scope.program?.id);
    resources.push(isSuspect ? { ...stated, elements: stated.elements.map(printable) } : stated);
  }
  return {
    resources,
    groups: scope.groups,
    identity: scope.identity,
    issues: lost.length === 0 ? scope.issues : [...scope.issues, ...lost],
    parked: scope.parked,
    stamp,
    event,
    patients,
  };
}

const SEQUENCE = /^\d{1,15}$/;

/** EVN-2, else MSH-7, else the receipt. Rule: DESIGN §3 "Assertions". */
function stampOf(message: Message, context: MapContext): Stamp {
  const sender = senderTime(context.partner.zone, message.header.dateTime);
  const said = [message.segment('EVN')?.get(2), message.header.dateTime];
  let at = context.receivedAt;
  for (const text of said) {
    const found = text === undefined ? undefined : resolveTime(text, sender);
    const instant = found?.instant ?? (found?.fhir === undefined ? undefined : dayStart(found.fhir));
    if (instant === undefined) continue;
    at = instant;
    break;
  }
  const sequence = message.header.sequenceNumber?.trim();
  const isNumber = sequence !== undefined && SEQUENCE.test(sequence) && Number(sequence) > 0;
  const serial = serialOf(message.header.controlId);
  return { at, ...(isNumber && { sequence: Number(sequence) }), ...(serial && { serial }), hash: context.bodyHash };
}

/** Longer ones are no counters. */
const COUNTER_MAX = 50;

/**
 * MSH-10 so that it sorts: engines count in it, and many send times to the second only, in which a patient may be told of twice. Without
 * a number it says nothing. Rule: D-027.
 */
export function serialOf(controlId: string | undefined): string | undefined {
  const id = controlId?.trim() ?? '';
  if (id.length > COUNTER_MAX || !/\d/.test(id)) return undefined;
  return id.replace(/\d+/g, (digits) => digits.padStart(20, '0'));
}

/** A stamp without time of day orders by its day. */
function dayStart(date: string): string | undefined {
  return date.length === 10 ? `${date}T00:00:00.000Z` : undefined;
}
