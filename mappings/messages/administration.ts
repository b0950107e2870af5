import type { Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import { concept, SESSION_CODE } from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { locationOf, practitionerOf } from '../datatypes/directory.ts';
import { textsOf } from '../datatypes/note.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal } from '../datatypes/text.ts';
import { administrationKey, doseSessionKey, type IdentifierKey, medicationRequestKey } from '../keys.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import { NTE_NOTE, OBX_OBSERVATION } from '../segments/observation.ts';
import { ORC_ADMINISTRATION, RXA_ADMINISTRATION, RXR_ADMINISTRATION } from '../segments/pharmacy.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { COMPLETION_STATUS } from '../tables/order.ts';
import { raise } from './confidentiality.ts';
import { conceptAt, methodOf, nodeOf, routeOf } from './dosage.ts';
import { orderNumber } from './medication-order.ts';
import { stateMedicine } from './medicine.ts';
import { stateObservation } from './observation.ts';
import { type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';

import { contextVisit } from './visit.ts';

/** Where RXA has the medicine it gave. */
const RXA_MEDICINE = { code: 5, form: 8, strength: 13, strengthUnit: 14, lot: 15, expires: 16, maker: 17 } as const;

/** One RXA with what follows it: its route, the observations and remarks of that moment. */
interface Administration {
  readonly rxa: Segment;
  rxr: Segment | undefined;
  readonly obx: Segment[];
  readonly notes: string[];
}

/**
 * RAS: each RXA is one MedicationAdministration with its own lot, all of them part of one dose session. The hub adds up nothing here:
 * an administration is what one RXA says. Rule: DOMAIN §B4, §C1 RAS, H11, H12.
 */
export const RAS: MessageMap = {
  name: 'RAS',
  events: ['RAS^O17', 'RAS^O01'],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PD1_PATIENT,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    ORC_ADMINISTRATION,
    RXA_ADMINISTRATION,
    RXR_ADMINISTRATION,
    OBX_OBSERVATION,
    NTE_NOTE,
  ],
  run(scope) {
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    for (const group of orderGroups(scope.message.segments())) {
      const order = orderNumber(group.orc, scope, [3, 2]);
      const administrations = administrationsOf(group);
      if (administrations.length === 0) continue;
      if (order === undefined)
        throw new Refusal('map.key-missing', 'an administration without ORC-3 and ORC-2', 'ORC[1]-3');
      stateSession(group, order, administrations, patient, encounter, scope);
    }
  },
};

function administrationsOf(group: OrderGroup): Administration[] {
  const found: Administration[] = [];
  for (const segment of group.segments) {
    const current = found.at(-1);
    if (segment.name === 'RXA') found.push({ rxa: segment, rxr: undefined, obx: [], notes: [] });
    else if (current === undefined) continue;
    else if (segment.name === 'RXR') current.rxr ??= segment;
    else if (segment.name === 'OBX') current.obx.push(segment);
    else if (segment.name === 'NTE') current.notes.push(...textsOf(segment));
  }
  // One RXR after the last RXA stands for all of them in older messages.
  const shared = found.at(-1)?.rxr;
  for (const administration of found) administration.rxr ??= shared;
  return found;
}

/** The day of RXA-3 as its sender's wall clock says it. */
function dayOf(rxa: Segment): string {
  return (rxa.get(3)?.trim() ?? '').slice(0, 8);
}

function stateSession(
  group: OrderGroup,
  order: IdentifierKey,
  administrations: readonly Administration[],
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const placer = orderNumber(group.orc, scope, [2]);
  const subIds = new Map<string, number>();
  for (const { rxa } of administrations) {
    const id = `${dayOf(rxa)}/${rxa.get(2)?.trim() ?? ''}`;
    subIds.set(id, (subIds.get(id) ?? 0) + 1);
  }
  for (const administration of administrations) {
    const { rxa } = administration;
    const day = dayOf(rxa);
    const session = scope.draft(doseSessionKey(scope.owner, order, day), patient.id);
    const subId = rxa.get(2)?.trim() ?? '';
    // Senders that number every RXA alike are told apart by their start.
    const isUnique = subIds.get(`${day}/${subId}`) === 1;
    const key = administrationKey(scope.owner, order, day, isUnique ? subId : `${subId}@${rxa.get(3)?.trim() ?? ''}`);
    const draft = scope.draft(key, patient.id);
    stateAdministration(draft, administration, scope);
    draft.set('subject', patient.reference);
    if (encounter !== undefined) draft.set('context', encounter.reference);
    draft.snapshot('partOf[session]', [session.reference]);
    if (placer !== undefined) {
      draft.set('request', { reference: `MedicationRequest/${scope.idOf(medicationRequestKey(scope.owner, placer))}` });
    }
    raise(draft, group.orc, 28, scope);
    raise(session, group.orc, 28, scope);
    stateProcedure(session, draft, patient, encounter, scope);
    stateVitals(administration, session, patient, encounter, order, scope);
  }
}

/**
 * The dose session, as far as one message can tell: its devices may come in a message each, so a refused, deleted or later one says
 * nothing against what another message said was given, and its start only holds while none is earlier. One that was partial marks
 * the session, whatever is said of the others. Of a partner that sends one total, the message is the session. Rule: DOMAIN §C1 RAS, H11.
 */
function stateProcedure(
  session: Draft,
  administration: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  session.set('subject', patient.reference);
  if (encounter !== undefined) session.set('encounter', encounter.reference);
  session.set('code', concept(SESSION_CODE, 'dose-session') as unknown as Json);
  const status = administration.value('status') as string;
  const isWhole = scope.partner.administration === 'total';
  if (status === 'stopped' || isWhole) session.set('status', status);
  else session.lowest('status', status);
  const start = administration.value('effectivePeriod.start');
  if (typeof start === 'string') {
    if (isWhole) session.set('performedPeriod.start', start);
    else session.lowest('performedPeriod.start', start);
  }
  const performers = administration.value('performer[RXA-10]');
  if (Array.isArray(performers)) {
    session.snapshot(
      'performer[RXA-10]',
      performers.map((each) => ({ actor: (each as { actor: Json }).actor })),
    );
  }
}

function stateAdministration(draft: Draft, { rxa, rxr, notes }: Administration, scope: Scope): void {
  scope.apply(RXA_ADMINISTRATION, rxa, draft);
  draft.set('status', statusOf(rxa, scope));
  const refused = conceptAt(rxa, 18, scope);
  if (refused !== undefined) draft.snapshot('statusReason[RXA-18]', [refused]);
  effective(rxa, draft, scope);
  stateMedicine(rxa, RXA_MEDICINE, draft, scope);
  dosage(rxa, rxr, draft, scope);
  const performers = rxa.repetitions(10).flatMap((repetition) => {
    scope.place(rxa, 10);
    const actor = practitionerOf(new Node(repetition), scope);
    return actor === undefined ? [] : [{ actor: actor as Json }];
  });
  if (performers.length > 0) draft.snapshot('performer[RXA-10]', performers);
  const words = rxa
    .repetitions(9)
    .map((repetition) => repetition.get(2)?.trim() ?? repetition.get(1)?.trim())
    .filter((text): text is string => !!text);
  const all = [...words, ...notes];
  if (all.length > 0)
    draft.snapshot(
      'note[RXA]',
      all.map((text) => ({ text })),
    );
  const place = nodeOf(rxa, 11, scope);
  const where = place === undefined ? undefined : locationOf(place, scope);
  if (where !== undefined) {
    draft.snapshot('extension[RXA-11]', [{ url: hubExtension('administered-at'), valueReference: where as Json }]);
  }
  const entered = rxa.get(22)?.trim();
  scope.place(rxa, 22);
  const time = entered ? scope.time(entered, 'dateTime') : undefined;
  if (time !== undefined) {
    draft.snapshot('extension[RXA-22]', [
      { url: hubExtension('entered'), valueDateTime: time instanceof Annotated ? time.value : time },
    ]);
  }
  const device = rxr?.get(3, 1, 2)?.trim() ?? rxr?.get(3)?.trim();
  if (device) draft.snapshot('device[RXR-3]', [{ display: device }]);
}

/** RXA-21 D takes the record back; else RXA-20; else a stated reason against means not done; else it is unknown. */
function statusOf(rxa: Segment, scope: Scope): string {
  if (rxa.get(21)?.trim() === 'D') return 'entered-in-error';
  const stated = rxa.get(20)?.trim();
  if (!stated) {
    if (rxa.field(18).hasContent) return 'not-done';
    scope.place(rxa, 20);
    scope.issue('map.status-missing', 'no completion status: whether it was given is unknown');
    return 'unknown';
  }
  scope.place(rxa, 20);
  const mapped = lookUp(COMPLETION_STATUS, stated, scope.partner)?.code;
  if (mapped === undefined) scope.issue('map.code-unmapped', 'no FHIR code for this value of table 0322');
  return mapped ?? 'unknown';
}

/** RXA-4 equal to RXA-3 means that the end is unknown: the clock of the observation does not start from it. Rule: DOMAIN §C1 RAS. */
function effective(rxa: Segment, draft: Draft, scope: Scope): void {
  const [start, end] = [rxa.get(3)?.trim(), rxa.get(4)?.trim()];
  if (!start) {
    scope.place(rxa, 3);
    scope.issue('map.required-missing', 'an administration without its time');
    return;
  }
  scope.place(rxa, 3);
  draft.set('effectivePeriod.start', scope.time(start, 'dateTime'));
  if (!end || end === start) return;
  scope.place(rxa, 4);
  draft.set('effectivePeriod.end', scope.time(end, 'dateTime'));
}

/** 999 is "amount unknown". Without an amount R4 allows no dosage but words. Rule: HL7 v2.5.1 RXA-6; R4 mad-1. */
function dosage(rxa: Segment, rxr: Segment | undefined, draft: Draft, scope: Scope): void {
  const amount = decimal(rxa.get(6)?.trim());
  if (amount === undefined || rxa.get(6)?.trim() === '999') {
    draft.delete('dosage');
    return;
  }
  const unit = unitOf(nodeOf(rxa, 7, scope), scope);
  const parts: Record<string, Json | undefined> = {
    site: conceptAt(rxr, 2, scope),
    route: routeOf(rxr, scope),
    method: methodOf(rxr, scope),
    dose: quantity(amount, unit) as Json,
  };
  const stated = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Record<
    string,
    Json
  >;
  draft.set('dosage', stated);
}

/** Observations around an administration are part of the session. */
function stateVitals(
  { rxa, obx }: Administration,
  session: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  order: IdentifierKey,
  scope: Scope,
): void {
  const sessionOrder = { system: order.system, value: `${order.value}@${dayOf(rxa)}` };
  for (const segment of obx) {
    const observation = stateObservation(
      segment,
      { patient, encounter, order: sessionOrder, time: undefined, status: undefined, isSeries: true },
      [],
      scope,
    );
    if (observation === undefined) continue;
    if (!observation.has('effectiveDateTime')) {
      const at = rxa.get(3)?.trim();
      scope.place(rxa, 3);
      if (at) observation.set('effectiveDateTime', scope.time(at, 'dateTime'));
    }
    observation.snapshot('partOf[session]', [session.reference]);
  }
}
