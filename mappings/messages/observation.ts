import type { Reference } from '@medplum/fhirtypes';
import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { organizationOf, practitionerOf } from '../datatypes/directory.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { annotationOf } from '../datatypes/note.ts';
import { observed } from '../datatypes/observed.ts';
import { addressOf } from '../datatypes/person.ts';
import { range, unitOf } from '../datatypes/quantity.ts';
import { codedOrganization } from '../datatypes/role.ts';
import { decimal } from '../datatypes/text.ts';
import { deviceKey, type IdentifierKey, specimenKey } from '../keys.ts';
import { OBX_OBSERVATION } from '../segments/observation.ts';
import { BLOOD_PRESSURE, BLOOD_PRESSURE_PARTS, categoryOf } from '../tables/observation.ts';
import { MEDICAL_DIRECTOR } from '../tables/performer.ts';
import { codeKey } from './clinical.ts';
import { identify } from './observation-identity.ts';

const DATA_ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

/** What an OBX hangs on. */
export interface ObservationContext {
  readonly patient: Draft;
  readonly encounter: Draft | undefined;
  /** OBR-3, else OBR-2; undefined for OBX outside any order. */
  readonly order: IdentifierKey | undefined;
  /** OBR-7 as the time of observations that say none themselves. */
  readonly time: string | undefined;
  /** OBR-25 as status of observations without OBX-11. */
  readonly status: string | undefined;
  /** The same thing is observed again and again (a dose session): the time belongs to the key. */
  readonly isSeries?: true;
}

export function codeOf(obx: Segment, field: number, scope: Scope): Json | undefined {
  const element = obx.field(field).repetition(1);
  if (!element.hasContent) return undefined;
  scope.place(obx, field);
  return conceptOf(new Node(element), scope) as unknown as Json | undefined;
}

/**
 * States one OBX. Systolic and diastolic pressure of one sub-id (or moment) are components of one panel. Several OBX may give the same
 * draft (panels, lines of one text). Undefined when OBX-3 is empty. Rule: DOMAIN §B4, §C1 ORU, H20.
 */
export function stateObservation(
  obx: Segment,
  context: ObservationContext,
  notes: readonly Segment[],
  scope: Scope,
): Draft | undefined {
  const code = codeOf(obx, 3, scope);
  if (code === undefined) {
    scope.place(obx, 3);
    scope.issue('map.key-missing', 'an observation without a code is not carried');
    return undefined;
  }
  const key = codeKey(code);
  const part = BLOOD_PRESSURE_PARTS[key];
  const { observation, continues } = identify(obx, key, context, scope);
  if (continues) {
    addLine(obx, observation, code, notes, scope);
    return observation;
  }
  observation.set('subject', context.patient.reference);
  if (context.encounter !== undefined) observation.set('encounter', context.encounter.reference);
  scope.apply(OBX_OBSERVATION, obx, observation);
  if (!observation.has('status') || obx.field(11).state !== 'value')
    observation.set('status', context.status ?? 'unknown');
  if (context.time !== undefined && !observation.has('effectiveDateTime')) {
    scope.place(obx, 14);
    observation.set('effectiveDateTime', scope.time(context.time, 'dateTime'));
  }
  const category = categoryOf(key);
  if (category !== undefined) observation.snapshot('category[code]', [category]);
  if (part === undefined) {
    observation.set('code', code);
    for (const [element, value] of Object.entries(valuesOf(obx, code, scope))) stateValue(observation, element, value);
  } else {
    observation.set('code', BLOOD_PRESSURE.code);
    const values = valuesOf(obx, code, scope);
    observation.snapshot(`component[${key}]`, [componentOf(code, values)]);
  }
  around(obx, observation, scope);
  const remarks = notes.flatMap((nte) => annotationOf(nte, scope) ?? []);
  if (remarks.length > 0) observation.snapshot('note[NTE]', remarks);
  return observation;
}

/** One more line of a text; an empty one stays a blank line. */
function addLine(obx: Segment, observation: Draft, code: Json, notes: readonly Segment[], scope: Scope): void {
  scope.apply(OBX_OBSERVATION, obx, observation);
  const before = observation.value('valueString');
  const line = obx.field(5).hasContent ? valuesOf(obx, code, scope).valueString : '';
  if (typeof line === 'string' && (typeof before === 'string' || line !== '')) {
    observation.set('valueString', typeof before === 'string' ? `${before}\n${line}` : line);
  }
  for (const nte of notes) observation.append('note[NTE]', annotationOf(nte, scope) as Json | undefined);
}

const SUB_ID = 'http://hl7.org/fhir/StructureDefinition/observation-v2-subid';

/** What stands beside the value: sub-id, device, who is responsible for the place it was made at, specimen. */
function around(obx: Segment, observation: Draft, scope: Scope): void {
  const subId = subIdOf(obx);
  if (subId !== undefined) observation.snapshot('extension[OBX-4]', [subId]);
  const device = nodeAt(obx, 18, scope);
  const number = device === undefined ? undefined : eiKey(device, scope);
  if (number !== undefined) {
    const draft = scope.draft(deviceKey(scope.owner, number.system, number.value));
    draft.snapshot('identifier', [{ system: number.system, value: number.value }]);
    observation.set('device', draft.reference);
  }
  responsible(obx, observation, scope);
  const specimen = nodeAt(obx, 33, scope);
  const of = specimen === undefined ? undefined : (eiKey(specimen.part(2), scope) ?? eiKey(specimen.part(1), scope));
  if (of !== undefined)
    observation.set('specimen', { reference: `Specimen/${scope.idOf(specimenKey(scope.owner, of.system, of.value))}` });
}

