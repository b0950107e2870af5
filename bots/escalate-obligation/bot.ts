import type { Task } from '@medplum/fhirtypes';
import { TASK_CODE } from '../../src/model/codes.ts';
import {
  affiliationsFor,
  allOf,
  type BotDeps,
  type BotHandler,
  directoryOf,
  eachOnItsOwn,
  inputOf,
  instant,
  raiseOnce,
  update,
} from '../hub.ts';
import { answered, escalate, SWEPT } from './rule.ts';

/** The sweep: every open obligation, however old. The notices come before the record of them: a step is told twice rather than never. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const seen = inputOf<Task>(event, 'Task');
    if (seen?.id !== undefined) {
      const done = answered(await medplum.readResource('Task', seen.id));
      if (done !== undefined) await update(medplum, { ...done, id: seen.id });
      return;
    }
    const codes = SWEPT.map((each) => `${TASK_CODE.system}|${each}`).join(',');
    const open = await allOf(medplum, 'Task', `code=${encodeURIComponent(codes)}&status=requested,received`);
    const at = instant(now());
    const withDeadline = open.filter((each) => each.restriction?.period?.end !== undefined);
    if (withDeadline.length === 0) return;
    const directory = await directoryOf(medplum);
    const affiliations = await affiliationsFor(
      medplum,
      withDeadline.flatMap((each) => [each.owner, each.requester]),
    );
    await eachOnItsOwn(withDeadline, async (task) => {
      const due = escalate(task, directory, at, affiliations);
      if (due === undefined) return;
      for (const { act, resource } of due.notices) await raiseOnce(medplum, act, resource);
      for (const { act, resource } of due.operator) await raiseOnce(medplum, act, resource);
      await update(medplum, { ...due.task, id: task.id });
    });
  };
}

export const handler = make({ now: Date.now });
