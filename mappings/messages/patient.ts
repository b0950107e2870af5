import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { cxIdentifier, cxKey } from '../datatypes/identifier.ts';
import { type IdentifierKey, patientKey, relatedPersonKey } from '../keys.ts';
import { ETHNICITY, PD1_PATIENT, PID_PATIENT, RACE } from '../segments/pid.ts';

/** Types of identifiers that never key a patient: shared, national or not the person's. Rule: H7. */
const NEVER_A_KEY = new Set(['SS', 'DL', 'AN', 'ANON', 'VN', 'NPI', 'MC', 'MA', 'EN', 'TAX', 'PPN']);

/** How good an identifier is as the key of this source's patient; undefined: none. */
function rank(type: string | undefined, listed: boolean, issued: boolean): number | undefined {
  if (type !== undefined && NEVER_A_KEY.has(type)) return undefined;
  const isRecordNumber = type === 'MR' || type === undefined;
  return (issued ? 8 : 0) + (isRecordNumber ? 4 : 0) + (listed ? 2 : 0) + (type === 'PI' || type === 'PT' ? 1 : 0);
}

/**
 * The identifiers that may key a patient among the repetitions of CX fields: the first of the best, then the others as good and of its
 * assigner.
 */
export function patientIdentifiers(segment: Segment, fields: readonly number[], scope: Scope): IdentifierKey[] {
  for (const field of fields) {
    scope.place(segment, field);
    const found = segment.repetitions(field).flatMap((repetition) => {
      const key = cxKey(new Node(repetition), scope);
      if (key === undefined) return [];
      const issued = scope.partner.issues?.includes(key.system) ?? false;
      const points = rank(key.type, !key.system.startsWith('urn:handoff:'), issued);
      return points === undefined ? [] : [{ points, key: { system: key.system, value: key.value } }];
    });
    const most = Math.max(...found.map(({ points }) => points));
    const best = found.find(({ points }) => points === most);
    if (best === undefined) continue;
    const alike = found.filter(({ points, key }) => points === most && key.system === best.key.system);
    return [...new Map(alike.map(({ key }) => [key.value, key])).values()];
  }
  return [];
}

/** The patient's natural key from a PID; undefined when nothing in it identifies anybody. */
export function patientKeyOf(pid: Segment, scope: Scope): IdentifierKey | undefined {
  const [found] = patientIdentifiers(pid, [3, 2, 4], scope);
  if (found !== undefined) return found;
  if (scope.context.unidentified === 'message') {
    return { system: 'urn:handoff:message', value: `${scope.context.bodyHash}#${pid.occurrence}` };
  }
  return undefined;
}

/** States a patient from PID and PD1. Undefined when it cannot be identified; the caller decides what that stops. */
export function statePatient(pid: Segment, pd1: Segment | undefined, scope: Scope): Draft | undefined {
  const identifier = patientKeyOf(pid, scope);
  if (identifier === undefined) return undefined;
  const key = patientKey(scope.owner, identifier);
  const patient = scope.draft(key, scope.idOf(key));
  scope.apply(PID_PATIENT, pid, patient);
  extension(patient, 'extension[PID-10]', RACE(pid, scope));
  extension(patient, 'extension[PID-22]', ETHNICITY(pid, scope));
  scope.apply(PD1_PATIENT, pd1, patient);
  mother(pid, patient, scope);
  return patient;
}

/** PID-21: the mother as a RelatedPerson, known by her identifiers. Rule: v2-to-FHIR IG 1.0.0, CX[RelatedPerson-Mother]. */
function mother(pid: Segment, patient: Draft, scope: Scope): void {
  const repetitions = pid.repetitions(21);
  if (repetitions.length === 0) return;
  scope.place(pid, 21);
  const identifiers = repetitions.flatMap((repetition) => cxIdentifier(new Node(repetition), scope) ?? []);
  const [first] = identifiers;
  if (first === undefined) return;
  const person = scope.draft(
    relatedPersonKey(scope.owner, patient.id, `${first.system ?? ''}|${first.value}`),
    patient.id,
  );
  person.set('patient', patient.reference);
  person.snapshot('identifier[PID-21]', identifiers as unknown as Json[]);
  person.snapshot('relationship[PID-21]', [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'MTH', display: 'mother' }] },
  ]);
}

function extension(patient: Draft, slot: string, value: Json | undefined): void {
  if (value !== undefined) patient.snapshot(slot, [value]);
}

/** The one patient of a message that has one. Refuses the message when it names nobody, or somebody else too. */
export function onlyPatient(scope: Scope): Draft {
  const pid = scope.message.segment('PID');
  if (pid === undefined) {
    if (scope.context.unidentified === 'message') return nobody(scope);
    throw new Refusal('map.patient-missing', 'the message has no PID segment', 'PID[1]');
  }
  const patient = statePatient(pid, scope.message.segment('PD1'), scope);
  if (patient === undefined) {
    throw new Refusal(
      'map.patient-unidentified',
      'no identifier with an assigner in PID-3, PID-2 or PID-4',
      `PID[${pid.occurrence}]-3`,
    );
  }
  refuseOthers(patient, scope);
  return patient;
}

/** What follows a second PID is of that patient, and a map of one patient would give it to the first. Rule: H7. */
function refuseOthers(patient: Draft, scope: Scope): void {
  for (const pid of scope.message.segments('PID').slice(1)) {
    const key = patientKeyOf(pid, scope);
    if (key !== undefined && scope.idOf(patientKey(scope.owner, key)) === patient.id) continue;
    throw new Refusal(
      'map.patients-several',
      'the message names several patients, and its type has one',
      `PID[${pid.occurrence}]-3`,
    );
  }
}

/** In the tool, where nothing is stored: the patient of a message that names none. */
function nobody(scope: Scope): Draft {
  scope.issues.push({
    severity: 'error',
    code: 'map.patient-missing',
    location: 'PID[1]',
    text: 'the message has no PID segment',
  });
  const key = patientKey(scope.owner, { system: 'urn:handoff:message', value: scope.context.bodyHash });
  return scope.draft(key, scope.idOf(key));
}

/** A patient another message states: an id to refer to, and no statement. */
export type PatientRef = Pick<Draft, 'id' | 'reference'>;

/**
 * The patient of an answer (RRI). One that the sender has its own number for is the sender's; one that it only knows by the number of
 * who asked is that side's, and an echo of its data states nothing about it.
 */
export function answeredPatient(scope: Scope): PatientRef {
  const pid = scope.message.segment('PID');
  const [identifier] = pid === undefined ? [] : patientIdentifiers(pid, [3, 2, 4], scope);
  if (identifier === undefined) return onlyPatient(scope);
  const issuer = scope.issuer(identifier.system);
  if (issuer === scope.owner) return onlyPatient(scope);
  const id = scope.idOf(patientKey(issuer, identifier));
  return { id, reference: { reference: `Patient/${id}` } };
}
