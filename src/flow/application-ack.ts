import type { Database } from '../model/database.ts';
import { failureOf } from '../model/failure.ts';
import type { FlowLog } from '../model/flow.ts';
import type { ClaimedMessage, MessageOutcome } from '../model/journal.ts';
import type { Partner } from '../model/partner.ts';
import { ApplicationAck } from '../model/released.ts';
import { applicationAckBytes } from './ack-bytes.ts';
import { type Wish, wishes } from './admission.ts';
import { controlIdOf } from './endpoint-choice.ts';

/**
 * Queues the application ACK of a message in enhanced mode as an exchange of its own. Durable when it resolves; its event key makes a
 * second one after a crash the same. Nothing is queued that the sender did not ask for in MSH-16. Rule: DOMAIN C0 "Ack mode".
 */
export async function queueApplicationAck(
  deps: { readonly db: Database; readonly now: () => number; readonly log: FlowLog },
  message: ClaimedMessage,
  outcome: MessageOutcome,
  partner: Partner,
): Promise<boolean> {
  if (outcome.kind === 'again') return false;
  const positive = outcome.kind !== 'parked';
  if (!wishes((message.applicationAck ?? 'NE') as Wish, positive)) return false;
  const code = positive ? 'AA' : outcome.ackCode === 'AR' ? 'AR' : 'AE';
  const errors = positive ? [] : [{ code: failureOf(outcome.reason.code).err3, severity: 'E' as const }];
  const ack = ApplicationAck.of(partner.id, message.controlId, code, errors);
  if (!ack) {
    deps.log('message.application-ack-impossible', { id: message.id });
    return false;
  }
  const eventKey = `application-ack/${message.id}/${code}`;
  const controlId = controlIdOf({ recipient: partner.id, eventKey }, '');
  const payload = applicationAckBytes(message.bytes, ack, { controlId, at: deps.now() });
  const event = {
    recipient: partner.id,
    organization: partner.organization,
    eventKey,
    kind: 'application-ack',
    lane: message.lane,
    purpose: 'TREAT',
    resources: [],
    application: { controlId, payload },
  };
  await deps.db.write('outbox.insert', { events: [event], now: deps.now() });
  return true;
}
