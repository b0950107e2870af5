import type { Task } from '@medplum/fhirtypes';
import { TASK_CODE } from '../../src/model/codes.ts';
import type { Directory } from '../../src/rules/directory.ts';
import {
  affiliationsFor,
  allOf,
  type BotDeps,
  type BotHandler,
  byIds,
  directoryOf,
  eachOnItsOwn,
  type Fhir,
  inputOf,
  instant,
  onNewest,
  raiseOnce,
  update,
} from '../hub.ts';
import { answered, escalate, lookAgainAt, SWEPT } from './rule.ts';

/** After this long the sweep looks at every open obligation again, whatever it remembers: a setting may have changed. */
const WHOLE_SWEEP_MS = 60_000;
/** A Task is looked at again when it was written this long before the last sweep: two writers' clocks differ a little. */
const OVERLAP_MS = 10_000;

/**
 * The sweep over the open obligations. What it remembers (when each is to be looked at next) only spares reading: it is made anew at the
 * start and every minute. The notices come before the record of them: a step is told twice rather than never.
 */
export function make({ now }: BotDeps): BotHandler {
  const next = new Map<string, string>();
  let wholeAt = Number.NEGATIVE_INFINITY;
  let lastAt = 0;
  return async (medplum, event) => {
    const seen = inputOf<Task>(event, 'Task');
    if (seen?.id !== undefined) return answer(medplum, seen.id);
    const ms = now();
    const whole = ms - wholeAt >= WHOLE_SWEEP_MS;
    const since = whole ? '' : `&_lastUpdated=ge${instant(lastAt - OVERLAP_MS)}`;
    const changed = await allOf(medplum, 'Task', `${OPEN}${since}`);
    const known = new Set(changed.map((each) => each.id));
    const ids = [...next].filter(([id, at]) => at <= instant(ms) && !known.has(id)).map(([id]) => id);
    const due = await byIds(medplum, 'Task', ids, `&${OPEN}`);
    if (changed.length + due.length > 0) await climb(medplum, [...changed, ...due], ms, next);
    const open = new Set([...changed, ...due].map((each) => each.id));
    for (const id of whole ? [...next.keys()] : ids) if (!open.has(id)) next.delete(id);
    // Only after nothing failed: what was not looked at is looked at again.
    if (whole) wholeAt = ms;
    lastAt = ms;
  };
}

const CODES = encodeURIComponent(SWEPT.map((each) => `${TASK_CODE.system}|${each}`).join(','));

/** Query of the obligations nobody has answered. */
const OPEN = `code=${CODES}&status=requested,received`;

async function climb(medplum: Fhir, tasks: readonly Task[], ms: number, next: Map<string, string>): Promise<void> {
  const withDeadline = tasks.filter((each) => each.restriction?.period?.end !== undefined);
  const directory: Directory = await directoryOf(medplum);
  const roles = withDeadline.flatMap((each) => [each.owner, each.requester]);
  const affiliations = await affiliationsFor(medplum, roles);
  const at = instant(ms);
  const ofNote = new Map<string, Task[]>();
  for (const each of withDeadline) {
    const note = each.focus?.reference ?? '';
    ofNote.set(note, [...(ofNote.get(note) ?? []), each]);
  }
  // The delivery's confirmation and people write the same Tasks.
  const take = async (task: Task): Promise<void> => {
    const id = task.id ?? '';
    const again = lookAgainAt(task, directory, at);
    const due = escalate(task, directory, at, affiliations, ofNote.get(task.focus?.reference ?? ''));
    if (due !== undefined) {
      // Until it is written down it is due now.
      next.set(id, at);
      for (const { act, resource } of due.notices) await raiseOnce(medplum, act, resource);
      for (const { act, resource } of due.operator) await raiseOnce(medplum, act, resource);
      await update(medplum, { ...due.task, id });
    }
    if (again === undefined) next.delete(id);
    else next.set(id, again);
  };
  await eachOnItsOwn(withDeadline, (task) => onNewest(medplum, task, take));
}

async function answer(medplum: Fhir, id: string): Promise<void> {
  await onNewest(medplum, await medplum.readResource('Task', id), async (task) => {
    const done = answered(task);
    if (done !== undefined) await update(medplum, { ...done, id });
  });
}

export const handler = make({ now: Date.now });
