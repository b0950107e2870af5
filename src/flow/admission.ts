import { isMessageType } from '../hl7/message-types.ts';
import type { Peek } from '../hl7/peek.ts';
import type { FailureCode } from '../model/failure.ts';
import type { Feed, Partner } from '../model/partner.ts';

/** Why a message is not taken, before it is stored. */
export interface Refusal {
  readonly code: FailureCode;
  readonly location: string;
}

const TYPE = /^[A-Z][A-Z0-9]{2}$/;
const VERSION = /^2\.\d(\.\d){0,2}$/;
const PROCESSING_IDS: readonly string[] = ['P', 'T', 'D'];

/**
 * Whether a feed takes a message, by its header alone. A trigger without a map is not refused here: it is stored and listed.
 * Rule: DOMAIN C0, HL7 table 0357 codes 200–203; DESIGN 3 "ACK".
 */
export function admit(peek: Peek, feed: Feed, partner: Partner): Refusal | undefined {
  if (!peek.hasHeader) return { code: 'hl7.no-header', location: 'MSH[1]' };
  if (!peek.messageType) return { code: 'hl7.type-missing', location: 'MSH[1]-9' };
  if (!isMessageType(peek.messageType)) return { code: 'hl7.type-unsupported', location: 'MSH[1]-9[1].1' };
  if (peek.triggerEvent === undefined ? peek.messageType !== 'ACK' : !TYPE.test(peek.triggerEvent)) {
    return { code: 'hl7.event-unsupported', location: 'MSH[1]-9[1].2' };
  }
  const versionFits =
    feed.versions.length > 0 ? feed.versions.includes(peek.version ?? '') : VERSION.test(peek.version ?? '');
  if (!versionFits) return { code: 'hl7.version-unsupported', location: 'MSH[1]-12' };
  const allowed = feed.processingIds.length > 0 ? feed.processingIds : PROCESSING_IDS;
  if (!allowed.includes(peek.processingId ?? ''))
    return { code: 'hl7.processing-id-unsupported', location: 'MSH[1]-11' };
  if (!peek.controlId) return { code: 'hl7.control-id-missing', location: 'MSH[1]-10' };
  return maySend(peek, partner) ? undefined : { code: 'hl7.sender-unknown', location: 'MSH[1]-3' };
}

function maySend(peek: Peek, { senders }: Partner): boolean {
  return (
    senders.length === 0 ||
    senders.some(
      ({ application, facility }) =>
        (application === undefined || application === peek.sendingApplication) &&
        (facility === undefined || facility === peek.sendingFacility),
    )
  );
}

/**
 * Original mode: one application ACK on the connection. Enhanced (MSH-15 or MSH-16 valued): an accept ACK on commit, unless MSH-15
 * asks for none, and an application ACK as an exchange of its own. Rule: DOMAIN C0 "Ack mode".
 */
export type AckMode =
  | { readonly kind: 'original' }
  | { readonly kind: 'enhanced'; readonly accept: Wish; readonly application: Wish };

/** Table 0155: always, never, on error or reject, on success. */
export type Wish = 'AL' | 'NE' | 'ER' | 'SU';

export function ackMode(peek: Peek): AckMode {
  if (!peek.acceptAck && !peek.applicationAck) return { kind: 'original' };
  return { kind: 'enhanced', accept: wish(peek.acceptAck), application: wish(peek.applicationAck) };
}

/** A value outside the table asks for an answer rather than for none. */
function wish(value: string | undefined): Wish {
  return value === 'NE' || value === 'ER' || value === 'SU' ? value : value ? 'AL' : 'NE';
}

export function wishes(wanted: Wish, positive: boolean): boolean {
  return wanted === 'AL' || (wanted === 'SU' && positive) || (wanted === 'ER' && !positive);
}
