import type { Communication, Resource, Task } from '@medplum/fhirtypes';
import { BUSINESS_STATUS, codeIn, concept, TASK_CODE, TASK_PART } from '../model/codes.ts';
import type { OutboxEvent } from '../model/outbox.ts';
import { affiliationsOf, organizationOf } from './facts.ts';
import { isReferralTask } from './referral.ts';
import { kindOf } from './routing-event.ts';

/**
 * What a positive transport answer changes in the store: the obligation of this recipient is `received` ("delivered, not
 * acknowledged"), a notice has its arrival time. `resources`: the event's, as they stand, with the roles they name. Never an
 * acknowledgement; what messages state themselves (referral Tasks) is left to them. Rule: H2, DOMAIN B6.
 */
export function delivered(event: OutboxEvent, resources: readonly Resource[], at: string): (Communication | Task)[] {
  const affiliations = affiliationsOf(resources);
  return resources.flatMap((each): (Communication | Task)[] => {
    if (!event.resources.includes(`${each.resourceType}/${each.id}`)) return [];
    if (each.resourceType === 'Task') {
      const own = organizationOf(each.owner, affiliations) === event.organization;
      if (!own || isReferralTask(each) || each.status !== 'requested') return [];
      return [{ ...each, status: 'received', businessStatus: concept(BUSINESS_STATUS, 'delivered'), lastModified: at }];
    }
    const notice =
      each.resourceType === 'Communication' && kindOf(each) === 'lifecycle-notice' && each.received === undefined;
    return notice ? [{ ...each, received: at }] : [];
  });
}

/** Events whose silence would hurt: when one does not go, somebody has to telephone. */
const MUST_ARRIVE = [
  'safety-note',
  'safety-answer',
  'acknowledgement',
  'escalation',
  'referral',
  'referral-answer',
  'referral-cancel',
  'notice',
];

/**
 * The obligation that goes back to the sender when a delivery is refused, denied, unknown or parked: telephone. It says to whom and
 * nothing of why: the other party's consent choices stay its own. Undefined: nobody has to know. Rule: DOMAIN D5 "comes back".
 */
export function undelivered(
  event: OutboxEvent,
  patient: string | undefined,
  at: string,
  deadline: string,
): Task | undefined {
  if (!MUST_ARRIVE.includes(event.kind)) return undefined;
  const sender = event.sender === undefined ? undefined : { reference: `Organization/${event.sender}` };
  const focus = event.resources[0];
  return {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    priority: event.lane === 'safety' ? 'stat' : 'urgent',
    code: concept(TASK_CODE, sender === undefined ? 'operator-attention' : 'telephone-recipient'),
    businessStatus: concept(BUSINESS_STATUS, 'not-delivered'),
    ...(focus === undefined ? {} : { focus: { reference: focus } }),
    ...(patient === undefined ? {} : { for: { reference: patient } }),
    ...(sender === undefined ? {} : { owner: sender }),
    authoredOn: at,
    lastModified: at,
    restriction: { period: { end: deadline } },
    input: [
      {
        type: concept(TASK_PART, 'undelivered-to'),
        valueReference: { reference: `Organization/${event.organization}` },
      },
    ],
  };
}

/**
 * The act of `undelivered`: one telephone call for each note and recipient, however often it is tried and whatever of it does not go
 * (the note itself, the question about the dose): two Tasks to call the same person about the same thing hide each other (H26).
 */
export function undeliveredAct(event: OutboxEvent): string {
  const note = event.lane === 'safety' ? event.resources.find((each) => each.startsWith('Communication/')) : undefined;
  return `undelivered/${event.recipient}/${note ?? event.eventKey}`;
}

export const isUndelivered = (task: Task): boolean =>
  codeIn(TASK_CODE, task.code) === 'telephone-recipient' &&
  codeIn(BUSINESS_STATUS, task.businessStatus) === 'not-delivered';
