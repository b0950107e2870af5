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
 * AE, CE and 4xx are about this content, AR, CR, 409, 429 and 5xx about this moment. `isRemoval`: what is gone already is removed.
 */
export function judge(attempt: Attempt, endpoint: Endpoint, controlId: string, isRemoval = false): Verdict {
  switch (attempt.kind) {
    case 'not-sent':
      return { kind: 'not-sent', code: attempt.code, text: failureOf(attempt.code).text };
    case 'unknown':
      return { kind: 'ambiguous', code: attempt.code, text: failureOf(attempt.code).text, reached: false };
    case 'mismatched':
      return { kind: 'ambiguous', code: 'ack.mismatched', text: failureOf('ack.mismatched').text, reached: true };
    case 'answered':
      if (endpoint.transport.kind === 'mirror') return judgeTransaction(attempt, isRemoval);
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

/**
 * A mirror's transaction: some servers run it as a batch and answer 200 whatever became of an entry, so the entries say it.
 * Rule: FHIR R4 http.html#transaction-response.
 */
function judgeTransaction(attempt: Extract<Attempt, { kind: 'answered' }>, isRemoval: boolean): Verdict {
  const whole = judgeStatus(attempt);
  if (whole.kind !== 'sent') return whole;
  const entries = responsesIn(attempt.ack);
  if (!entries)
    return { kind: 'ambiguous', code: 'ack.unreadable', text: failureOf('ack.unreadable').text, reached: true };
  for (const { status, outcome } of entries) {
    if ((status >= 200 && status < 300) || status === 304 || (isRemoval && (status === 404 || status === 410)))
      continue;
    return judgeStatus({ kind: 'answered', status, ack: Buffer.from(JSON.stringify(outcome ?? {})) });
  }
  return whole;
}

function responsesIn(body: Uint8Array): { readonly status: number; readonly outcome: unknown }[] | undefined {
  const bundle = jsonOf(body) as { readonly resourceType?: unknown; readonly entry?: unknown } | undefined;
  if (bundle?.resourceType !== 'Bundle' || !Array.isArray(bundle.entry)) return undefined;
  return bundle.entry.map((entry: { response?: { status?: unknown; outcome?: unknown } } | null) => ({
    status: Number.parseInt(String(entry?.response?.status), 10) || 0,
    outcome: entry?.response?.outcome,
  }));
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) ?? undefined;
  } catch {
    return undefined;
  }
}

function judgeStatus({ status = 0, ack, retryAfterMs }: Extract<Attempt, { kind: 'answered' }>): Verdict {
  if (status >= 200 && status < 300) return { kind: 'sent', ackCode: String(status), ack };
  const code = codeOf(status);
  const text = `${failureOf(code).text} (${[status, ...issueCodes(ack)].join(' ')})`;
  return { kind: 'answered', code, text, ack, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** A 409 wrote nothing and says that something else was written meanwhile: the same comes again. Rule: FHIR R4 http.html#Status-Codes. */
function codeOf(status: number): FailureCode {
  if (status === 409) return 'ack.conflict';
  const later = status === 401 || status === 403 || status === 408 || status === 429 || status >= 500;
  return later ? 'ack.status-server' : 'ack.status-client';
}

const ISSUE_CODES_MAX = 5;

/** The issue codes of an OperationOutcome; nothing else of it, as the rest may hold values. None where the body is none. */
function issueCodes(body: Uint8Array): string[] {
  const outcome = jsonOf(body) as { readonly resourceType?: unknown; readonly issue?: unknown } | undefined;
  if (outcome?.resourceType !== 'OperationOutcome' || !Array.isArray(outcome.issue)) return [];
  const codes = outcome.issue.map((issue: { readonly code?: unknown } | null) => issue?.code);
  const known = codes.filter((code): code is string => typeof code === 'string' && /^[a-z][a-z-]{1,30}$/.test(code));
  return [...new Set(known)].slice(0, ISSUE_CODES_MAX);
}
