import { type AckCode, type AckError, buildAck, ERROR_CONDITION, type ErrorCondition } from '../hl7/ack.ts';
import { openSource } from '../hl7/source.ts';
import { Message } from '../hl7/tree.ts';
import { failureOf } from '../model/failure.ts';
import type { MessageReason } from '../model/journal.ts';
import type { ApplicationAck } from '../model/released.ts';

/**
 * What makes an ACK: with the same parts and the same request it is the same bytes, so a repeat is answered with the very ACK of the
 * first time although only code and time are kept.
 */
export interface AckParts {
  readonly code: AckCode;
  /** Journal id: MSH-10 of the ACK. Absent: nothing was stored. */
  readonly journalId?: number;
  /** MSH-7 of the ACK, milliseconds since the epoch. */
  readonly at: number;
  readonly reason?: MessageReason & { readonly severity?: AckError['severity'] };
}

export function ackBytes(request: Message, parts: AckParts): Uint8Array {
  return buildAck(request, {
    code: parts.code,
    controlId: parts.journalId === undefined ? `R${parts.at}` : `H${parts.journalId}`,
    dateTime: v2Instant(parts.at),
    self: SELF,
    ...(parts.reason ? { errors: [errorOf(parts.reason)] } : {}),
  });
}

/** The sealed application ACK as a message of its own; what the type cannot hold cannot get into it. */
export function applicationAckBytes(
  request: Uint8Array,
  ack: ApplicationAck,
  header: { readonly controlId: string; readonly at: number },
): Uint8Array {
  return buildAck(new Message(openSource(request)), {
    code: ack.code,
    controlId: header.controlId,
    dateTime: v2Instant(header.at),
    self: SELF,
    ownExchange: { acceptAck: 'AL' },
    errors: ack.errors.map(({ code, severity }) => ({ condition: conditionOf(code), severity })),
  });
}

const SELF = { application: 'HANDOFF' };

/** Enhanced mode says the same with other letters. Rule: HL7 table 0008. */
export function accept(code: 'AA' | 'AE' | 'AR'): AckCode {
  return code === 'AA' ? 'CA' : code === 'AE' ? 'CE' : 'CR';
}

function errorOf({ code, location, text, severity }: NonNullable<AckParts['reason']>): AckError {
  const { err3 } = failureOf(code);
  return {
    location,
    condition: conditionOf(err3),
    severity: severity ?? 'E',
    applicationCode: code,
    diagnostic: text,
  };
}

function conditionOf(code: string): ErrorCondition {
  return code in ERROR_CONDITION ? (code as ErrorCondition) : '207';
}

/** A v2 time in UTC with its offset, to the millisecond. */
export function v2Instant(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 23)}+0000`;
}
