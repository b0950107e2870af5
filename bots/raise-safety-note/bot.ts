import type { Communication, Task } from '@medplum/fhirtypes';
import { TASK_CODE } from '../../src/model/codes.ts';
import {
  affiliationsFor,
  allOf,
  type BotDeps,
  type BotHandler,
  directoryOf,
  eachOnItsOwn,
  type Fhir,
  findRaised,
  inputOf,
  instant,
  ofPatient,
  raiseOnce,
  sourceOf,
  update,
} from '../hub.ts';
import { demand, nobodyWasKnown, sharpened } from './rule.ts';

/**
 * A safety note: its demands, once. A note entered in error: its Flag and open Tasks end with a trace, the note stays (H20). By the
 * timer: an urgent note came when nobody who must answer was known, as a note that overtook the admission it belongs to; once somebody
 * is known, he gets it as if it came now. The sender's own obligation to telephone stays.
 */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const note = inputOf<Communication>(event, 'Communication');
    if (note === undefined) return event.input === undefined ? lookAgain(medplum, instant(now())) : undefined;
    if (note.status === 'entered-in-error') return withdraw(medplum, note);
    await raise(medplum, note, note.meta?.lastUpdated ?? instant(now()), instant(now()));
  };
}

const TAKEN_BACK = 'The note was entered in error';

async function withdraw(medplum: Fhir, note: Communication): Promise<void> {
  const flag = await findRaised(medplum, 'Flag', `flag/${note.id}`);
  if (flag !== undefined) await update(medplum, { ...flag, status: 'entered-in-error' });
  for (const task of await allOf(medplum, 'Task', `focus=Communication/${note.id}&status=requested,received`)) {
    await update(medplum, { ...task, status: 'cancelled', statusReason: { text: TAKEN_BACK } });
  }
}

/** Deadlines count from `receivedAt`. */
async function raise(medplum: Fhir, note: Communication, receivedAt: string, at: string): Promise<void> {
  const patient = note.subject?.reference;
  const [sender, careTeams, episodes, directory] = await Promise.all([
    sourceOf(medplum, note, note.sender),
    patient === undefined ? [] : ofPatient(medplum, 'CareTeam', patient, '&status=active'),
    patient === undefined ? [] : ofPatient(medplum, 'EpisodeOfCare', patient, '&status=active,onhold,waitlist,planned'),
    directoryOf(medplum),
  ]);
  const members = careTeams.flatMap((each) => (each.participant ?? []).map((participant) => participant.member));
  const affiliations = await affiliationsFor(medplum, [...members, ...(note.recipient ?? [])]);
  const demands = demand({ note, sender, careTeams, episodes, affiliations, directory, receivedAt });
  for (const { act, resource } of demands.tasks) {
    const standing = await standingOf(medplum, act, resource, note);
    const sharper = sharpened(standing, demands, directory, at);
    if (sharper !== undefined) await update(medplum, { ...sharper, id: standing.id });
  }
  if (patient === undefined) return;
  const flag = await raiseOnce(medplum, demands.flag.act, demands.flag.resource);
  if (flag.status === 'entered-in-error') await update(medplum, { ...flag, status: 'active' });
}

/**
 * The demand as it stands, made once. One that ended because the note was taken back is made anew when the note holds again: a result
 * may be corrected twice. What a person ended stays ended. Rule: H1, H20.
 */
async function standingOf(
  medplum: Fhir,
  act: string,
  resource: Task,
  note: Communication,
): Promise<Task & { id: string }> {
  const first = await raiseOnce(medplum, act, resource);
  if (first.status !== 'cancelled' || first.statusReason?.text !== TAKEN_BACK) return first;
  const again = await allOf(medplum, 'Task', `focus=Communication/${note.id}&part-of=Task/${first.id}`);
  const holds = again.find(({ status, statusReason }) => status !== 'cancelled' || statusReason?.text !== TAKEN_BACK);
  if (holds !== undefined) return holds;
  const partOf = [{ reference: `Task/${first.id}` as const }];
  return raiseOnce(medplum, `${act}/again/${note.meta?.versionId}`, { ...resource, partOf });
}

const TELEPHONE = encodeURIComponent(`${TASK_CODE.system}|telephone-recipient`);

async function lookAgain(medplum: Fhir, at: string): Promise<void> {
  const open = await allOf(medplum, 'Task', `code=${TELEPHONE}&status=requested,received`);
  await eachOnItsOwn(open.filter(nobodyWasKnown), async ({ focus }) => {
    const [, id] = /^Communication\/([^/]+)$/.exec(focus?.reference ?? '') ?? [];
    if (id === undefined) return;
    const note = await medplum.readResource('Communication', id);
    if (note.status === 'completed') await raise(medplum, note, at, at);
  });
}

export const handler = make({ now: Date.now });
