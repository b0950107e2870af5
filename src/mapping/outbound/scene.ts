import type { Bundle, Patient, Resource } from '@medplum/fhirtypes';
import type { Endpoint, Partner } from '../../model/partner.ts';
import type { Found, OutboundEvent, Subject } from './event.ts';

/** Path under which the disclosure notice is noted as carried: it belongs to the event and to no resource. */
export const NOTICE_PATH = 'event.notice';

/** A resource of the released Bundle and its FHIRPath. */
export interface Entry extends Found {
  readonly path: string;
  readonly value: Resource;
}

/**
 * The released resources of one event, found by reference. It knows nothing that the release decision did not let go:
 * a reference that leads out of the Bundle resolves to nothing.
 */
export interface Scene {
  readonly event: OutboundEvent;
  readonly endpoint: Endpoint;
  readonly partner: Partner;
  readonly entries: readonly Entry[];
  /** What the event is about: the first entry. */
  readonly focus: Entry;
  at(reference: unknown): Entry | undefined;
  all(type: Resource['resourceType']): readonly Entry[];
}

/** Undefined when the Bundle has no first resource. */
export function sceneOf(bundle: Bundle, event: OutboundEvent, endpoint: Endpoint, partner: Partner): Scene | undefined {
  const entries: Entry[] = [];
  const byReference = new Map<string, Entry>();
  for (const [index, { resource, fullUrl }] of (bundle.entry ?? []).entries()) {
    if (resource === undefined) continue;
    const entry = { path: `Bundle.entry[${index}].resource.ofType(${resource.resourceType})`, value: resource };
    entries.push(entry);
    if (resource.id !== undefined) byReference.set(`${resource.resourceType}/${resource.id}`, entry);
    if (fullUrl !== undefined) byReference.set(fullUrl, entry);
  }
  const focus = entries[0];
  if (focus === undefined) return undefined;
  return {
    event,
    endpoint,
    partner,
    entries,
    focus,
    at: (reference) => byReference.get(referenceText(reference)),
    all: (type) => entries.filter(({ value }) => value.resourceType === type),
  };
}

function referenceText(reference: unknown): string {
  const text =
    typeof reference === 'string' ? reference : (reference as { reference?: unknown } | undefined)?.reference;
  return typeof text === 'string' ? text.replace(/\/_history\/[^/]+$/, '') : '';
}

/** `Type/id` of an entry, '' when it has no id. */
export function referenceOf(entry: Entry | undefined): string {
  return entry?.value.id === undefined ? '' : `${entry.value.resourceType}/${entry.value.id}`;
}

/** True when the element holds a reference to the entry, alone or in a list. */
export function pointsAt(element: unknown, entry: Entry): boolean {
  if (Array.isArray(element)) return element.some((item) => pointsAt(item, entry));
  return referenceText(element) !== '' && referenceText(element) === referenceOf(entry);
}

/** A member of any resource without its type: what rows read when the type is known by construction. */
export function element(entry: Entry | undefined, name: string): unknown {
  return (entry?.value as Record<string, unknown> | undefined)?.[name];
}

/** The patient the focus is about: its subject, patient, for or participant, in this order; else the only one released. */
export function patientOf(scene: Scene, entry: Entry = scene.focus): Entry | undefined {
  if (entry.value.resourceType === 'Patient') return entry;
  for (const name of ['subject', 'patient', 'for']) {
    const target = scene.at(element(entry, name));
    if (target?.value.resourceType === 'Patient') return target;
  }
  const participants = element(entry, 'participant');
  if (Array.isArray(participants)) {
    const patients = participants.map((one) => scene.at((one as { actor?: unknown }).actor));
    const patient = patients.find((one) => one?.value.resourceType === 'Patient');
    if (patient !== undefined) return patient;
  }
  const via = scene.at(element(entry, 'focus'));
  if (via !== undefined && via !== entry) return patientOf(scene, via);
  // What was released of one event is about one person; with two records in it nobody may guess which is meant.
  const released = scene.all('Patient');
  return released.length === 1 ? released[0] : undefined;
}

/** Patients of the Bundle that a link ties to this one: other sources' records of the same person. */
export function linkedPatients(scene: Scene, patient: Entry): readonly Entry[] {
  const linked = (from: Patient, to: Entry): boolean =>
    (from.link ?? []).some(({ other }) => referenceText(other) === referenceOf(to));
  return scene
    .all('Patient')
    .filter(
      (one) => one !== patient && (linked(one.value as Patient, patient) || linked(patient.value as Patient, one)),
    );
}

/** The subject of a segment about one resource, under the name of its type. */
export function about(entry: Entry | undefined): readonly Subject[] {
  return entry === undefined ? [] : [{ [entry.value.resourceType]: entry }];
}

/** One of the event's own: the focus when it is of this type, else what it points at, else the only one in the Bundle. */
export function theOne(scene: Scene, type: Resource['resourceType']): Entry | undefined {
  const { focus } = scene;
  if (focus.value.resourceType === type) return focus;
  for (const name of ['focus', 'basedOn', 'about', 'reasonReference', 'inResponseTo', 'implicated']) {
    const value = element(focus, name);
    for (const reference of Array.isArray(value) ? value : [value]) {
      const target = scene.at(reference);
      if (target?.value.resourceType === type) return target;
    }
  }
  const pointing = scene.all(type).filter((one) => {
    return ['focus', 'basedOn', 'reasonReference'].some((name) => pointsAt(element(one, name), focus));
  });
  if (pointing.length > 0) return pointing[0];
  const all = scene.all(type);
  return all.length === 1 ? all[0] : undefined;
}
