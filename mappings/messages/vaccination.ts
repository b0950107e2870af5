import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { NaturalKey } from '../../src/model/assertion.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { practitionerOf } from '../datatypes/directory.ts';
import { annotationOf } from '../datatypes/note.ts';
import { addressOf } from '../datatypes/person.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { codedLocation } from '../datatypes/role.ts';
import { decimal } from '../datatypes/text.ts';
import { immunizationKey } from '../keys.ts';
import { AL1_ALLERGY, IAM_ALLERGY } from '../segments/diagnosis.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import { ORC_IMMUNIZATION, RXA_IMMUNIZATION, RXR_IMMUNIZATION } from '../segments/immunization.ts';
import { IN1_COVERAGE, IN1_INSURED, IN2_INSURED, IN3_COVERAGE } from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBX_OBSERVATION } from '../segments/observation.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { NIP001, NO_ORDER_NUMBER, NO_VACCINE, OWN_ACT, PARTIAL_DOSE } from '../tables/immunization.ts';
import { IMMUNIZATION_STATUS } from '../tables/order.ts';
import { codeKey, stateAllergies, stateCoverages, stateRelatives } from './clinical.ts';
import { raise } from './confidentiality.ts';
import { conceptAt, nodeOf } from './dosage.ts';
import { orderNumber } from './medication-order.ts';
import { type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { stateVaccineObservations, type Vaccination } from './vaccine-observation.ts';
import { contextVisit } from './visit.ts';

const FUNCTION = 'http://terminology.hl7.org/CodeSystem/v2-0443';

/** VXU: each RXA is an Immunization, with what its OBX say about it. Rule: v2-to-FHIR IG 1.0.0, VXU_V04. */
export const VXU: MessageMap = {
  name: 'VXU',
  events: ['VXU^V04'],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PD1_PATIENT,
    NK1_RELATED_PERSON,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    IN1_COVERAGE,
    IN1_INSURED,
    IN2_INSURED,
    IN3_COVERAGE,
    AL1_ALLERGY,
    IAM_ALLERGY,
    ORC_IMMUNIZATION,
    RXA_IMMUNIZATION,
    RXR_IMMUNIZATION,
    OBX_OBSERVATION,
    NTE_NOTE,
  ],
  run(scope) {
    const { message } = scope;
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateRelatives(message.segments('NK1'), patient, scope);
    stateCoverages(message.segments('IN1'), patient, scope);
    stateAllergies([...message.segments('AL1'), ...message.segments('IAM')], patient, scope);
    for (const group of orderGroups(message.segments())) {
      for (const vaccination of vaccinationsOf(group)) stateVaccination(vaccination, patient, encounter, scope);
    }
  },
};

function vaccinationsOf({ orc, segments }: OrderGroup): Vaccination[] {
  const starts = segments.flatMap((segment, index) => (segment.name === 'RXA' ? [index] : []));
  return starts.map((start, n) => ({
    orc,
    rxa: segments[start]!,
    segments: segments.slice(start + 1, starts[n + 1]),
    isAlone: starts.length === 1,
  }));
}

function stateVaccination(vaccination: Vaccination, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  const { orc, rxa, segments } = vaccination;
  const code = conceptAt(rxa, 5, scope);
  const at = rxa.get(3)?.trim();
  if (code === undefined || !at)
    throw new Refusal('map.required-missing', 'a vaccination without product or time', `RXA[${rxa.occurrence}]-5`);
  const key = keyOf(vaccination, code, at, patient, scope);
  // 998: nothing was given, and nothing must show as given.
  if (rxa.get(5)?.trim() === NO_VACCINE) {
    stateVaccineObservations(vaccination, undefined, scope.idOf(key), patient, encounter, scope);
    return;
  }
  const immunization = scope.draft(key, patient.id);
  immunization.set('patient', patient.reference);
  if (encounter !== undefined) immunization.set('encounter', encounter.reference);
  scope.apply(ORC_IMMUNIZATION, orc, immunization);
  scope.apply(RXA_IMMUNIZATION, rxa, immunization);
  scope.apply(
    RXR_IMMUNIZATION,
    segments.find((segment) => segment.name === 'RXR'),
    immunization,
  );
  raise(immunization, orc, 28, scope);
  status(rxa, immunization, scope);
  dose(rxa, immunization, scope);
  const origins = origin(rxa, immunization, scope);
  place(rxa, immunization, scope);
  performers(rxa, orc, immunization, scope);
  const notes = segments.filter((segment) => segment.name === 'NTE').flatMap((nte) => annotationOf(nte, scope) ?? []);
  if (notes.length + origins.length > 0) immunization.snapshot('note[RXA]', [...origins, ...notes]);
  stateVaccineObservations(vaccination, immunization, immunization.id, patient, encounter, scope);
}

