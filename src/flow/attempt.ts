import { readAck } from '../hl7/read-ack.ts';
import { type FailureCode, failureOf } from '../model/failure.ts';
import type { Endpoint } from '../model/partner.ts';
import type { Attempt } from '../model/transport.ts';

/** What an attempt says about the row, and about the way to the partner. */
export type Verdict =
  | { readonly kind: 'sent'; readonly ackCode: string; readonly ack: Uint8Array }
  /** The partner answered, and not with yes. */
  | {
      readonly kind: 'answered';
      readonly code: FailureCode;
      readonly text: string;
      readonly ack: Uint8Array;
      readonly retryAfterMs?: number;
    }
  /** Nothing arrived: the way is down. */
  | { readonly kind: 'not-sent'; readonly code: string; readonly text: string }
  /** It may have arrived. `reached`: the partner is there and answered something else. */
  | { readonly kind: 'ambiguous'; readonly code: string; readonly text: string; readonly reached: boolean };

/** Table 0357 codes that say the header can never be accepted as it is. */
const HEADER_ERRORS: ReadonlySet<string> = new Set(['200', '201', '202', '203']);

/**
 * Reads what came back by the failure table: AA, CA or 2xx is "the partner's machine has it" and never that a person read it (H2).
 * AE, CE and 4xx are about this content, AR, CR, 429 and 5xx about this moment.
 */
export function judge(attempt: Attempt, endpoint: Endpoint, controlId: string): Verdict {
  switch (attempt.kind) {
    case 'not-sent':
      return { kind: 'not-sent', code: attempt.code, text: failureOf(attempt.code).text };
    case 'unknown':
      return { kind: 'ambiguous', code: attempt.code, text: failureOf(attempt.code).text, reached: false };
    case 'mismatched':
      return { kind: 'ambiguous', code: 'ack.mismatched', text: failureOf('ack.mismatched').text, reached: true };
    case 'answered':
      return endpoint.transport.kind === 'fhir' ? judgeStatus(attempt) : judgeAck(attempt, controlId);
  }
}

function judgeAck(attempt: Extract<Attempt, { kind: 'answered' }>, controlId: string): Verdict {
  const { status, ack } = attempt;
  const read = readAck(ack);
  if (!read.ok) {
    // An HTTP error page instead of an ACK still says by its status whether to come again.
    if (status !== undefined && status >= 400) return judgeStatus(attempt);
    return {
      kind: 'ambiguous',
      code: 'ack.unreadable',
      text: `${failureOf('ack.unreadable').text} (${read.reason})`,
      reached: true,
    };
  }
  if (read.controlId !== controlId) {
    return { kind: 'ambiguous', code: 'ack.mismatched', text: failureOf('ack.mismatched').text, reached: true };
  }
  if (read.code === 'AA' || read.code === 'CA') return { kind: 'sent', ackCode: read.code, ack };
  const [first] = read.errors;
  // Places and codes only: a partner's free text may hold values.
  const where = [first?.condition, first?.location].filter((part) => part !== undefined).join(' at ');
  const say = (code: FailureCode): Verdict => {
    return { kind: 'answered', code, text: `${failureOf(code).text} (${read.code}${where ? ` ${where}` : ''})`, ack };
  };
  if (read.code === 'AE' || read.code === 'CE') return say('ack.error');
  return say(HEADER_ERRORS.has(first?.condition ?? '') ? 'ack.rejected-header' : 'ack.rejected');
}

function judgeStatus({ status = 0, ack, retryAfterMs }: Extract<Attempt, { kind: 'answered' }>): Verdict {
  if (status >= 200 && status < 300) return { kind: 'sent', ackCode: String(status), ack };
  const later = status === 401 || status === 403 || status === 408 || status === 429 || status >= 500;
  const code = later ? 'ack.status-server' : 'ack.status-client';
  const text = `${failureOf(code).text} (${status})`;
  return { kind: 'answered', code, text, ack, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
