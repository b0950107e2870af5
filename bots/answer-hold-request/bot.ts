import type { Task } from '@medplum/fhirtypes';
import { codeIn, FLAG_CODE } from '../../src/model/codes.ts';
import { type BotDeps, type BotHandler, createOnce, inputOf, instant, ofPatient, update } from '../hub.ts';
import { replyOf } from './rule.ts';

/** Sends the prescriber's answer back and ends the Flag that asked for it. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const task = inputOf<Task>(event, 'Task');
    const at = instant(now());
    const reply = task === undefined ? undefined : replyOf(task, at);
    if (task?.id === undefined || reply === undefined) return;
    await createOnce(medplum, `hold-answer/${task.id}`, reply);
    if (task.for?.reference === undefined) return;
    for (const flag of await ofPatient(medplum, 'Flag', task.for.reference)) {
      const asked = flag.identifier?.some((each) => each.value?.startsWith(`guard/${task.id}/`));
      if (flag.status !== 'active' || codeIn(FLAG_CODE, flag.code) !== 'needs-clinician-decision' || !asked) continue;
      await update(medplum, { ...flag, status: 'inactive', period: { ...flag.period, end: at } });
    }
  };
}

export const handler = make({ now: Date.now });
