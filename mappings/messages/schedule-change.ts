import type { Segment } from '../../src/hl7/tree.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import { SESSION_IDENTIFIER } from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import { known } from '../datatypes/coded.ts';
import { appointmentKey } from '../keys.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import {
  AIG_APPOINTMENT,
  AIL_APPOINTMENT,
  AIP_APPOINTMENT,
  AIS_APPOINTMENT,
  RGS_GROUP,
  SCH_CHANGED,
  TQ1_APPOINTMENT,
} from '../segments/scheduling.ts';
import { APPOINTMENT_TYPE, FILLER_STATUS } from '../tables/scheduling.ts';
import { statePatient } from './patient.ts';
import { changedResources, stateResources } from './schedule-resource.ts';
import { patientGroups, scheduled } from './schedule-session.ts';
import { shownTime, windowOf } from './schedule-time.ts';
import { stateVisit } from './visit.ts';

/**
 * S18 to S22: services and resources added to, changed on or taken off an appointment, and nothing else of it. Its status and times are
 * those of its bookings and cancellations, before or after; what SCH says of them holds only while none of those is known.
 * Rule: HL7 v2.5.1 §10.4.7–11, DOMAIN §C1 SIU.
 */
export const SIU_CHANGE: MessageMap = {
  name: 'SIU resources',
  events: ['S18', 'S19', 'S20', 'S21', 'S22'].map((trigger) => `SIU^${trigger}`),
  maps: [
    MSH,
    SFT,
    SCH_CHANGED,
    TQ1_APPOINTMENT,
    PID_PATIENT,
    PD1_PATIENT,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    RGS_GROUP,
    AIS_APPOINTMENT,
    AIG_APPOINTMENT,
    AIL_APPOINTMENT,
    AIP_APPOINTMENT,
  ],
  run(scope) {
    const { sch, session, group } = scheduled(scope);
    const changes = changedResources(scope);
    if (changes.size === 0) throw new Refusal('map.required-missing', 'no service or resource that changes', 'RGS[1]');
    const members: { type: string; id: string }[] = [];
    for (const { pid, pd1, pv1, pv2 } of patientGroups(scope.message.segments())) {
      const patient = statePatient(pid, pd1, scope);
      if (patient === undefined) {
        scope.place(pid, 3);
        scope.park(`PATIENT[${pid.occurrence}]`, 'map.patient-unidentified', 'no identifier with an assigner');
        continue;
      }
      stateVisit(pv1, pv2, patient, scope);
      const appointment = scope.draft(appointmentKey(scope.owner, session, patient.id), patient.id);
      scope.apply(SCH_CHANGED, sch, appointment);
      appointment.snapshot('identifier[session]', [{ system: SESSION_IDENTIFIER, value: group }]);
      appointment.snapshot('participant[PID]', [
        { actor: patient.reference, required: 'required', status: 'accepted' },
      ]);
      stateResources(changes, appointment);
      presume(appointment, sch, scope);
      members.push({ type: 'Appointment', id: appointment.id });
    }
    if (members.length === 0) {
      throw new Refusal('map.patient-missing', 'no identified patient whose appointment it is', 'PID[1]');
    }
    scope.groups.push({ group, members, onRemoved: [], complete: false });
  },
};

/** Statuses an appointment can have whose resources still change. Another word of SCH-25 may be about the resource. */
const STANDING = new Set(['booked', 'pending', 'waitlist', 'arrived', 'checked-in']);

/** What is taken for granted while no booking of the appointment is known. */
function presume(appointment: Draft, sch: Segment, scope: Scope): void {
  const { start, end, minutes } = windowOf(sch, scope, 'session');
  const stated = sch.get(25)?.trim();
  const status = stated ? lookUp(FILLER_STATUS, stated, scope.partner)?.code : undefined;
  if (start === undefined || end === undefined || status === undefined || !STANDING.has(status)) return;
  appointment.default('status', status);
  appointment.default('start', shownTime(start));
  appointment.default('end', shownTime(end));
  if (minutes !== undefined) appointment.default('minutesDuration', minutes);
  const kind = sch.field(8).repetition(1);
  scope.place(sch, 8);
  const type = kind.hasContent ? known(APPOINTMENT_TYPE).read(new Node(kind), scope) : undefined;
  if (type !== undefined) appointment.default('appointmentType', type as Json);
}
