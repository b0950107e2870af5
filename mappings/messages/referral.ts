import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import { BUSINESS_STATUS, coding, concept, HL7_TASK_CODE, TASK_CODE } from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { eiKey, identifierType } from '../datatypes/identifier.ts';
import { type IdentifierKey, orderTaskKey, referralKey, referralTaskKey } from '../keys.ts';
import { AL1_ALLERGY, DG1_CONDITION } from '../segments/diagnosis.ts';
import { MSA, MSH, SFT } from '../segments/envelope.ts';
import { GT1_PERSON, IN1_COVERAGE, IN1_INSURED, IN2_INSURED, IN3_COVERAGE } from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBR_REPORT, OBX_OBSERVATION } from '../segments/observation.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PR1_PROCEDURE } from '../segments/procedure.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { AUT_REQUEST, CTD_CONTACT, PRD_PARTY, RF1_REQUEST } from '../segments/referral.ts';
import { REFERRAL_STATUS } from '../tables/referral.ts';
import { stateGuarantors } from './account.ts';
import { type AuthorizationPart, authorizationOf } from './authorization.ts';
import { stateAllergies, stateCoverages, stateDiagnoses, stateRelatives } from './clinical.ts';
import { contactsOf } from './contact.ts';
import { partiesOf } from './party.ts';
import { answeredPatient, onlyPatient, type PatientRef } from './patient.ts';
import { stateProcedures } from './procedure.ts';
import { stateResults } from './result.ts';
import { careTeam } from './team.ts';
import { contextVisit } from './visit.ts';

const MAPS = [
  MSH,
  SFT,
  MSA,
  RF1_REQUEST,
  AUT_REQUEST,
  PR1_PROCEDURE,
  PRD_PARTY,
  CTD_CONTACT,
  PID_PATIENT,
  PD1_PATIENT,
  NK1_RELATED_PERSON,
  GT1_PERSON,
  IN1_COVERAGE,
  IN1_INSURED,
  IN2_INSURED,
  IN3_COVERAGE,
  DG1_CONDITION,
  AL1_ALLERGY,
  OBR_REPORT,
  OBX_OBSERVATION,
  NTE_NOTE,
  PV1_ENCOUNTER,
  PV2_ENCOUNTER,
];

interface Loop {
  readonly rf1: Segment;
  readonly key: IdentifierKey;
  /** Organization that originated the referral; it owns the ServiceRequest and its Task. */
  readonly originator: string;
}

/** RF1-6, and whose it is: the organization that declares its assigner, else (of an answer) whom the message is addressed to. */
function loopOf(scope: Scope, isAnswer: boolean): Loop {
  const rf1 = scope.message.segment('RF1');
  if (rf1 === undefined) throw new Refusal('map.key-missing', 'a referral without RF1', 'RF1[1]');
  scope.place(rf1, 6);
  const element = rf1.field(6).repetition(1);
  const key = element.hasContent ? eiKey(new Node(element), scope) : undefined;
  if (key === undefined) throw new Refusal('map.key-missing', 'no originating referral identifier', 'RF1[1]-6');
  const declared = scope.issuer(key.system);
  if (!isAnswer || declared !== scope.owner) return { rf1, key, originator: declared };
  return { rf1, key, originator: addressee(scope) ?? declared };
}

/** The partner that MSH-5/6 names, by what it sends as itself. */
export function addressee(scope: Scope): string | undefined {
  const { receivingApplication, receivingFacility } = scope.message.header;
  const found = scope.context.partners.find(
    (partner) =>
      partner.id !== scope.partner.id &&
      partner.senders.some(
        (sender) =>
          (sender.application !== undefined || sender.facility !== undefined) &&
          (sender.application === undefined || sender.application === receivingApplication) &&
          (sender.facility === undefined || sender.facility === receivingFacility),
      ),
  );
  return found?.organization;
}

/** REF: what the originator asks. I13 modifies and never resets the Task; I14 asks to cancel; I15 asks for news and states nothing new. */
export const REF: MessageMap = {
  name: 'REF',
  events: ['REF^I12', 'REF^I13', 'REF^I14', 'REF^I15'],
  maps: MAPS,
  run(scope) {
    const loop = loopOf(scope, false);
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    const request = scope.draft(referralKey(loop.originator, loop.key), patient.id);
    stateRequest(loop, request, patient, encounter, scope);
    const task = stateTask(loop, request, patient.id, scope);
    task.set('for', patient.reference);
    if (scope.trigger === 'I12') {
      task.set('status', 'requested');
      task.set('businessStatus', concept(BUSINESS_STATUS, 'sent'));
    } else {
      task.default('status', 'requested');
    }
    if (scope.trigger === 'I14') askToCancel(loop, task, patient, scope);
    const parties = partiesOf(scope);
    stateParties(parties, request, task, patient, scope);
    stateContext(request, patient, encounter, scope);
  },
};

