import type { Communication } from '@medplum/fhirtypes';
import {
  affiliationsFor,
  type BotDeps,
  type BotHandler,
  directoryOf,
  findRaised,
  inputOf,
  instant,
  ofPatient,
  raiseOnce,
  sourceOf,
  update,
} from '../hub.ts';
import { demand, sharpened } from './rule.ts';

/** A safety note: its demands, once. A note entered in error: its Flag and open Tasks end with a trace, the note stays (H20). */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const note = inputOf<Communication>(event, 'Communication');
    if (note === undefined) return;
    if (note.status === 'entered-in-error') {
      const flag = await findRaised(medplum, 'Flag', `flag/${note.id}`);
      if (flag !== undefined) await update(medplum, { ...flag, status: 'entered-in-error' });
      for (const task of await medplum.searchResources(
        'Task',
        `focus=Communication/${note.id}&status=requested,received`,
      )) {
        await update(medplum, {
          ...task,
          status: 'cancelled',
          statusReason: { text: 'The note was entered in error' },
        });
      }
      return;
    }
    const patient = note.subject?.reference;
    const [sender, careTeams, episodes, directory] = await Promise.all([
      sourceOf(medplum, note, note.sender),
      patient === undefined ? [] : ofPatient(medplum, 'CareTeam', patient, '&status=active'),
      patient === undefined
        ? []
        : ofPatient(medplum, 'EpisodeOfCare', patient, '&status=active,onhold,waitlist,planned'),
      directoryOf(medplum),
    ]);
    const members = careTeams.flatMap((each) => (each.participant ?? []).map((participant) => participant.member));
    const affiliations = await affiliationsFor(medplum, [...members, ...(note.recipient ?? [])]);
    const receivedAt = note.meta?.lastUpdated ?? instant(now());
    const demands = demand({ note, sender, careTeams, episodes, affiliations, directory, receivedAt });
    for (const { act, resource } of demands.tasks) {
      const standing = await raiseOnce(medplum, act, resource);
      const sharper = sharpened(standing, demands, directory, instant(now()));
      if (sharper !== undefined) await update(medplum, { ...sharper, id: standing.id });
    }
    if (patient !== undefined) await raiseOnce(medplum, demands.flag.act, demands.flag.resource);
  };
}

export const handler = make({ now: Date.now });
