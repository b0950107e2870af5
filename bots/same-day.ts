import { deadlineOf } from '../src/rules/deadline.ts';
import { DAY_MS, plus } from '../src/rules/instants.ts';
import { directoryOf, type Fhir } from './hub.ts';

/** By when an organization answers what is due the same day: by its own calendar; a day when it has none. Rule: DOMAIN D5, E2. */
export async function sameDayDeadline(medplum: Fhir, organization: string | undefined, at: string): Promise<string> {
  const { policy, routes } = await directoryOf(medplum);
  const route = organization === undefined ? undefined : routes.get(organization);
  const day = plus(at, DAY_MS);
  return route === undefined ? day : (deadlineOf('E2', 'routine-update', at, route.calendar, policy) ?? day);
}
