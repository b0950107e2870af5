import { TASK_CODE } from '../../src/model/codes.ts';
import {
  affiliationsFor,
  allOf,
  type BotDeps,
  type BotHandler,
  directoryOf,
  eachOnItsOwn,
  instant,
  ofPatient,
  raiseOnce,
} from '../hub.ts';
import { guard, nextDose } from './rule.ts';

/** The sweep over open hold requests; nothing is written to any appointment. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum) => {
    const code = encodeURIComponent(`${TASK_CODE.system}|answer-hold-request`);
    const requests = await allOf(medplum, 'Task', `code=${code}&status=requested,received`);
    const open = requests.filter((each) => each.for?.reference !== undefined);
    if (open.length === 0) return;
    const directory = await directoryOf(medplum);
    await eachOnItsOwn(open, async (request) => {
      const at = instant(now());
      const appointments = await ofPatient(medplum, 'Appointment', request.for!.reference!, '&status=booked');
      const dose = nextDose(appointments, at, directory.policy.nextDoseWindowSec);
      const affiliations = await affiliationsFor(medplum, [request.owner, request.requester]);
      const due = guard(request, dose, directory, affiliations, at);
      if (due === undefined) return;
      await raiseOnce(medplum, due.flag.act, due.flag.resource);
      for (const { act, resource } of due.notices) await raiseOnce(medplum, act, resource);
    });
  };
}

export const handler = make({ now: Date.now });
