import type { Encounter, ServiceRequest, Task } from '@medplum/fhirtypes';
import { parseReference } from '../../src/fhir/references.ts';
import { isReferralTask } from '../../src/rules/referral.ts';
import { settle } from '../derived.ts';
import { type BotDeps, type BotHandler, type Fhir, inputOf, instant, ofPatient, sourceOf } from '../hub.ts';
import { sameDayDeadline } from '../same-day.ts';
import { decide, isReview, isWatched, type Referral } from './rule.ts';

/** Keeps the review Task of each psychiatric discharge of a person in step with the stay and the referrals. Rule: R21, R23, H17. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const stay = inputOf<Encounter>(event, 'Encounter');
    const referral = inputOf<Task>(event, 'Task');
    const patient = stay?.subject?.reference ?? referral?.for?.reference;
    if (!patient?.startsWith('Patient/')) return undefined;
    const tasks = await ofPatient(medplum, 'Task', patient);
    const referrals = await referralsOf(medplum, tasks);
    const written: Task[] = [];
    for (const encounter of await staysOf(medplum, stay, patient)) {
      const about = `Encounter/${encounter.id}`;
      const reviews = tasks.filter((each) => isReview(each) && each.focus?.reference === about);
      const organization = await sourceOf(medplum, encounter, encounter.serviceProvider);
      const at = instant(now());
      const [person] = await medplum.searchResources('Patient', `_id=${patient.slice('Patient/'.length)}`);
      const deadline = await sameDayDeadline(medplum, organization, at);
      const decided = decide({ encounter, patient: person, referrals, reviews, organization, deadline, now: at });
      if (decided !== undefined) written.push(await settle(medplum, decided.task, decided.standing));
    }
    return written;
  };
}

export const handler = make({ now: Date.now });

/** The stay as it stands now; after a referral changed, every stay of the person. */
async function staysOf(medplum: Fhir, stay: Encounter | undefined, patient: string) {
  if (stay?.id !== undefined) return [await medplum.readResource('Encounter', stay.id)];
  const encounters = await ofPatient(medplum, 'Encounter', patient, '&status=finished');
  return encounters.filter(isWatched);
}

async function referralsOf(medplum: Fhir, tasks: readonly Task[]): Promise<Referral[]> {
  const referrals: Referral[] = [];
  for (const task of tasks.filter(isReferralTask)) {
    const focus = parseReference(task.focus?.reference ?? '');
    const [request]: ServiceRequest[] =
      focus.kind === 'local' ? await medplum.searchResources('ServiceRequest', `_id=${focus.id}`) : [];
    referrals.push({ task, request });
  }
  return referrals;
}
