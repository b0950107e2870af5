import type { Segment } from '../../src/hl7/tree.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { ElementAssertion } from '../../src/model/assertion.ts';
import { SESSION_IDENTIFIER } from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { practitionerOf } from '../datatypes/directory.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { annotationOf, textsOf } from '../datatypes/note.ts';
import { appointmentKey, serviceRequestKey } from '../keys.ts';
import { DG1_CONDITION } from '../segments/diagnosis.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import { OBX_OBSERVATION } from '../segments/observation.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import {
  AIG_APPOINTMENT,
  AIL_APPOINTMENT,
  AIP_APPOINTMENT,
  AIS_APPOINTMENT,
  NTE_APPOINTMENT,
  RGS_GROUP,
  SCH_APPOINTMENT,
  TQ1_APPOINTMENT,
} from '../segments/scheduling.ts';
import { FILLER_STATUS, TRIGGER_STATUS } from '../tables/scheduling.ts';
import { stateDiagnoses } from './clinical.ts';
import { stateLooseObservations } from './observation.ts';
import { statePatient } from './patient.ts';

import { type ScheduledResources, stateResources, wholeResources } from './schedule-resource.ts';
import { patientGroups, scheduled } from './schedule-session.ts';
import { type TimeWindow, windowOf } from './schedule-time.ts';
import { stateVisit } from './visit.ts';

const EVENTS = ['S12', 'S13', 'S14', 'S15', 'S16', 'S17', 'S26'];

/**
 * One Appointment per patient of the session; what the message says about the session goes to each of them, and nothing of one
 * patient to another. The patients together are a snapshot: who is no longer in it has lost the appointment.
 * A patient that cannot be identified is parked, and then nobody is taken for removed. Rule: DOMAIN §B3, §C1 SIU, H5.
 */
export const SIU: MessageMap = {
  name: 'SIU',
  events: EVENTS.map((trigger) => `SIU^${trigger}`),
  maps: [
    MSH,
    SFT,
    SCH_APPOINTMENT,
    TQ1_APPOINTMENT,
    NTE_APPOINTMENT,
    PID_PATIENT,
    PD1_PATIENT,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    OBX_OBSERVATION,
    DG1_CONDITION,
    RGS_GROUP,
    AIS_APPOINTMENT,
    AIG_APPOINTMENT,
    AIL_APPOINTMENT,
    AIP_APPOINTMENT,
  ],
  run(scope) {
    const { sch, session, group } = scheduled(scope);
    const shared = sharedOf(sch, group, scope);
    if (BOOKS.has(scope.trigger) && shared.window.start === undefined && !TIMELESS.has(shared.status)) {
      throw new Refusal('map.required-missing', 'a booking without a start and an end or duration', 'SCH[1]-11');
    }
    const members: { type: string; id: string }[] = [];
    const groups = patientGroups(scope.message.segments());
    let complete = true;
    for (const patientGroup of groups) {
      const patient = statePatient(patientGroup.pid, patientGroup.pd1, scope);
      if (patient === undefined) {
        complete = false;
        scope.place(patientGroup.pid, 3);
        scope.park(
          `PATIENT[${patientGroup.pid.occurrence}]`,
          'map.patient-unidentified',
          'this member has no identifier with an assigner',
        );
        continue;
      }
      const encounter = stateVisit(patientGroup.pv1, patientGroup.pv2, patient, scope);
      const conditions = stateDiagnoses(patientGroup.dg1, patient, encounter, scope);
      stateLooseObservations(patientGroup.obx, patient, encounter, scope);
      const appointment = scope.draft(appointmentKey(scope.owner, session, patient.id), patient.id);
      stateAppointment(appointment, patient, shared, scope);
      if (conditions.length > 0)
        appointment.snapshot(
          'reasonReference[DG1]',
          conditions.map((each) => each.reference),
        );
      members.push({ type: 'Appointment', id: appointment.id });
    }
    if (groups.length === 0 && !ENDS_ALL.has(scope.trigger)) {
      throw new Refusal('map.patient-missing', 'no patient, and the event does not end the whole session', 'PID[1]');
    }
    if (members.length === 0 && !complete) {
      throw new Refusal('map.patient-unidentified', 'no member of the session could be identified', 'PID[1]-3');
    }
    // Only a booking states who is in the session; a no-show or a cancellation that names patients is about those alone.
    const isWhole = complete && (STATES_ALL.has(scope.trigger) || groups.length === 0);
    scope.groups.push({ group, members, onRemoved: removed(scope.trigger), complete: isWhole });
  },
};

/** Events that may leave the patients out: they end the session for everybody in it. */
const ENDS_ALL = new Set(['S15', 'S16', 'S17']);

const BOOKS = new Set(['S12', 'S13']);
/** Rule: FHIR R4 app-3. */
const TIMELESS = new Set<string | undefined>(['proposed', 'cancelled', 'waitlist']);
const STATES_ALL = new Set(['S12', 'S13', 'S14']);

function removed(trigger: string): ElementAssertion[] {
  return [{ element: 'status', op: 'set', value: trigger === 'S17' ? 'entered-in-error' : 'cancelled' }];
}