function stateRequest(loop: Loop, request: Draft, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  request.set('subject', patient.reference);
  request.set('intent', 'order');
  if (scope.trigger === 'I14') request.set('status', 'revoked');
  else if (scope.trigger === 'I15') request.default('status', 'active');
  else request.set('status', 'active');
  request.snapshot('identifier[RF1-6]', [identifier(loop)]);
  if (encounter !== undefined) request.set('encounter', encounter.reference);
  scope.apply(RF1_REQUEST, loop.rf1, request);
  authorization(scope.message.segment('AUT'), request, scope);
  stateContacts(request, scope);
  const notes = notesOf(scope);
  if (notes.length > 0)
    request.snapshot(
      'note[NTE]',
      notes.map((text) => ({ text })),
    );
}

function stateContacts(draft: Draft, scope: Scope): void {
  const contacts = contactsOf(scope);
  if (contacts.length > 0) draft.snapshot('extension[CTD]', contacts);
}

const identifier = (loop: Loop): Json => ({
  type: identifierType('PLAC') as unknown as Json,
  system: loop.key.system,
  value: loop.key.value,
});

function stateTask(loop: Loop, request: Draft, patient: string | undefined, scope: Scope): Draft {
  const task = scope.draft(referralTaskKey(loop.originator, loop.key), patient);
  task.snapshot('identifier[RF1-6]', [identifier(loop)]);
  task.set('intent', 'order');
  task.set('code', { coding: [coding(TASK_CODE, 'accept-referral'), { system: HL7_TASK_CODE, code: 'fulfill' }] });
  task.set('focus', request.reference);
  task.set('requester', { reference: `Organization/${loop.originator}` });
  return task;
}

/** A cancellation is asked for by a Task of its own: work may have begun. Rule: DOMAIN §B7 [COW]. */
function askToCancel(loop: Loop, task: Draft, patient: Draft, scope: Scope): void {
  const abort = scope.draft(orderTaskKey(loop.originator, loop.key, 'abort'), patient.id);
  abort.set('status', 'requested');
  abort.set('intent', 'order');
  abort.set('code', { coding: [coding(TASK_CODE, 'answer-cancellation'), { system: HL7_TASK_CODE, code: 'abort' }] });
  abort.set('focus', task.reference);
  abort.set('for', patient.reference);
  abort.set('requester', { reference: `Organization/${loop.originator}` });
  const to = addressee(scope);
  if (to !== undefined) abort.set('owner', { reference: `Organization/${to}` });
}

function stateParties(
  parties: ReturnType<typeof partiesOf>,
  request: Draft,
  task: Draft,
  patient: Draft,
  scope: Scope,
): void {
  const referring = parties.find((party) => party.role === 'RP');
  const referredTo = parties.filter((party) => party.role === 'RT');
  request.set('requester', (referring?.reference ?? { reference: `Organization/${scope.owner}` }) as Json);
  if (referredTo.length > 0)
    request.snapshot(
      'performer[PRD]',
      referredTo.map((party) => party.reference as Json),
    );
  const to = addressee(scope) ?? referredTo.map((party) => party.partner).find((each) => each !== undefined);
  if (to !== undefined) task.set('owner', { reference: `Organization/${to}` });
  const members = parties.filter((party) => party.role !== 'RT');
  if (members.length === 0) return;
  const team = careTeam(patient, scope);
  for (const party of members) {
    const { reference, display } = party.reference;
    team.snapshot(`participant[PRD ${party.role} ${reference ?? display}]`, [
      { role: [party.concept], member: party.reference as Json },
    ]);
  }
}

/** What comes with a referral: diagnoses as its reasons, insurance, allergies, relatives, results. */
function stateContext(request: Draft, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  const { message } = scope;
  const conditions = stateDiagnoses(message.segments('DG1'), patient, encounter, scope);
  if (conditions.length > 0)
    request.snapshot(
      'reasonReference[DG1]',
      conditions.map((condition) => condition.reference),
    );
  stateCoverages(message.segments('IN1'), patient, scope);
  stateGuarantors(patient, scope);
  const coverages = [...scope.drafts].filter((draft) => draft.type === 'Coverage');
  if (coverages.length > 0)
    request.snapshot(
      'insurance[IN1]',
      coverages.map((coverage) => coverage.reference),
    );
  stateAllergies(message.segments('AL1'), patient, scope);
  stateRelatives(message.segments('NK1'), patient, scope);
  stateProcedures(message.segments('PR1'), patient, encounter, scope);
  const results = stateResults(patient, encounter, scope);
  if (results.length > 0)
    request.snapshot(
      'supportingInfo[OBX]',
      [...new Set(results)].map((result) => result.reference),
    );
}