/** The order's number where it is one; a correction (RXA-21 U) keeps it, whatever else it changes. */
function keyOf({ orc, rxa, isAlone }: Vaccination, code: Json, at: string, patient: Draft, scope: Scope): NaturalKey {
  const order = orderNumber(
    orc,
    scope,
    [3, 2].filter((field) => orc?.get(field)?.trim() !== NO_ORDER_NUMBER),
  );
  if (order === undefined) return immunizationKey(scope.owner, patient.id, codeKey(code), at.slice(0, 8));
  if (isAlone) return immunizationKey(scope.owner, order.system, order.value);
  return immunizationKey(scope.owner, order.system, order.value, rxa.get(2)?.trim(), codeKey(code));
}

/** RXA-21 D takes the record back. Without RXA-20 the guide says completed, but a reason against it says that nothing was given. */
function status(rxa: Segment, immunization: Draft, scope: Scope): void {
  if (rxa.get(21)?.trim() === 'D') {
    immunization.set('status', 'entered-in-error');
    return;
  }
  const stated = rxa.get(20)?.trim();
  scope.place(rxa, 20);
  const mapped = stated ? scope.code(IMMUNIZATION_STATUS, stated)?.code : undefined;
  const found = mapped ?? (stated || rxa.field(18).hasContent ? 'not-done' : 'completed');
  immunization.set('status', found);
  if (stated === 'PA') {
    immunization.set('isSubpotent', true);
    immunization.snapshot('subpotentReason[RXA-20]', [PARTIAL_DOSE as unknown as Json]);
  } else if (stated !== undefined && stated !== '') {
    immunization.delete('isSubpotent');
    immunization.delete('subpotentReason[RXA-20]');
  }
}

function dose(rxa: Segment, immunization: Draft, scope: Scope): void {
  const amount = decimal(rxa.get(6)?.trim());
  if (amount === undefined || amount === 999 || immunization.value('status') === 'not-done') {
    if (amount !== undefined) immunization.delete('doseQuantity');
    return;
  }
  immunization.set('doseQuantity', quantity(amount, unitOf(nodeOf(rxa, 7, scope), scope)) as Json);
}

/** RXA-9: table NIP001 says whether this is the sender's own act (00) or told by others; other content is a note. */
function origin(rxa: Segment, immunization: Draft, scope: Scope): Json[] {
  const notes: Json[] = [];
  for (const repetition of rxa.repetitions(9)) {
    scope.place(rxa, 9);
    const node = new Node(repetition);
    const found = conceptOf(node, scope);
    if (found === undefined) continue;
    const code = node.get(1);
    const table = node.get(3);
    if (code !== undefined && NIP001.test(code) && (table === 'NIP001' || table === undefined)) {
      const isPrimary = code === OWN_ACT;
      immunization.set('primarySource', isPrimary);
      if (isPrimary) immunization.delete('reportOrigin');
      else immunization.set('reportOrigin', found as unknown as Json);
      continue;
    }
    const text = found.text ?? found.coding?.[0]?.display ?? found.coding?.[0]?.code;
    if (text !== undefined) notes.push({ text });
  }
  return notes;
}

/** RXA-27 with its address (RXA-28); before v2.8 RXA-11: the facility stands at 4, the point of care at 1. */
function place(rxa: Segment, immunization: Draft, scope: Scope): void {
  const stated = immunization.value('location') as { reference?: string } | undefined;
  if (stated?.reference !== undefined) {
    const address = nodeOf(rxa, 28, scope);
    const found = address === undefined ? undefined : addressOf(address, scope);
    const draft = [...scope.drafts].find((each) => `${each.type}/${each.id}` === stated.reference);
    if (found !== undefined) draft?.set('address', found as unknown as Json);
    return;
  }
  const node = nodeOf(rxa, 11, scope);
  if (node === undefined) return;
  const facility = node.get(4);
  const found = codedLocation.read(facility === undefined ? node : node.part(4), scope);
  if (found !== undefined) immunization.set('location', found);
}

function performers(rxa: Segment, orc: Segment | undefined, immunization: Draft, scope: Scope): void {
  const given = (segment: Segment | undefined, field: number, code: string): Json[] =>
    (segment?.repetitions(field) ?? []).flatMap((repetition): Json[] => {
      scope.place(segment!, field);
      const actor = practitionerOf(new Node(repetition), scope);
      return actor === undefined ? [] : [{ function: { coding: [{ system: FUNCTION, code }] }, actor: actor as Json }];
    });
  const administered = given(rxa, 10, 'AP');
  const ordered = given(orc, 12, 'OP');
  if (administered.length > 0) immunization.snapshot('performer[RXA-10]', administered);
  if (ordered.length > 0) immunization.snapshot('performer[ORC-12]', ordered);
}