/** What the message says about the session as a whole. */
interface Shared {
  readonly sch: Segment;
  readonly group: string;
  readonly status: string | undefined;
  readonly window: TimeWindow;
  readonly resources: ScheduledResources;
  readonly comments: readonly string[];
  readonly notes: readonly Json[];
  readonly basedOn: Json | undefined;
}

function sharedOf(sch: Segment, group: string, scope: Scope): Shared {
  const { message } = scope;
  const firstPatient = message.segment('PID')?.index ?? Number.POSITIVE_INFINITY;
  const firstResource = message.segment('RGS')?.index ?? Number.POSITIVE_INFINITY;
  return {
    sch,
    group,
    status: statusOf(sch, scope),
    window: windowOf(sch, scope),
    resources: wholeResources(scope),
    // A remark after a PID belongs to that patient's group; one after RGS to a resource.
    notes: message
      .segments('NTE')
      .filter((nte) => nte.index < Math.min(firstPatient, firstResource))
      .flatMap((nte) => annotationOf(nte, scope) ?? []),
    comments: message
      .segments('NTE')
      .filter((nte) => nte.index < Math.min(firstPatient, firstResource))
      .flatMap(textsOf),
    basedOn: orderOf(sch, scope),
  };
}

function statusOf(sch: Segment, scope: Scope): string | undefined {
  const decided = TRIGGER_STATUS[scope.trigger];
  if (decided !== undefined) return decided;
  const stated = sch.get(25)?.trim();
  if (stated) {
    scope.place(sch, 25);
    const mapped = lookUp(FILLER_STATUS, stated, scope.partner)?.code;
    if (mapped !== undefined) return mapped;
    scope.issue('map.code-unmapped', 'no FHIR code for this value of table 0278');
  }
  return scope.trigger === 'S12' || scope.trigger === 'S13' ? 'booked' : undefined;
}

function orderOf(sch: Segment, scope: Scope): Json | undefined {
  for (const field of [26, 27]) {
    const element = sch.field(field).repetition(1);
    if (!element.hasContent || element.isDelete) continue;
    scope.place(sch, field);
    const key = eiKey(new Node(element), scope);
    if (key !== undefined) return { reference: `ServiceRequest/${scope.idOf(serviceRequestKey(scope.owner, key))}` };
  }
  return undefined;
}

function stateAppointment(appointment: Draft, patient: Draft, shared: Shared, scope: Scope): void {
  scope.apply(SCH_APPOINTMENT, shared.sch, appointment);
  appointment.snapshot('identifier[session]', [{ system: SESSION_IDENTIFIER, value: shared.group }]);
  if (shared.status !== undefined) {
    appointment.set('status', shared.status);
    if (shared.status !== 'cancelled' && shared.status !== 'noshow') appointment.delete('cancelationReason');
  }
  overbooked(shared.sch, appointment);
  const { start, end, minutes } = shared.window;
  if (start !== undefined && end !== undefined) {
    appointment.set('start', start);
    appointment.set('end', end);
  }
  if (minutes !== undefined) appointment.set('minutesDuration', minutes);
  appointment.snapshot('participant[PID]', [
    { actor: patient.reference, required: 'required', status: shared.status === 'cancelled' ? 'declined' : 'accepted' },
  ]);
  stateResources(shared.resources, appointment);
  if (shared.comments.length > 0) appointment.set('comment', shared.comments.join('\n'));
  if (shared.notes.length > 0) {
    appointment.snapshot(
      'extension[NTE]',
      shared.notes.map((valueAnnotation) => ({ url: NOTE, valueAnnotation })),
    );
  }
  contacts(shared.sch, appointment, scope);
  if (shared.basedOn !== undefined) appointment.snapshot('basedOn[SCH]', [shared.basedOn]);
}

/** An overbooked appointment is booked, and says that it stands on top of another. Rule: DOMAIN §C1, table 0278; R01. */
function overbooked(sch: Segment, appointment: Draft): void {
  const status = sch.get(25)?.trim();
  if (!status) return;
  const isOver = status.toLowerCase() === 'overbook';
  appointment.snapshot('extension[SCH-25]', isOver ? [{ url: OVERBOOKED, valueBoolean: true }] : []);
}

const OVERBOOKED = hubExtension('overbooked');

const NOTE = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.note';

/** SCH-12 and -16: whom to ask on either side. They are told, they do not attend. SCH-4 is the placer's group number. */
function contacts(sch: Segment, appointment: Draft, scope: Scope): void {
  for (const [field, text] of [
    [12, 'Placer contact'],
    [16, 'Filler contact'],
  ] as const) {
    const people = sch.repetitions(field).flatMap((repetition): Json[] => {
      scope.place(sch, field);
      const actor = practitionerOf(new Node(repetition), scope);
      return actor === undefined
        ? []
        : [{ type: [{ text }], actor: actor as Json, required: 'information-only', status: 'accepted' }];
    });
    if (people.length > 0) appointment.snapshot(`participant[SCH-${field}]`, people);
  }
  const group = sch.field(4).repetition(1);
  if (!group.hasContent || group.isDelete) return;
  scope.place(sch, 4);
  const key = eiKey(new Node(group), scope);
  if (key !== undefined)
    appointment.snapshot('identifier[SCH-4]', [
      { type: { text: 'Placer group' }, system: key.system, value: key.value },
    ]);
}
