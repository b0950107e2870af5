import { Buffer } from 'node:buffer';
import type { Segment } from '../../src/hl7/tree.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { putTime } from '../datatypes/text.ts';
import { consentKey, patientKey, unnumberedConsentKey } from '../keys.ts';
import { ARV_LABELS, CON_CONSENT } from '../segments/access.ts';
import { ACCESS_RESTRICTION, NO_RESTRICTION, OF_THE_PERSON } from '../tables/confidentiality.ts';
import { ASKS_TO_RESTRICT, CONSENT_STATUS, DISCLOSURE_STATUS, isOfTreatment } from '../tables/consent.ts';
import { codeKey } from './clinical.ts';
import { labelsOf } from './confidentiality.ts';
import { conceptAt, nodeOf } from './dosage.ts';
import { patientKeyOf } from './patient.ts';

/**
 * A message map that also hears what its message says about access: ARV raises labels, CON states consents. Neither ever lowers a label
 * or opens anything. Any message may carry them, so every map is wrapped.
 */
export function heedingAccess(map: MessageMap): MessageMap {
  return {
    ...map,
    maps: [...map.maps, ARV_LABELS, CON_CONSENT],
    run(scope) {
      map.run(scope);
      for (const arv of scope.message.segments('ARV')) restrict(arv, scope);
      for (const con of scope.message.segments('CON')) stateConsent(con, scope);
    },
  };
}

/** The patient of the PID before a segment; undefined when that PID identifies nobody. */
function patientBefore(segment: Segment, scope: Scope): string | undefined {
  const pid = scope.message.segments('PID').findLast((each) => each.index < segment.index);
  const key = pid === undefined ? undefined : patientKeyOf(pid, scope);
  return key === undefined ? undefined : scope.idOf(patientKey(scope.owner, key));
}

/** ARV of one patient. Restrictions about the person's data label the Patient, all others everything the message states about them. */
function restrict(arv: Segment, scope: Scope): void {
  const patient = patientBefore(arv, scope);
  if (patient === undefined || arv.get(2)?.trim() === 'D') return;
  const value = arv.get(3)?.trim();
  scope.place(arv, 3);
  const labels = value && !NO_RESTRICTION.has(value) ? labelsOf(value, scope, ACCESS_RESTRICTION) : [];
  const isOfPerson = value !== undefined && OF_THE_PERSON.has(value);
  for (const reason of arv.repetitions(4)) {
    const code = reason.get(1)?.trim();
    // Who asked for it, or why, is a label only for the famous and for employees.
    if (code === 'VIP' || code === 'EMP') labels.push(...labelsOf(code, scope));
  }
  if (labels.length === 0) return;
  for (const draft of scope.drafts) {
    if (draft.patient === patient && (!isOfPerson || draft.type === 'Patient')) draft.label(labels);
  }
}

const SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope';

/** CON → Consent. A consent to disclose is recorded and opens nothing until a person files it. Rule: H3. */
function stateConsent(con: Segment, scope: Scope): void {
  const patient = patientBefore(con, scope);
  const type = conceptAt(con, 2, scope, '0496');
  if (patient === undefined || type === undefined) {
    scope.place(con, 2);
    scope.issue('map.key-missing', 'a consent without a patient or a type is not carried');
    return;
  }
  const form = nodeOf(con, 4, scope);
  const number = form === undefined ? undefined : eiKey(form, scope);
  const key =
    number === undefined
      ? unnumberedConsentKey(scope.owner, patient, codeKey(type), con.get(13)?.trim())
      : consentKey(scope.owner, number);
  const consent = scope.draft(key, patient);
  const subject = { reference: `Patient/${patient}` };
  const code = con.get(2)?.trim() ?? '';
  const isTreatment = isOfTreatment(code);
  consent.set('patient', subject);
  consent.set('scope', { coding: [{ system: SCOPE, code: isTreatment ? 'treatment' : 'patient-privacy' }] });
  consent.snapshot('category[CON-2]', [type]);
  consent.set('policyRule', type);
  consent.default('status', 'proposed');
  const stated = con.get(11)?.trim();
  scope.place(con, 11);
  const status = stated ? scope.code(isTreatment ? CONSENT_STATUS : DISCLOSURE_STATUS, stated)?.code : undefined;
  if (status !== undefined) consent.set('status', status);
  if (ASKS_TO_RESTRICT.has(code) && stated !== 'R' && stated !== 'X') {
    scope.place(con, 2);
    scope.park(
      `CON[${con.occurrence}]`,
      'map.restriction-requested',
      'the patient asks to restrict disclosure: a person decides',
    );
  }
  scope.apply(CON_CONSENT, con, consent);
  const performer = performerOf(con, subject, scope);
  if (performer !== undefined) consent.snapshot('performer[CON-24]', [performer]);
  const words = con
    .repetitions(5)
    .map((repetition) => repetition.text)
    .filter((text): text is string => text !== undefined && text.trim() !== '')
    .join('\n');
  if (words !== '') {
    consent.set('sourceAttachment', { contentType: 'text/plain', data: Buffer.from(words, 'utf8').toString('base64') });
  }
  const period: Record<string, unknown> = {};
  for (const [field, name] of [
    [14, 'start'],
    [15, 'end'],
  ] as const) {
    const at = con.get(field)?.trim();
    scope.place(con, field);
    if (at) putTime(period, name, scope.time(at, 'dateTime'));
  }
  if (Object.keys(period).length > 0) {
    // Not provision.period: a provision without recipients would permit to everybody.
    consent.snapshot('extension[CON-14]', [{ url: hubExtension('consent-period'), valuePeriod: period as Json }]);
  }
}

function performerOf(con: Segment, subject: Json, scope: Scope): Json | undefined {
  const relation = con.get(25)?.trim();
  if (relation === 'SEL' || relation === '1') return subject;
  const node = nodeOf(con, 24, scope);
  const name = node === undefined ? [] : [node.get(3), node.get(2)].filter((part) => part !== undefined);
  return name.length === 0 ? undefined : { display: name.join(' ') };
}
