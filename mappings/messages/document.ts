import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { encapsulated } from '../datatypes/observed.ts';
import { documentKey, type IdentifierKey, serviceRequestKey } from '../keys.ts';
import { OBX_DOCUMENT, TXA_DOCUMENT } from '../segments/document.ts';
import { EVN, MSH, SFT } from '../segments/envelope.ts';
import { NTE_NOTE } from '../segments/observation.ts';
import { NTE_SERVICE, OBR_SERVICE, ORC_SERVICE, TQ1_SERVICE } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { RELATION } from '../tables/document.ts';
import { raise } from './confidentiality.ts';
import { contentText, numberOf } from './document-text.ts';
import { messageKey, orderNumber } from './medication-order.ts';
import { stateServiceRequest } from './order.ts';
import { type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { isSafetyNote, stateSafetyNote } from './safety-note.ts';
import { contextVisit } from './visit.ts';

const EVENTS = ['T01', 'T02', 'T03', 'T04', 'T05', 'T06', 'T07', 'T08', 'T09', 'T10', 'T11'];

const NOT_SENT = 'Content not sent';

/** MDM: a document, and where the partner's list says so (or cannot say otherwise) a safety note. Rule: DOMAIN §B6, §C1 MDM, §D5. */
export const MDM: MessageMap = {
  name: 'MDM',
  events: EVENTS.map((trigger) => `MDM^${trigger}`),
  maps: [
    MSH,
    SFT,
    EVN,
    PID_PATIENT,
    PD1_PATIENT,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    ORC_SERVICE,
    OBR_SERVICE,
    TQ1_SERVICE,
    NTE_SERVICE,
    TXA_DOCUMENT,
    OBX_DOCUMENT,
    NTE_NOTE,
  ],
  run(scope) {
    const { message } = scope;
    const txa = message.segment('TXA');
    if (txa === undefined) throw new Refusal('map.key-missing', 'a document message without TXA', 'TXA[1]');
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    const number = numberOf(txa, 12, scope) ?? messageKey(txa, scope);
    if (number === undefined) throw new Refusal('map.key-missing', 'no unique document number', 'TXA[1]-12');
    const document = scope.draft(documentKey(scope.owner, number), patient.id);
    stateDocument(document, txa, number, patient, encounter, scope);
    const orders = orderGroups(message.segments()).flatMap((group) => {
      const order = orderNumber(group.orc, scope);
      return order === undefined
        ? []
        : [stateServiceRequest(order, { orc: group.orc, segments: detailOf(group, txa) }, patient, encounter, scope)];
    });
    if (orders.length > 0)
      document.snapshot(
        'context.related[ORC]',
        orders.map((each) => each.reference),
      );
    if (isSafetyNote(message, scope.partner.safety)) stateSafetyNote(txa, number, document, patient, encounter, scope);
  },
};

/** What details the order itself: what stands before the TXA. The document's own OBX and NTE come after it. */
const detailOf = (group: OrderGroup, txa: Segment) =>
  group.segments.filter((segment) => segment.index < txa.index && ['OBR', 'TQ1', 'NTE'].includes(segment.name));

function stateDocument(
  document: Draft,
  txa: Segment,
  number: IdentifierKey,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  document.set('masterIdentifier', { system: number.system, value: number.value });
  document.set('subject', patient.reference);
  document.default('status', 'current');
  scope.apply(TXA_DOCUMENT, txa, document);
  if (scope.trigger === 'T11') document.set('status', 'entered-in-error');
  if (!document.has('date')) {
    const activity = txa.get(4)?.trim();
    scope.place(txa, 4);
    if (activity) document.set('date', scope.time(activity, 'instant'));
  }
  if (encounter !== undefined) document.snapshot('context.encounter[PV1]', [encounter.reference]);
  const parent = numberOf(txa, 13, scope);
  const relation = RELATION[scope.trigger];
  if (parent !== undefined) {
    const target = `DocumentReference/${scope.idOf(documentKey(scope.owner, parent))}`;
    document.snapshot('relatesTo[TXA-13]', [{ code: relation ?? 'appends', target: { reference: target } }]);
    if (relation === 'replaces') supersede(parent, document, patient, scope);
  }
  const order = numberOf(txa, 14, scope);
  if (order !== undefined) {
    document.snapshot('context.related[TXA-14]', [
      { reference: `ServiceRequest/${scope.idOf(serviceRequestKey(scope.owner, order))}` },
    ]);
  }
  stateContent(document, txa, scope);
  raise(document, txa, 18, scope);
}

/** The document that is replaced stays readable and is no longer current: its availability is obsolete. Rule: HL7 v2.5.1 §9.5.9. */
function supersede(number: IdentifierKey, by: Draft, patient: Draft, scope: Scope): void {
  const replaced = scope.draft(documentKey(scope.owner, number), patient.id);
  if (replaced.id === by.id) return;
  replaced.set('masterIdentifier', { system: number.system, value: number.value });
  replaced.set('subject', patient.reference);
  replaced.set('status', 'superseded');
  replaced.default('content', [{ attachment: { title: NOT_SENT } }]);
}

/** The text of all text OBX as one attachment; each encapsulated one as its own; a document without content has its file's name. */
function stateContent(document: Draft, txa: Segment, scope: Scope): void {
  const segments = scope.message.segments('OBX');
  const text = contentText(segments);
  const attachments: Json[] = [];
  const title = txa.get(16)?.trim() || segments.map((obx) => obx.get(3, 1, 2)?.trim()).find((text) => !!text);
  if (text !== '') {
    attachments.push({
      contentType: 'text/plain',
      data: Buffer.from(text, 'utf8').toString('base64'),
      ...(title && { title }),
    });
  }
  for (const obx of segments) {
    const type = obx.get(2)?.trim().toUpperCase();
    if (type === 'ED') {
      for (const repetition of obx.repetitions(5)) {
        scope.place(obx, 5);
        const found = encapsulated(new Node(repetition));
        if (found !== undefined) attachments.push(found);
      }
    } else if (type === 'RP') {
      const pointer = obx.get(5)?.trim();
      if (pointer)
        attachments.push({
          url: /^[a-z][a-z0-9+.-]*:/i.test(pointer) ? pointer : `urn:handoff:pointer:${encodeURIComponent(pointer)}`,
        });
    }
  }
  if (attachments.length > 0) {
    document.snapshot(
      'content[OBX]',
      attachments.map((attachment) => ({ attachment })),
    );
  } else document.default('content', [{ attachment: { title: title ?? NOT_SENT } }]);
}