function nodeAt(obx: Segment, field: number, scope: Scope): Node | undefined {
  const element = obx.field(field).repetition(1);
  if (!element.hasContent || element.isDelete) return undefined;
  scope.place(obx, field);
  return new Node(element);
}

/** OBX-4 (OG): as it stands, and its parts where it has them. */
function subIdOf(obx: Segment): Json | undefined {
  const field = obx.field(4);
  if (!field.hasContent || field.isDelete) return undefined;
  const [original, group, sequence, identifier] = [1, 2, 3, 4].map((part) => obx.get(4, 1, part)?.trim());
  const number = decimal(sequence);
  const inner: Json[] = [];
  if (original) inner.push({ url: 'original-sub-identifier', valueString: original });
  if (group) inner.push({ url: 'group', valueString: group });
  if (number !== undefined) inner.push({ url: 'sequence', valueDecimal: number });
  if (identifier) inner.push({ url: 'identifier', valueString: identifier });
  return inner.length === 0 ? undefined : { url: SUB_ID, extension: inner };
}

/** OBX-23, -24, -25: the organization, its address and its medical director. OBX-15 where there is no OBX-23. */
function responsible(obx: Segment, observation: Draft, scope: Scope): void {
  const named = nodeAt(obx, 23, scope);
  const producer = named === undefined ? nodeAt(obx, 15, scope) : undefined;
  const organization = named === undefined ? undefined : organizationOf(named, scope);
  const found =
    organization ??
    (producer === undefined ? undefined : (codedOrganization.read(producer, scope) as Reference | undefined));
  if (found !== undefined) {
    observation.snapshot('performer[OBX-23]', [found as Json]);
    const place = nodeAt(obx, 24, scope);
    const address = place === undefined ? undefined : addressOf(place, scope);
    if (address !== undefined) scope.stated(found.reference)?.snapshot('address', [address as unknown as Json]);
  }
  const director = nodeAt(obx, 25, scope);
  const person = director === undefined ? undefined : practitionerOf(director, scope);
  if (person === undefined) return;
  const extension = [MEDICAL_DIRECTOR, ...(person.extension ?? [])];
  observation.snapshot('performer[OBX-25]', [{ ...person, extension } as unknown as Json]);
}

function stateValue(observation: Draft, element: string, value: unknown): void {
  if (element === 'component[OBX-5]' || element === 'extension[OBX-5]' || element === 'referenceRange[OBX-7]') {
    observation.snapshot(element, value as Json[]);
  } else if (value === null) observation.delete(element);
  else observation.set(element, value as Json);
}

/** The elements that OBX-5, -6, -7 and -11 make, by name; null deletes. */
function valuesOf(obx: Segment, code: Json, scope: Scope): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const field = obx.field(5);
  const status = obx.get(11);
  if (field.isDelete) {
    found.valueString = null;
    found.dataAbsentReason = { coding: [{ system: DATA_ABSENT, code: 'unknown' }] };
  } else if (!field.hasContent) {
    const reason = status === 'N' ? 'not-performed' : status === 'X' ? 'error' : 'unknown';
    if (status !== 'I' && status !== 'O' && status !== 'S') {
      found.dataAbsentReason = { coding: [{ system: DATA_ABSENT, code: reason }] };
    }
  } else {
    const repetitions = obx.repetitions(5).filter((repetition) => repetition.hasContent);
    scope.place(obx, 5);
    const values = repetitions
      .map((repetition) => observed(obx, new Node(repetition), scope))
      .filter((v) => v !== undefined);
    const [head, ...others] = values;
    if (head !== undefined && values.every((value) => value.element === 'valueString')) {
      found.valueString = values.map((value) => value.value).join('\n');
    } else if (head !== undefined && others.length === 0) {
      found[head.element] = head.value;
    } else if (head !== undefined) {
      // Rule: FHIR R4 obs-7: components of the same code leave no room for a value beside them.
      found['component[OBX-5]'] = values.map((each) => ({ code, [each.element]: each.value }));
    }
  }
  const reference = referenceRange(obx, scope);
  if (reference !== undefined) found['referenceRange[OBX-7]'] = [reference];
  return found;
}

function componentOf(code: Json, values: Record<string, unknown>): Json {
  const component: Record<string, Json> = { code };
  for (const [element, value] of Object.entries(values)) {
    if (element === 'referenceRange[OBX-7]') component.referenceRange = value as Json;
    else if (!element.includes('[') && value !== null) component[element] = value as Json;
  }
  return component;
}

const BOUNDS = /^([+-]?\d+(?:\.\d+)?)\s*-\s*([+-]?\d+(?:\.\d+)?)$/;
const ONE_BOUND = /^(<=?|>=?)\s*([+-]?\d+(?:\.\d+)?)$/;

/** OBX-7 as low and high where it is written so, and always as the sender's words. */
function referenceRange(obx: Segment, scope: Scope): Json | undefined {
  const text = obx.field(7).text?.trim();
  if (!text) return undefined;
  const unit = obx.field(6).repetition(1);
  const of = unitOf(unit.hasContent ? new Node(unit) : undefined, scope);
  const both = BOUNDS.exec(text);
  if (both !== null) return { ...range(Number(both[1]), Number(both[2]), of), text } as unknown as Json;
  const one = ONE_BOUND.exec(text);
  if (one === null) return { text };
  const bound = Number(one[2]);
  return {
    ...(one[1]!.startsWith('<') ? range(undefined, bound, of) : range(bound, undefined, of)),
    text,
  } as unknown as Json;
}

/** OBX outside any order: vitals and the like of an ADT. */
export function stateLooseObservations(
  segments: readonly Segment[],
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Draft[] {
  const context = { patient, encounter, order: undefined, time: undefined, status: undefined };
  return segments.map((obx) => stateObservation(obx, context, [], scope)).filter((draft) => draft !== undefined);
}
