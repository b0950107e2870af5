import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { coding as hubCoding, LEVEL_OF_CARE } from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import { CONFIDENTIALITY_SYSTEM } from '../../src/model/labels.ts';
import { cxIdentifier, cxKey, identifierType } from '../datatypes/identifier.ts';
import { encounterKey, episodeKey, type IdentifierKey, numberedEpisodeKey, unnumberedEncounterKey } from '../keys.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { EVENT_STATUS } from '../tables/encounter.ts';

/** The visit's natural key: PV1-19, else (older senders) PID-18, else the patient and the admission time. */
function keyOf(pv1: Segment, patient: Draft, scope: Scope) {
  const visit = identifierAt(pv1, 19, scope);
  if (visit !== undefined) return encounterKey(scope.owner, visit);
  const pid = scope.message.segment('PID');
  const account = pid === undefined ? undefined : identifierAt(pid, 18, scope);
  if (account !== undefined) return encounterKey(scope.owner, { ...account, value: `account:${account.value}` });
  const admitted = pv1.get(44)?.trim();
  if (admitted !== undefined && admitted !== '') return unnumberedEncounterKey(scope.owner, patient.id, admitted);
  // A visit segment that only gives context (scheduling, orders) makes no visit of its own.
  if (scope.context.unidentified === 'message' && scope.type === 'ADT') {
    return unnumberedEncounterKey(scope.owner, patient.id, `message:${scope.context.bodyHash}#${pv1.occurrence}`);
  }
  return undefined;
}

function identifierAt(segment: Segment, field: number, scope: Scope): IdentifierKey | undefined {
  const element = segment.field(field).repetition(1);
  if (!element.hasContent || element.isDelete) return undefined;
  scope.place(segment, field);
  const node = new Node(element);
  const found = cxKey(node, scope);
  if (found !== undefined) return { system: found.system, value: found.value };
  const value = node.text;
  // A number without assigner is the sender's own, of that field.
  return value === undefined
    ? undefined
    : { system: `urn:handoff:authority:${scope.partner.id}:${segment.name}-${field}`, value };
}

/**
 * States the Encounter of a PV1. Undefined when nothing keys the visit (an issue).
 * The class decides nothing about care: R is AMB with an EpisodeOfCare. Status comes from the trigger, else from PV1-45, else it is
 * not stated: an A08 keeps what is there. Rule: DOMAIN §C1 ADT, §E2.
 */
export function stateVisit(
  pv1: Segment | undefined,
  pv2: Segment | undefined,
  patient: Draft,
  scope: Scope,
  status = statusOf(pv1, scope),
): Draft | undefined {
  if (pv1 === undefined) return undefined;
  const key = keyOf(pv1, patient, scope);
  if (key === undefined) {
    if (pv1.get(2) !== 'N') {
      scope.place(pv1, 19);
      const severity = scope.type === 'ADT' ? 'warning' : 'information';
      scope.issue(
        'map.key-missing',
        'no visit number, account number or admission time: the visit is not carried',
        severity,
      );
    }
    return undefined;
  }
  const encounter = scope.draft(key, patient.id);
  encounter.set('subject', patient.reference);
  scope.apply(PV1_ENCOUNTER, pv1, encounter);
  scope.apply(PV2_ENCOUNTER, pv2, encounter);
  visitNumber(pv1, encounter, scope);
  if (pv2?.get(22)?.trim() === 'Y') encounter.label([{ system: CONFIDENTIALITY_SYSTEM, code: 'R' }]);
  destination(pv1, encounter, scope);
  const stated = status ?? (encounter.value('period.end') === undefined ? undefined : 'finished');
  if (stated !== undefined) encounter.set('status', stated);
  else encounter.default('status', 'unknown');
  if (encounter.value('class') === undefined)
    encounter.default('class', { system: NULL_FLAVOR, code: 'UNK', display: 'unknown' });
  undo(encounter, scope);
  stateEpisode(pv1, encounter, patient, scope);
  return encounter;
}

const NULL_FLAVOR = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';

function statusOf(pv1: Segment | undefined, scope: Scope): string | undefined {
  if (scope.type !== 'ADT') return undefined;
  // An inpatient reaches a place within a stay that has begun: to be arrived would put the stay back.
  if (scope.trigger === 'A10' && pv1?.get(2)?.trim() === 'I') return 'in-progress';
  if (scope.trigger === 'A04') return scope.partner.registrationMeansArrival ? 'arrived' : 'planned';
  return EVENT_STATUS[scope.trigger];
}

const TRACKED = new Set(['A10', 'A32', 'A33']);

