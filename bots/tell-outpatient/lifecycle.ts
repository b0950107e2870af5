import type {
  Appointment,
  Communication,
  MedicationAdministration,
  MedicationRequest,
  Reference,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { jsonHash } from '../../src/fhir/canonical.ts';
import {
  APPOINTMENT_KIND,
  COMMUNICATION_KIND,
  codeIn,
  concept,
  LIFECYCLE,
  type Lifecycle,
} from '../../src/model/codes.ts';
import { isReferralTask } from '../../src/rules/referral.ts';

/** One thing that happened to a dosing series, and the key under which it is told once. */
export interface Happening {
  readonly event: Lifecycle;
  readonly act: string;
  readonly subject: string;
  /** Fingerprint of dose and timing; a later order that differs is a change and not a new order. */
  readonly dose?: string;
}

/** Acts of an order that was told before: the router's key must not depend on how often the order was looked at. */
export const orderedAct = (order: MedicationRequest): string => `lifecycle/ordered/${order.id}`;

/**
 * What a changed resource means to the outpatient provider; undefined: nothing. `isSeries`: the resource belongs to a dosing clinic.
 * Rule: R10 (accept, schedule, first dose, order or dose change, pause, stop; once each).
 */
export function happeningOf(resource: Resource): Happening | undefined {
  switch (resource.resourceType) {
    case 'Task':
      return ofReferral(resource);
    case 'Appointment':
      return ofAppointment(resource);
    case 'MedicationRequest':
      return ofOrder(resource);
    case 'MedicationAdministration':
      return ofDose(resource);
    default:
      return undefined;
  }
}

function ofReferral(task: Task): Happening | undefined {
  const subject = task.for?.reference;
  if (!isReferralTask(task) || subject === undefined) return undefined;
  if (task.status === 'accepted' || task.status === 'in-progress') {
    return { event: 'accepted', act: `lifecycle/accepted/${task.id}`, subject };
  }
  return task.status === 'rejected' ? { event: 'declined', act: `lifecycle/declined/${task.id}`, subject } : undefined;
}

/** The first booked dose of the clinic's patient: moving it or booking the next is not told again. */
function ofAppointment(appointment: Appointment): Happening | undefined {
  const subject = appointment.participant
    .map((each) => each.actor?.reference)
    .find((each) => each?.startsWith('Patient/'));
  if (codeIn(APPOINTMENT_KIND, appointment.appointmentType) !== 'dose' || subject === undefined) return undefined;
  return appointment.status === 'booked'
    ? { event: 'scheduled', act: `lifecycle/scheduled/${subject}`, subject }
    : undefined;
}

function ofOrder(order: MedicationRequest): Happening | undefined {
  const subject = order.subject?.reference;
  if (subject === undefined) return undefined;
  switch (order.status) {
    case 'active':
      return { event: 'ordered', act: orderedAct(order), subject, dose: doseOf(order) };
    case 'on-hold':
      return { event: 'paused', act: `lifecycle/paused/${order.id}/${doseOf(order)}`, subject, dose: doseOf(order) };
    case 'stopped':
    case 'cancelled':
      return { event: 'stopped', act: `lifecycle/stopped/${order.id}`, subject };
    default:
      return undefined;
  }
}

const doseOf = (order: MedicationRequest): string => jsonHash(order.dosageInstruction ?? []).slice(0, 16);

function ofDose(dose: MedicationAdministration): Happening | undefined {
  const subject = dose.subject?.reference;
  const given = dose.status === 'completed' || dose.status === 'in-progress' || dose.status === 'stopped';
  return given && subject !== undefined
    ? { event: 'first-dose', act: `lifecycle/first-dose/${subject}`, subject }
    : undefined;
}

/** The newest notice one provider has of an order. */
export interface Told {
  readonly id: string;
  readonly event: Lifecycle | undefined;
  readonly isSameDose: boolean;
}

/**
 * What an order means to a provider who has heard of it before; undefined: he knows it as it is. What comes back, as a dose that was
 * raised and lowered again or a second pause, is told again: only the newest notice counts, not all that was ever told. Rule: R10, H18.
 */
export function orderHappening(seen: Happening, told: Told | undefined): Happening | undefined {
  if (told === undefined) return seen;
  const isDoseKnown = seen.dose === undefined || told.isSameDose;
  if (seen.event !== 'ordered') return told.event === seen.event && isDoseKnown ? undefined : seen;
  const runs = told.event !== 'paused' && told.event !== 'stopped';
  if (runs && isDoseKnown) return undefined;
  return { ...seen, event: isDoseKnown ? 'resumed' : 'dose-changed', act: `${seen.act}/${seen.dose}` };
}

/** One device is not the dose: a notice of 28 mg out of 56 would be read as the dose given. It tells of the session (H11). */
function sessionOf(about: Resource): string | undefined {
  if (about.resourceType !== 'MedicationAdministration') return undefined;
  return about.partOf?.map(({ reference }) => reference).find((each) => each?.startsWith('Procedure/'));
}

/** The notice to one provider. Its words name the act and the organization; the details are behind `about`. */
export function noticeOf(
  happening: Happening,
  about: Resource,
  provider: Reference,
  teller: { readonly id: string; readonly name: string } | undefined,
  now: string,
  plan?: string,
): Communication {
  const who = teller === undefined ? '' : `${teller.name}: `;
  return {
    resourceType: 'Communication',
    status: 'completed',
    category: [concept(COMMUNICATION_KIND, 'lifecycle-notice')],
    topic: concept(LIFECYCLE, happening.event),
    subject: { reference: happening.subject as `Patient/${string}` },
    about: [{ reference: sessionOf(about) ?? `${about.resourceType}/${about.id}` }],
    ...(plan === undefined ? {} : { basedOn: [{ reference: `CarePlan/${plan}` }] }),
    sent: now,
    ...(teller === undefined ? {} : { sender: { reference: `Organization/${teller.id}` as const } }),
    recipient: [provider as NonNullable<Communication['recipient']>[number]],
    payload: [{ contentString: `${who}${LIFECYCLE.codes[happening.event]}` }],
  };
}
