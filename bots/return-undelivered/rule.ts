import type { Communication, Task } from '@medplum/fhirtypes';
import { COMMUNICATION_KIND, concept, TASK_PART } from '../../src/model/codes.ts';
import { isUndelivered } from '../../src/rules/delivery.ts';
import type { Directory } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { inputOf } from '../../src/rules/referral.ts';

export interface Returned {
  readonly notice: Communication;
  /** The obligation with the number to call. */
  readonly task: Task;
}

/**
 * "Not delivered to X; telephone Y" to the sender, who keeps the obligation. It says nothing of why: a consent of the other party stays
 * its own, and a broken line looks the same. Undefined: the Task is about something else, or has no one to tell. Rule: DOMAIN D5.
 */
export function returned(
  task: Task,
  directory: Directory,
  affiliations: Readonly<Record<string, string>>,
  now: string,
): Returned | undefined {
  const owner = organizationOf(task.owner, affiliations);
  if (!isUndelivered(task) || owner === undefined) return undefined;
  const recipient = organizationOf(inputOf(task, 'undelivered-to')?.valueReference, {});
  const route = directory.routes.get(recipient ?? '');
  const name = directory.names.get(recipient ?? '');
  const what = name === undefined ? (task.description ?? 'Not delivered') : `Not delivered to ${name}`;
  const number = route?.telephone ?? directory.policy.operatorTelephone;
  const known = inputOf(task, 'telephone') !== undefined || number === undefined;
  const part = { type: concept(TASK_PART, 'telephone'), valueString: number ?? '' };
  return {
    task: known ? task : { ...task, input: [...(task.input ?? []), part] },
    notice: {
      resourceType: 'Communication',
      status: 'completed',
      category: [concept(COMMUNICATION_KIND, 'not-delivered')],
      priority: 'stat',
      ...(task.for === undefined ? {} : { subject: task.for as NonNullable<Communication['subject']> }),
      about: [{ reference: `Task/${task.id}` }],
      sent: now,
      recipient: [{ reference: `Organization/${owner}` }],
      payload: [{ contentString: `${what}. Please telephone${number === undefined ? '' : `: ${number}`}` }],
    },
  };
}
