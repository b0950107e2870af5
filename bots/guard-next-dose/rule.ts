import type { Appointment, Communication, Flag, Task } from '@medplum/fhirtypes';
import { APPOINTMENT_KIND, COMMUNICATION_KIND, codeIn, concept, FLAG_CODE, TASK_CODE } from '../../src/model/codes.ts';
import type { Directory } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { plus } from '../../src/rules/instants.ts';
import type { Raised } from '../raise-safety-note/rule.ts';

export interface Guard {
  readonly flag: Raised<Flag>;
  readonly notices: readonly Raised<Communication>[];
}

/** One Flag per request, whichever dose is the next. */
export const guardAct = (request: string): string => `guard/${request}`;

/** The next booked dose within the window before which a hold request must be answered; undefined: none is near. */
export function nextDose(
  appointments: readonly Appointment[],
  now: string,
  windowSec: number,
): Appointment | undefined {
  const until = plus(now, windowSec * 1000);
  const near = appointments.filter((each) => {
    const start = each.start === undefined ? undefined : new Date(each.start).toISOString();
    const isDose = codeIn(APPOINTMENT_KIND, each.appointmentType) === 'dose';
    return isDose && each.status === 'booked' && start !== undefined && start > now && start <= until;
  });
  return near.sort((a, b) => Date.parse(a.start!) - Date.parse(b.start!))[0];
}

/**
 * A hold request that nobody answered and a dose that is near: a Flag "needs clinician decision" beside the dose, and both sides are
 * told. The dose appointment is not touched, whatever happens. Undefined: answered, or no dose is near. Rule: R16, H13.
 */
export function guard(
  request: Task,
  dose: Appointment | undefined,
  directory: Directory,
  affiliations: Readonly<Record<string, string>>,
  now: string,
): Guard | undefined {
  const open = request.status === 'requested' || request.status === 'received';
  if (codeIn(TASK_CODE, request.code) !== 'answer-hold-request' || !open || dose?.id === undefined) return undefined;
  const subject = dose.participant.map((each) => each.actor?.reference).find((each) => each?.startsWith('Patient/'));
  if (subject === undefined) return undefined;
  const clinic = organizationOf(request.owner, affiliations);
  const program = organizationOf(request.requester, affiliations);
  const number = directory.routes.get(clinic ?? '')?.telephone;
  const told = [...new Set([clinic, program])].filter((each) => each !== undefined);
  return {
    flag: {
      act: guardAct(request.id ?? ''),
      resource: {
        resourceType: 'Flag',
        status: 'active',
        category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'drug' }] }],
        code: concept(FLAG_CODE, 'needs-clinician-decision'),
        subject: { reference: subject as `Patient/${string}` },
        period: { start: now, end: new Date(dose.end ?? dose.start!).toISOString() },
      },
    },
    notices: told.map((organization) => ({
      act: `guard/${request.id}/${dose.id}/${organization}`,
      resource: {
        resourceType: 'Communication',
        status: 'completed',
        category: [concept(COMMUNICATION_KIND, 'not-acknowledged')],
        priority: 'stat',
        // The request is the program's; so is what is said about it.
        ...(request.for === undefined ? {} : { subject: request.for as NonNullable<Communication['subject']> }),
        about: [{ reference: `Task/${request.id}` }],
        sent: now,
        recipient: [{ reference: `Organization/${organization}` }],
        payload: [{ contentString: words(organization === clinic, number) }],
      },
    })),
  };
}

const words = (isClinic: boolean, number: string | undefined): string =>
  isClinic
    ? 'A request to decide before the next appointment is not answered. Please decide now: continue, adjust, hold or stop.'
    : `Your request is not answered and the next appointment is near. Please telephone${number === undefined ? '' : `: ${number}`}.`;
