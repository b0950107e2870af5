import type { Task } from '@medplum/fhirtypes';
import {
  affiliationsFor,
  type BotDeps,
  type BotHandler,
  directoryOf,
  inputOf,
  instant,
  raiseOnce,
  update,
} from '../hub.ts';
import { returned } from './rule.ts';

/** Tells the sender of a note that did not get through, once per note and recipient. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const seen = inputOf<Task>(event, 'Task');
    if (seen?.id === undefined) return;
    const task = await medplum.readResource('Task', seen.id);
    const [directory, affiliations] = await Promise.all([directoryOf(medplum), affiliationsFor(medplum, [task.owner])]);
    const due = returned(task, directory, affiliations, instant(now()));
    if (due === undefined) return;
    await raiseOnce(medplum, `not-delivered/${task.id}`, due.notice);
    if (due.task !== task) await update(medplum, { ...due.task, id: task.id });
  };
}

export const handler = make({ now: Date.now });
