/**
 * What kind of failure it is; retries look at this and never at a state.
 * transient: the same thing may succeed later. ambiguous: it may have happened, a person looks unless a repeat is harmless.
 * permanent: it will never succeed as it stands. refused: a rule (ours or the partner's) said no; nothing is broken.
 */
export type FailureClass = 'transient' | 'ambiguous' | 'permanent' | 'refused';

/** `retry` with back-off, `park` until a person or a new map helps, `wait` until what it waits for changes, `answer` the caller and forget. */
export type FailureNext = 'retry' | 'park' | 'wait' | 'answer';

/** OperationOutcome.issue.code. Rule: FHIR R4 valueset-issue-type. */
export type OutcomeCode =
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'processing'
  | 'not-supported'
  | 'duplicate'
  | 'not-found'
  | 'code-invalid'
  | 'business-rule'
  | 'conflict'
  | 'transient'
  | 'no-store'
  | 'timeout'
  | 'throttled'
  | 'exception'
  | 'forbidden'
  | 'security'
  | 'too-long'
  | 'too-costly'
  | 'incomplete';

/** One failure and its three renderings. Rule: DOMAIN C0 "Ack mode", HL7 table 0357. */
export interface Failure {
  readonly class: FailureClass;
  readonly next: FailureNext;
  /** MSA-1 in original mode; enhanced mode answers `CE` for `AE` and `CR` for `AR`. */
  readonly ack: 'AE' | 'AR';
  /** ERR-3, table 0357. */
  readonly err3: string;
  readonly outcome: OutcomeCode;
  readonly http: number;
  /** Fixed words for an operator and a sender; never holds a value of a message. */
  readonly text: string;
}

type Row = readonly [FailureClass, FailureNext, 'AE' | 'AR', string, OutcomeCode, number, string];

