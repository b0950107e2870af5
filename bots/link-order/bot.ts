import type {
  Appointment,
  CarePlan,
  Communication,
  MedicationRequest,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { parseReference } from '../../src/fhir/references.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { asksForDosing, isReferralTask } from '../../src/rules/referral.ts';
import { settle } from '../derived.ts';
import { drugOf } from '../dosing-drug.ts';
import {
  affiliationsFor,
  type BotDeps,
  type BotHandler,
  type Fhir,
  instant,
  ofPatient,
  sourceOf,
  update,
} from '../hub.ts';
import { changeNotice, changesOf, linked, moved } from './rule.ts';

/**
 * Ties a clinic's dosing orders to the program's active plan, moves the accepted referral on, and tells the referring program of each
 * change of an order with the old and the new. Rule: R52, DOMAIN B7.
 */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const changed = event.input as Resource | undefined;
    const patient = patientOf(changed);
    if (changed === undefined || !patient?.startsWith('Patient/')) return undefined;
    const orders = (await ofPatient(medplum, 'MedicationRequest', patient)).filter(
      (each) => drugOf(each) !== undefined,
    );
    const referrals = await dosingReferrals(medplum, patient);
    const written: Resource[] = [];
    for (const plan of await ofPatient(medplum, 'CarePlan', patient, '&status=active')) {
      const next = linked(plan, orders);
      if (next !== undefined) written.push(await update(medplum, next));
    }
    const appointments: Appointment[] = await ofPatient(medplum, 'Appointment', patient);
    for (const { task, request } of referrals) {
      const next = moved({ task, request, orders, appointments, now: instant(now()) });
      if (next !== undefined) written.push(await update(medplum, next));
    }
    if (changed.resourceType === 'MedicationRequest' && drugOf(changed) !== undefined) {
      written.push(...(await tell(medplum, changed, referrals, instant(now()))));
    }
    return written;
  };
}

export const handler = make({ now: Date.now });

function patientOf(changed: Resource | undefined): string | undefined {
  switch (changed?.resourceType) {
    case 'MedicationRequest':
    case 'CarePlan':
      return (changed as MedicationRequest | CarePlan).subject.reference;
    case 'Task':
      return changed.for?.reference;
    case 'Appointment':
      return changed.participant.map((each) => each.actor?.reference).find((each) => each?.startsWith('Patient/'));
    default:
      return undefined;
  }
}

interface Referral {
  readonly task: Task;
  readonly request: ServiceRequest;
}

/** Referrals of the person to a dosing clinic that somebody accepted. */
async function dosingReferrals(medplum: Fhir, patient: string): Promise<Referral[]> {
  const tasks = await ofPatient(medplum, 'Task', patient, '&status=accepted,in-progress');
  const found: Referral[] = [];
  for (const task of tasks.filter((each) => isReferralTask(each))) {
    const focus = parseReference(task.focus?.reference ?? '');
    if (focus.kind !== 'local') continue;
    const [request] = await medplum.searchResources('ServiceRequest', `_id=${focus.id}`);
    if (request !== undefined && asksForDosing(request)) found.push({ task, request });
  }
  return found;
}

/** One notice of each change to each program that referred. A first version is no change. */
async function tell(
  medplum: Fhir,
  seen: MedicationRequest,
  referrals: readonly Referral[],
  now: string,
): Promise<Communication[]> {
  if (seen.id === undefined || seen.meta?.versionId === '1') return [];
  const history = await medplum.readHistory('MedicationRequest', seen.id);
  const versions = (history.entry ?? []).flatMap(({ resource }) => resource ?? []);
  const changes = changesOf(versions);
  if (changes.length === 0) return [];
  const order = await medplum.readResource('MedicationRequest', seen.id);
  const stated = referrals.map(({ task, request }) => request.requester ?? task.requester);
  const affiliations = await affiliationsFor(medplum, stated);
  const clinic = await sourceOf(medplum, order, order.requester);
  const programs = new Set(stated.flatMap((each) => organizationOf(each, affiliations) ?? []));
  const written: Communication[] = [];
  for (const program of programs) {
    if (program === clinic) continue;
    for (const change of changes)
      written.push(await settle(medplum, changeNotice(order, change, clinic, program, now)));
  }
  return written;
}