/** RRI: the other side's answer. It states the Task and its own number, never the originator's request. Rule: DOMAIN §B7. */
export const RRI: MessageMap = {
  name: 'RRI',
  events: ['RRI^I12', 'RRI^I13', 'RRI^I14', 'RRI^I15'],
  maps: MAPS,
  run(scope) {
    const loop = loopOf(scope, true);
    const patient = answeredPatient(scope);
    const request = scope.draft(referralKey(loop.originator, loop.key), patient.id);
    const answer = loop.rf1.get(1)?.trim().toUpperCase();
    const known = answer === undefined ? undefined : REFERRAL_STATUS[answer];
    if (known === undefined)
      throw new Refusal('map.code-unmapped', 'the answer of RF1-1 is not A, P, R or E', 'RF1[1]-1');
    const external = loop.rf1.field(11).repetition(1);
    const number = external.hasContent ? eiKey(new Node(external), scope) : undefined;
    const filler = number === undefined ? undefined : ({ type: identifierType('FILL'), ...number } as unknown as Json);
    const task = stateTask(loop, request, patient.id, scope);
    if (filler !== undefined) {
      // The originator may have made the referral over FHIR: the answer is his to hear all the same.
      request.snapshot('identifier[RF1-11]', [filler], true);
      task.snapshot('identifier[RF1-11]', [filler], true);
    } else if (!request.has('identifier[RF1-6]')) scope.drop(request);
    task.set('owner', { reference: `Organization/${scope.owner}` });
    const reason = reasonOf(loop.rf1, scope);
    if (scope.trigger === 'I14') answerCancel(loop, answer!, task, patient, scope);
    else {
      task.set('status', known.status, true);
      task.set('businessStatus', concept(BUSINESS_STATUS, known.business), true);
      if (answer === 'R' || answer === 'E') task.set('statusReason', reason ?? { text: 'No reason was given' }, true);
      else task.delete('statusReason', true);
    }
    const notes = notesOf(scope);
    if (notes.length > 0)
      task.snapshot(
        `note[${scope.owner}]`,
        notes.map((text) => ({ text })),
      );
    stateContacts(task, scope);
    answeringTeam(patient, scope);
  },
};

/** An accepted cancellation ends the referral; a refused one leaves it as it is. */
function answerCancel(loop: Loop, answer: string, task: Draft, patient: PatientRef, scope: Scope): void {
  const abort = scope.draft(orderTaskKey(loop.originator, loop.key, 'abort'), patient.id);
  abort.set('intent', 'order');
  abort.set('status', answer === 'A' ? 'completed' : answer === 'P' ? 'received' : 'rejected');
  abort.set('code', { coding: [coding(TASK_CODE, 'answer-cancellation'), { system: HL7_TASK_CODE, code: 'abort' }] });
  abort.set('focus', task.reference);
  abort.set('owner', { reference: `Organization/${scope.owner}` });
  if (answer === 'A') {
    task.set('status', 'cancelled', true);
    task.set('businessStatus', concept(BUSINESS_STATUS, 'cancelled'), true);
  } else task.default('status', 'requested');
}

function reasonOf(rf1: Segment, scope: Scope): Json | undefined {
  const element = rf1.field(10).repetition(1);
  if (!element.hasContent) return undefined;
  scope.place(rf1, 10);
  return conceptOf(new Node(element), scope, '0336') as unknown as Json | undefined;
}

/** Providers whom the answering side names join its own team for the patient. */
function answeringTeam(patient: PatientRef, scope: Scope): void {
  for (const party of partiesOf(scope)) {
    if (party.role !== 'RT') continue;
    const { reference, display } = party.reference;
    careTeam(patient, scope).snapshot(`participant[PRD ${party.role} ${reference ?? display}]`, [
      { role: [party.concept], member: party.reference as Json },
    ]);
  }
}

/** NTE before any order group: remarks on the referral itself. */
function notesOf(scope: Scope): string[] {
  const end = scope.message.segment('OBR')?.index ?? Number.POSITIVE_INFINITY;
  return scope.message
    .segments('NTE')
    .filter((nte) => nte.index < end)
    .flatMap((nte) => nte.repetitions(3).map((repetition) => repetition.text?.trim()))
    .filter((text): text is string => text !== undefined && text !== '');
}

const AUT_PARTS: readonly AuthorizationPart[] = [
  [1, 'plan', 'text'],
  [2, 'company', 'concept'],
  [3, 'companyName', 'text'],
  [4, 'start', 'time'],
  [5, 'end', 'time'],
  [6, 'number', 'text'],
  [8, 'requested', 'count'],
  [9, 'authorized', 'count'],
];

function authorization(aut: Segment | undefined, request: Draft, scope: Scope): void {
  const stated = aut === undefined ? undefined : authorizationOf(aut, AUT_PARTS, scope);
  if (stated !== undefined) request.snapshot('extension[AUT]', [stated]);
}