const ROWS = {
  // What bytes can have wrong before anything is stored.
  'hl7.empty': ['permanent', 'answer', 'AR', '100', 'structure', 400, 'The message is empty'],
  'hl7.no-header': ['permanent', 'answer', 'AR', '100', 'structure', 400, 'The message does not begin with MSH'],
  'hl7.delimiters-missing': ['permanent', 'answer', 'AR', '100', 'structure', 400, 'MSH names no delimiters'],
  'hl7.control-id-missing': ['permanent', 'answer', 'AE', '101', 'required', 400, 'MSH-10 is empty'],
  'hl7.type-missing': ['permanent', 'answer', 'AR', '200', 'not-supported', 400, 'MSH-9 names no message type'],
  'hl7.type-unsupported': ['refused', 'answer', 'AR', '200', 'not-supported', 422, 'Message type not accepted here'],
  'hl7.event-unsupported': ['refused', 'answer', 'AR', '201', 'not-supported', 422, 'Event not accepted on this feed'],
  'hl7.processing-id-unsupported': ['refused', 'answer', 'AR', '202', 'not-supported', 422, 'MSH-11 not accepted'],
  'hl7.version-unsupported': ['refused', 'answer', 'AR', '203', 'not-supported', 422, 'MSH-12 not accepted'],
  'hl7.sender-unknown': ['refused', 'answer', 'AR', '199', 'security', 403, 'MSH-3/MSH-4 may not send on this feed'],
  'hl7.frame-oversize': [
    'permanent',
    'answer',
    'AR',
    '104',
    'too-long',
    413,
    'The message is longer than the feed takes',
  ],
  'hl7.frame-broken': ['permanent', 'answer', 'AR', '100', 'structure', 400, 'The frame holds no whole message'],
  'hl7.parse-failed': ['permanent', 'park', 'AE', '100', 'structure', 422, 'The message cannot be read'],
  'hl7.batch-count': ['permanent', 'park', 'AE', '199', 'structure', 422, 'The batch holds another number of messages'],

  // What a message can say that cannot be mapped or applied.
  'map.refused': ['permanent', 'park', 'AE', '199', 'processing', 422, 'The message cannot be mapped'],
  'map.incomplete': ['permanent', 'park', 'AE', '101', 'required', 422, 'A required element is missing'],
  'map.code-unmapped': ['permanent', 'park', 'AE', '103', 'code-invalid', 422, 'A code has no mapping'],
  'map.failed': ['permanent', 'park', 'AE', '207', 'exception', 500, 'The mapping failed on this message'],
  'map.unsupported': [
    'refused',
    'answer',
    'AE',
    '201',
    'not-supported',
    422,
    'No map for this trigger: stored and listed',
  ],
  'map.identity-unsupported': [
    'refused',
    'park',
    'AE',
    '201',
    'not-supported',
    422,
    'An identity or cancel event without a map',
  ],
  'map.patient-unknown': ['permanent', 'park', 'AE', '204', 'not-found', 422, 'The patient cannot be identified'],
  'apply.refused': ['permanent', 'park', 'AE', '199', 'business-rule', 422, 'The store refused what the message says'],
  'identity.mismatch': [
    'permanent',
    'park',
    'AE',
    '205',
    'business-rule',
    422,
    'A known identifier arrives with the demographics of another human',
  ],
  'apply.stamp-equal': [
    'permanent',
    'park',
    'AE',
    '199',
    'conflict',
    409,
    'Two messages with one stamp contradict each other',
  ],
  'apply.waits-for-lane': [
    'transient',
    'wait',
    'AE',
    '207',
    'transient',
    503,
    'An earlier message of this patient is parked',
  ],
  'apply.late': ['transient', 'wait', 'AE', '0', 'incomplete', 202, 'Stored, not yet applied'],

  // Our own trouble.
  'hub.backlog': ['transient', 'answer', 'AR', '207', 'throttled', 503, 'The backlog of this feed is full'],
  'hub.stopping': ['transient', 'answer', 'AR', '207', 'transient', 503, 'The hub is stopping'],
  'hub.internal': ['transient', 'retry', 'AR', '207', 'exception', 500, 'An internal failure'],
  'hub.late': ['transient', 'wait', 'AR', '207', 'transient', 503, 'What is done by the clock came late'],
  'hub.interrupted': ['ambiguous', 'retry', 'AR', '207', 'transient', 503, 'The hub ended while it worked on this'],
  'database.full': ['transient', 'retry', 'AR', '207', 'no-store', 503, 'The disk is full'],
  'database.busy': ['transient', 'retry', 'AR', '207', 'transient', 503, 'The database is busy'],
  'database.unavailable': ['transient', 'retry', 'AR', '207', 'transient', 503, 'The database cannot be reached'],
  'database.timeout': ['transient', 'retry', 'AR', '207', 'timeout', 503, 'The database took too long'],
  'database.conflict': ['transient', 'retry', 'AR', '207', 'conflict', 409, 'Another writer was first'],
  'database.corrupt': ['permanent', 'park', 'AR', '207', 'exception', 500, 'The database is damaged'],
  'database.failed': ['transient', 'retry', 'AR', '207', 'exception', 500, 'The database failed'],
  'database.newer': ['permanent', 'answer', 'AR', '207', 'exception', 500, 'The database was written by a newer hub'],
  'database.unsafe': ['permanent', 'answer', 'AR', '207', 'exception', 500, 'The database may lose what it confirmed'],
  'database.missing': ['permanent', 'answer', 'AR', '207', 'exception', 500, 'There is no database at this place'],
  'database.not-empty': ['refused', 'answer', 'AR', '207', 'exception', 500, 'The database to fill is not empty'],
  'database.copy-unfit': ['permanent', 'answer', 'AR', '207', 'exception', 500, 'A value cannot be copied'],
  'database.copy-differs': ['permanent', 'answer', 'AR', '207', 'exception', 500, 'The copy is not what was copied'],
  'database.copy-unfinished': ['permanent', 'answer', 'AR', '207', 'exception', 500, 'The database is half a copy'],
  'database.moved': ['refused', 'answer', 'AR', '207', 'exception', 500, 'The hub of this database moved to another'],
  'database.command-unknown': [
    'permanent',
    'park',
    'AR',
    '207',
    'exception',
    500,
    'A command the database does not know',
  ],
  'body.purged': ['permanent', 'park', 'AE', '207', 'not-found', 410, 'The body was purged by retention'],
  'body.key-unknown': [
    'permanent',
    'park',
    'AR',
    '207',
    'security',
    500,
    'The body was sealed with a key that is not configured',
  ],

  // Bots and the router.
  'subscription.away': ['transient', 'retry', 'AR', '207', 'transient', 503, 'The subscriber does not answer'],
  'job.failed': ['transient', 'retry', 'AE', '207', 'exception', 500, 'The bot failed'],
  'job.handler-unknown': ['permanent', 'park', 'AE', '207', 'not-found', 500, 'No such bot is loaded'],
  'job.poison': ['permanent', 'park', 'AE', '207', 'exception', 500, 'It failed as often as it may'],
  'message.poison': ['permanent', 'park', 'AE', '207', 'exception', 500, 'It failed as often as it may'],

  // Reaching a partner. Codes of model/transport.ts; a sender never sees them.
  'transport.connect-refused': ['transient', 'retry', 'AR', '207', 'transient', 502, 'Nobody listens at the partner'],
  'transport.connect-timeout': ['transient', 'retry', 'AR', '207', 'timeout', 504, 'No connection in time'],
  'transport.unreachable': ['transient', 'retry', 'AR', '207', 'transient', 502, 'The partner cannot be reached'],
  'transport.closed': ['transient', 'retry', 'AR', '207', 'transient', 503, 'The transport was closed'],
  'transport.busy': ['transient', 'retry', 'AR', '207', 'throttled', 503, 'Too many sends wait for this connection'],
  'transport.tls-handshake': ['transient', 'retry', 'AR', '207', 'security', 502, 'No common TLS protocol'],
  'transport.tls-certificate': [
    'transient',
    'retry',
    'AR',
    '207',
    'security',
    502,
    'The certificate of the partner is not valid',
  ],
  'transport.tls-refused': ['transient', 'retry', 'AR', '207', 'security', 502, 'The partner refused our certificate'],
  'transport.tls-credentials': [
    'permanent',
    'park',
    'AR',
    '207',
    'security',
    500,
    'Our key or certificate cannot be used',
  ],
  'transport.token-refused': ['transient', 'retry', 'AR', '207', 'security', 502, 'The token endpoint gave no token'],
  'transport.redirected': ['permanent', 'park', 'AR', '207', 'not-supported', 502, 'The partner points elsewhere'],
  'transport.request-invalid': [
    'permanent',
    'park',
    'AR',
    '207',
    'structure',
    500,
    'Our settings make no valid request',
  ],
  'transport.payload-unframeable': ['permanent', 'park', 'AR', '207', 'structure', 500, 'The payload cannot be framed'],
  'transport.reset': ['ambiguous', 'retry', 'AR', '207', 'transient', 502, 'The connection broke before the answer'],
  'transport.ack-timeout': ['ambiguous', 'retry', 'AR', '207', 'timeout', 504, 'No answer in time'],
  'transport.closed-by-partner': [
    'ambiguous',
    'retry',
    'AR',
    '207',
    'transient',
    502,
    'The partner ended without an answer',
  ],
  'transport.half-answer': ['ambiguous', 'retry', 'AR', '207', 'transient', 502, 'The answer ended in the middle'],
  'transport.answer-too-long': ['ambiguous', 'retry', 'AR', '207', 'too-long', 502, 'The answer is too long'],
  'transport.answer-garbled': ['ambiguous', 'retry', 'AR', '207', 'structure', 502, 'The answer is no acknowledgement'],

  // What an answer of a partner means for the row.
  'ack.mismatched': ['ambiguous', 'retry', 'AR', '207', 'processing', 502, 'The answer names another message'],
  'ack.unreadable': ['ambiguous', 'retry', 'AR', '207', 'structure', 502, 'The answer cannot be read'],
  'ack.error': [
    'permanent',
    'park',
    'AE',
    '207',
    'processing',
    502,
    'The partner answered AE: it will not take this content',
  ],
  'ack.rejected': ['transient', 'retry', 'AR', '207', 'transient', 502, 'The partner answered AR: try again later'],
  'ack.rejected-header': [
    'permanent',
    'park',
    'AR',
    '207',
    'not-supported',
    502,
    'The partner rejects type, event, version or processing id',
  ],
  'ack.conflict': [
    'transient',
    'retry',
    'AR',
    '207',
    'conflict',
    502,
    'The partner answered 409: another write of the same came between',
  ],
  'ack.status-client': ['permanent', 'park', 'AE', '207', 'processing', 502, 'The partner answered 4xx'],
  'ack.status-server': ['transient', 'retry', 'AR', '207', 'transient', 502, 'The partner answered 5xx or 429'],

  // Why something is not sent at this instant.
  'deliver.queued': ['transient', 'wait', 'AE', '0', 'transient', 202, 'Next in turn'],
  'deliver.waits-for-lane': [
    'transient',
    'wait',
    'AE',
    '0',
    'transient',
    202,
    'An earlier row of this patient goes first',
  ],
  'deliver.partner-down': [
    'transient',
    'wait',
    'AE',
    '0',
    'transient',
    202,
    'The partner is down: tried again by itself',
  ],
  'deliver.released-later': ['refused', 'wait', 'AE', '0', 'business-rule', 202, 'Waits for its release'],
  'deliver.outcome-unknown': [
    'ambiguous',
    'park',
    'AE',
    '207',
    'processing',
    502,
    'It may have arrived and the partner cannot recognise a repeat',
  ],
  'deliver.partner-unknown': ['permanent', 'park', 'AE', '207', 'not-found', 500, 'No such partner is configured'],
  'deliver.endpoint-missing': [
    'permanent',
    'park',
    'AE',
    '207',
    'not-supported',
    500,
    'No endpoint of the partner takes this kind of event',
  ],
  'deliver.resource-missing': [
    'permanent',
    'park',
    'AE',
    '207',
    'not-found',
    500,
    'What it is about is not in the store',
  ],
  'deliver.tries-spent': ['permanent', 'park', 'AE', '207', 'processing', 502, 'It failed as often as it may'],
  'render.failed': ['permanent', 'park', 'AE', '207', 'processing', 500, 'It cannot be written for this partner'],
  'consent.denied': [
    'refused',
    'park',
    'AE',
    '207',
    'forbidden',
    403,
    'No consent permits this recipient at this instant',
  ],
} as const satisfies Record<string, Row>;

