import type { Message, Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import {
  CLASS_OF_REASON,
  COMMUNICATION_KIND,
  concept,
  isCode,
  REQUESTED_ACTION,
  SAFETY_CLASS,
  SAFETY_REASON,
  type SafetyClass,
  type SafetyReason,
} from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import type { Partner } from '../../src/model/partner.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { practitionerOf } from '../datatypes/directory.ts';
import { communicationKey, type IdentifierKey } from '../keys.ts';
import { raise } from './confidentiality.ts';
import { contentText, numberOf } from './document-text.ts';
import { nodeOf } from './dosage.ts';

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/communication-category';
const PRIORITY: Readonly<Record<SafetyClass, string>> = { E0: 'stat', E1: 'asap', E2: 'urgent', E3: 'routine' };

/**
 * The partner's list decides by TXA-2; a listed reason in an OBX makes any document a note, so that a wrong type cannot file one as
 * routine, and so does a type that is not there. The lane of a message is decided by the same words. Rule: DOMAIN §D5, H14.
 */
export function isSafetyNote(message: Message, safety: Partner['safety']): boolean {
  const { documentTypes, reasons } = safety;
  if (documentTypes.length === 0 && Object.keys(reasons).length === 0) return false;
  const type = message.segment('TXA')?.get(2)?.trim() ?? '';
  return type === '' || documentTypes.some((each) => isSame(each, type)) || hasSafetyReason(message, safety);
}

export const hasSafetyReason = (message: Message, safety: Partner['safety']): boolean =>
  message.segments('OBX').some((obx) => reasonAt(obx, safety) !== undefined);

/** Blanks and case make no other code of a partner's word: what is overlooked here is filed as routine. */
export const isSame = (listed: string, value: string): boolean =>
  listed.trim().toUpperCase() === value.trim().toUpperCase();

export function reasonAt(obx: Segment, { reasons }: Partner['safety']): SafetyReason | undefined {
  for (const part of [1, 4]) {
    const value = obx.get(3, 1, part);
    if (value === undefined) continue;
    const mapped = Object.entries(reasons).find(([listed]) => isSame(listed, value))?.[1];
    if (isCode(SAFETY_REASON, mapped)) return mapped;
  }
  return undefined;
}

/** The most urgent listed reason of a message with content. None listed, on a safety feed: unspecified and E1, with an issue, never a routine document. */
function reasonOf(scope: Scope): { reason: SafetyReason; safetyClass: SafetyClass } {
  const found = scope.message
    .segments('OBX')
    .map((obx) => reasonAt(obx, scope.partner.safety))
    .filter((reason) => reason !== undefined)
    .map((reason) => ({ reason, safetyClass: CLASS_OF_REASON[reason] }))
    .sort((a, b) => a.safetyClass.localeCompare(b.safetyClass));
  const [most] = found;
  if (most !== undefined) return most;
  scope.place(scope.message.segment('OBX')!, 3);
  scope.issue(
    'map.safety-reason-unlisted',
    'the reason of a safety note is not in the partner list: taken as urgent (E1)',
    'error',
  );
  return { reason: 'unspecified', safetyClass: 'E1' };
}

/** TXA + OBX → Communication. One note, whatever becomes of its delivery; a reply (TXA-13) answers the note it names. Rule: DOMAIN §B6. */
export function stateSafetyNote(
  txa: Segment,
  number: IdentifierKey,
  document: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const note = scope.draft(communicationKey(scope.owner, number), patient.id);
  note.snapshot('identifier[TXA-12]', [{ system: number.system, value: number.value }]);
  note.set('status', scope.trigger === 'T11' ? 'entered-in-error' : 'completed');
  stateKind(note);
  if (scope.message.segments('OBX').length > 0) stateWords(note, document, scope);
  else keepWords(txa, note, document, scope);
  stateContext(note, patient, encounter, scope.message.segments('OBX'), txa, scope);
  author(txa, note, scope);
  const parent = numberOf(txa, 13, scope);
  if (parent !== undefined) {
    const owner = scope.issuer(parent.system);
    note.snapshot('inResponseTo[TXA-13]', [
      { reference: `Communication/${scope.idOf(communicationKey(owner, parent))}` },
    ]);
  }
  raise(note, txa, 18, scope);
}

function stateKind(note: Draft): void {
  note.snapshot('category[kind]', [
    { coding: [{ system: CATEGORY, code: 'alert' }] },
    concept(COMMUNICATION_KIND, 'safety-note') as unknown as Json,
  ]);
}

/** Of whom it is, when it was observed and sent, and the organization that answers for it. */
function stateContext(
  note: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  observations: readonly Segment[],
  txa: Segment | undefined,
  scope: Scope,
): void {
  note.set('subject', patient.reference);
  if (encounter !== undefined) note.set('encounter', encounter.reference);
  observed(note, observations, scope);
  sent(txa, note, scope);
  note.set('sender', { reference: `Organization/${scope.owner}` });
}

/** A note that is one result: everything but its status and its words. */
export function stateResultNote(
  note: Draft,
  obx: Segment,
  reason: SafetyReason,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  stateKind(note);
  stateReason(note, reason, CLASS_OF_REASON[reason], obx, scope);
  stateContext(note, patient, encounter, [obx], undefined, scope);
}

function stateReason(
  note: Draft,
  reason: SafetyReason,
  safetyClass: SafetyClass,
  obx: Segment | undefined,
  scope: Scope,
): void {
  note.set('priority', PRIORITY[safetyClass]);
  note.snapshot('reasonCode[OBX-3]', [reasonConcept(reason, obx, scope)]);
  note.snapshot('extension[class]', [
    { url: hubExtension('safety-class'), valueCodeableConcept: concept(SAFETY_CLASS, safetyClass) as unknown as Json },
  ]);
}

/** What the note says, how urgent it is and what it asks for, as its OBX have it. */
function stateWords(note: Draft, document: Draft, scope: Scope): void {
  const { reason, safetyClass } = reasonOf(scope);
  const stating = scope.message.segments('OBX').find((obx) => reasonAt(obx, scope.partner.safety) === reason);
  stateReason(note, reason, safetyClass, stating, scope);
  const action = requestedAction(scope);
  if (action !== undefined) {
    note.snapshot('extension[action]', [{ url: hubExtension('requested-action'), valueCodeableConcept: action }]);
  }
  const text = contentText(scope.message.segments('OBX'));
  if (text !== '') note.snapshot('payload[OBX]', [{ contentString: text }, { contentReference: document.reference }]);
  else note.snapshot('payload[OBX]', [{ contentReference: document.reference }]);
}

/**
 * A notification without content (T03 above all: the note was signed) says nothing of reason, urgency and text. What an earlier message
 * said of them stands; where none did, the note is urgent (E1, the class of an unspecified reason). Rule: HL7 v2.5.1 §9.5; H14.
 */
function keepWords(txa: Segment, note: Draft, document: Draft, scope: Scope): void {
  note.default('priority', PRIORITY[CLASS_OF_REASON.unspecified]);
  note.default('reasonCode', [concept(SAFETY_REASON, 'unspecified') as unknown as Json]);
  note.default('payload', [{ contentReference: document.reference }]);
  scope.place(txa, 12);
  scope.issue(
    'map.safety-reason-unlisted',
    'a safety note without content: urgent (E1) unless another message gives its reason',
    'error',
  );
}

/** The hub's reason with the sender's own code beside it. */
function reasonConcept(reason: SafetyReason, obx: Segment | undefined, scope: Scope): Json {
  const hub = concept(SAFETY_REASON, reason).coding;
  const node = nodeOf(obx, 3, scope);
  const stated = node === undefined ? undefined : conceptOf(node, scope);
  return { coding: [...hub, ...(stated?.coding ?? [])] } as unknown as Json;
}

/** What the sender asks for: an OBX whose code is one of the hub's requested actions. */
function requestedAction(scope: Scope): Json | undefined {
  for (const obx of scope.message.segments('OBX')) {
    for (const value of [obx.get(3)?.trim(), obx.get(5)?.trim()]) {
      if (isCode(REQUESTED_ACTION, value)) return concept(REQUESTED_ACTION, value) as unknown as Json;
    }
  }
  return undefined;
}

/** When it was seen and by whom, as the first OBX that says so has it. Rule: R20. */
function observed(note: Draft, segments: readonly Segment[], scope: Scope): void {
  for (const obx of segments) {
    const at = obx.get(14)?.trim();
    scope.place(obx, 14);
    const time = at ? scope.time(at, 'dateTime') : undefined;
    const who = nodeOf(obx, 16, scope);
    const person = who === undefined ? undefined : practitionerOf(who, scope);
    if (time === undefined && person === undefined) continue;
    const inner: Json[] = [];
    if (time !== undefined) inner.push({ url: 'at', valueDateTime: time instanceof Annotated ? time.value : time });
    if (person !== undefined) inner.push({ url: 'by', valueReference: person as Json });
    note.snapshot('extension[observed]', [{ url: hubExtension('observed'), extension: inner }]);
    return;
  }
}

function sent(txa: Segment | undefined, note: Draft, scope: Scope): void {
  const { header } = scope.message;
  for (const [segment, field, text] of [
    [txa, 6, txa?.get(6)],
    [txa, 4, txa?.get(4)],
    [scope.message.segment('MSH'), 7, header.dateTime],
  ] as const) {
    if (segment === undefined || !text?.trim()) continue;
    scope.place(segment, field);
    const time = scope.time(text.trim(), 'dateTime');
    if (time === undefined) continue;
    note.set('sent', time);
    return;
  }
}

/** The author as a person where TXA names one, beside the organization that answers for the note. */
function author(txa: Segment, note: Draft, scope: Scope): void {
  for (const field of [9, 5]) {
    const element = txa.field(field).repetition(1);
    if (!element.hasContent) continue;
    scope.place(txa, field);
    const person = practitionerOf(new Node(element), scope);
    if (person === undefined) continue;
    note.snapshot('extension[author]', [{ url: hubExtension('author'), valueReference: person as Json }]);
    return;
  }
}
