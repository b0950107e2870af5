import type { Task } from '@medplum/fhirtypes';
import { guardAct } from '../guard-next-dose/rule.ts';
import { type BotDeps, type BotHandler, findRaised, inputOf, instant, raiseOnce, update } from '../hub.ts';
import { replyOf } from './rule.ts';

/** Sends the prescriber's answer back and ends the Flag that asked for it. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const task = inputOf<Task>(event, 'Task');
    const at = instant(now());
    const reply = task === undefined ? undefined : replyOf(task, at);
    if (task?.id === undefined || reply === undefined) return;
    await raiseOnce(medplum, `hold-answer/${task.id}`, reply);
    const flag = await findRaised(medplum, 'Flag', guardAct(task.id));
    if (flag?.status === 'active')
      await update(medplum, { ...flag, status: 'inactive', period: { ...flag.period, end: at } });
  };
}

export const handler = make({ now: Date.now });