export type FailureCode = keyof typeof ROWS;

/** The one failure table. Adding a failure is adding a row. */
export const FAILURES: Readonly<Record<FailureCode, Failure>> = Object.freeze(
  Object.fromEntries(Object.entries(ROWS).map(([code, row]) => [code, failureRow(row)])) as Record<
    FailureCode,
    Failure
  >,
);

function failureRow([kind, next, ack, err3, outcome, http, text]: Row): Failure {
  return { class: kind, next, ack, err3, outcome, http, text };
}

/** What a code of a stage means when that stage found something finer than the table lists (`map.title-empty`). */
const STAGE_DEFAULTS: Readonly<Record<string, FailureCode>> = {
  hl7: 'hl7.parse-failed',
  map: 'map.refused',
  apply: 'apply.refused',
  database: 'database.failed',
  job: 'job.failed',
  render: 'render.failed',
  consent: 'consent.denied',
  transport: 'transport.unreachable',
  ack: 'ack.unreadable',
};

/** The row for any code. A code the table does not list is treated as its stage says; one of no known stage as our own trouble. */
export function failureOf(code: string): Failure {
  const listed = (FAILURES as Readonly<Record<string, Failure>>)[code];
  if (listed) return listed;
  return FAILURES[STAGE_DEFAULTS[code.slice(0, Math.max(0, code.indexOf('.')))] ?? 'hub.internal'];
}