/** What a cancel takes back besides the status. The resource stays: undone, not appended. Rule: DOMAIN §C1 ADT. */
function undo(encounter: Draft, scope: Scope): void {
  if (scope.type !== 'ADT') return;
  // A25: the discharge that A16 announced; A13: the one that A03 said had been.
  if (scope.trigger === 'A13' || scope.trigger === 'A25') {
    encounter.delete('period.end');
    encounter.delete('hospitalization.dischargeDisposition');
    encounter.delete('hospitalization.destination');
  }
  // A26: the move that A15 announced. What was announced is gone, and not only where this message leaves it out.
  if (scope.trigger === 'A26') {
    encounter.delete('location[PV1-42]');
    encounter.delete('location[PV2-1]');
  }
  // A10, A32, A33: who arrived, or never left, is where PV1-3 (or PV1-11) says; a temporary location said before is left.
  if (TRACKED.has(scope.trigger) && !encounter.has('location[PV1-11]')) encounter.delete('location[PV1-11]');
  // A12: PV1-3 is where the patient is again; the location left behind is no longer stated.
  if (scope.trigger === 'A12' && !encounter.has('location[PV1-6]')) encounter.delete('location[PV1-6]');
}

function visitNumber(pv1: Segment, encounter: Draft, scope: Scope): void {
  const element = pv1.field(19).repetition(1);
  if (!element.hasContent || element.isDelete) return;
  scope.place(pv1, 19);
  const identifier = cxIdentifier(new Node(element), scope);
  if (identifier === undefined) return;
  encounter.snapshot('identifier[PV1-19]', [{ ...identifier, type: identifierType('VN') } as unknown as Json]);
}

/** PV1-37 (DLD): where the patient went, as a place by name. */
function destination(pv1: Segment, encounter: Draft, scope: Scope): void {
  const element = pv1.field(37).repetition(1);
  if (!element.hasContent || element.isDelete) return;
  const place = new Node(element);
  const display = place.get(1);
  scope.place(pv1, 37);
  if (display !== undefined) encounter.set('hospitalization.destination', { display });
}

const EPISODE_PROGRAMS = new Set(['php', 'iop', 'dosing']);

const EPISODE_STATUS: Readonly<Record<string, string>> = {
  'in-progress': 'active',
  arrived: 'active',
  planned: 'planned',
  finished: 'finished',
  cancelled: 'cancelled',
  onleave: 'onhold',
};

/**
 * A recurring visit (PV1-2 = R) at a PHP, IOP or dosing program runs under an EpisodeOfCare; so does one with an episode number
 * (PV1-54). Rule: DOMAIN §B1, R25.
 */
function stateEpisode(pv1: Segment, encounter: Draft, patient: Draft, scope: Scope): void {
  const numbered = identifierAt(pv1, 54, scope);
  const program = scope.program;
  const isRecurring = pv1.get(2) === 'R' && program !== undefined && EPISODE_PROGRAMS.has(program.levelOfCare);
  // A dosing clinic registers each session as a visit of its own; the series they belong to outlives them. Rule: R25.
  const isSeries = !isRecurring && program?.levelOfCare === 'dosing' && scope.type === 'ADT' && scope.trigger === 'A04';
  if (numbered === undefined && !isRecurring && !isSeries) return;
  const key =
    numbered === undefined
      ? episodeKey(scope.owner, isSeries ? patient.id : encounter.id, program!.id)
      : numberedEpisodeKey(scope.owner, numbered);
  const episode = scope.draft(key, patient.id);
  episode.set('patient', patient.reference);
  episode.set('managingOrganization', { reference: `Organization/${scope.owner}` });
  if (numbered !== undefined)
    episode.snapshot('identifier[PV1-54]', [{ system: numbered.system, value: numbered.value }]);
  if (program !== undefined) {
    const level = hubCoding(LEVEL_OF_CARE, program.levelOfCare);
    episode.snapshot('type[program]', [{ coding: [level], text: program.name }]);
  }
  encounter.snapshot('episodeOfCare[PV1]', [episode.reference]);
  if (isSeries && numbered === undefined) {
    episode.set('status', 'active');
    return;
  }
  const status = encounter.value('status');
  if (typeof status === 'string') episode.set('status', EPISODE_STATUS[status] ?? 'active');
  else episode.default('status', 'active');
  for (const element of ['period.start', 'period.end']) {
    const value = encounter.value(element);
    if (value !== undefined) episode.set(element, value);
  }
  if (scope.type === 'ADT' && (scope.trigger === 'A13' || scope.trigger === 'A25')) episode.delete('period.end');
  const description = pv1.get(53);
  if (description !== undefined) {
    episode.snapshot('extension[PV1-53]', [
      { url: 'http://hl7.org/fhir/StructureDefinition/resource-instance-description', valueMarkdown: description },
    ]);
  }
}

/** The visit other segments of a message hang on, without stating anything new about it beyond PV1. */
export function contextVisit(patient: Draft, scope: Scope): Draft | undefined {
  return stateVisit(scope.message.segment('PV1'), scope.message.segment('PV2'), patient, scope);
}
