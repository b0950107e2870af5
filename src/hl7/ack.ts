import { buildMessage, type FieldValue, fieldValue, type SegmentValue } from './build.ts';
import { DEFAULT_DELIMITERS, type Delimiters } from './delimiters.ts';
import { eld, erl, readLocation } from './location.ts';
import type { Message } from './tree.ts';

/** Original mode: AA AE AR. Enhanced mode, accept: CA CE CR. Rule: HL7 table 0008. */
export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

/** HL7 table 0357, message error condition codes, with the table's text: no free text, so no value of a message can get in. */
export const ERROR_CONDITION = {
  '0': 'Message accepted',
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '104': 'Value too long',
  '198': 'Non-conformant cardinality',
  '199': 'Other HL7 error',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application error',
} as const;

export type ErrorCondition = keyof typeof ERROR_CONDITION;

/** One ERR segment. Texts are the hub's own words about places and codes, never values of the request. */
export interface AckError {
  /** Canonical location (`PID[1]-3[1].4.1`); one that cannot be read is left out. */
  readonly location?: string | undefined;
  /** Table 0357. */
  readonly condition: ErrorCondition;
  /** Table 0516. */
  readonly severity: 'E' | 'W' | 'I' | 'F';
  /** ERR-5: the hub's own failure code. */
  readonly applicationCode?: string | undefined;
  /** ERR-7: for an analyst. */
  readonly diagnostic?: string | undefined;
  /** ERR-8: for a user. */
  readonly userMessage?: string | undefined;
}

export interface AckOptions {
  readonly code: AckCode;
  /** Fresh MSH-10 of the acknowledgement. */
  readonly controlId: string;
  /** Fresh MSH-7, as v2 text (`time.ts`, `formatInstant`). */
  readonly dateTime: string;
  readonly errors?: readonly AckError[];
  /** MSA-4 under the sequence number protocol. */
  readonly expectedSequence?: number;
  /** Who answers when the request does not name its receiver. */
  readonly self?: { readonly application?: string; readonly facility?: string };
  /**
   * Set when this is an application acknowledgement sent as an exchange of its own (enhanced mode): MSH-16 is then NE and
   * MSH-15 what is asked for here. An answer on the same connection has neither. Rule: HL7 v2.9 section 2.8.4.
   */
  readonly ownExchange?: { readonly acceptAck: 'AL' | 'NE' | 'ER' | 'SU' };
}

const VERSION_DEFAULT = '2.5.1';

/**
 * The acknowledgement of a request, whatever the request looks like: without MSH-10, with broken delimiters or as plain garbage
 * the result is still a well-formed message. Sender and receiver are swapped; processing id, version, delimiters and character
 * set are those of the request. It records nothing: to send it means what the caller made true before.
 * Rule: HL7 v2.9 sections 2.8 and 2.14; DOMAIN C0.
 */
export function buildAck(request: Message, options: AckOptions): Uint8Array {
  const version = request.header.version ?? VERSION_DEFAULT;
  const errors = options.errors ?? [];
  const segments = [
    header(request, options, version),
    answer(request, options, version),
    ...(isBefore(version, 2, 5) ? oldErrors(errors) : errors.map(newError)),
  ];
  const { wire } = request.source;
  return buildMessage(segments, { delimiters: delimitersFor(request.delimiters), encodeAs: wire }).bytes;
}

/** A request whose delimiters are incomplete or not ASCII is answered with the recommended ones. */
export function delimitersFor(asked: Delimiters): Delimiters {
  const { field, component, repetition, escape: mark, subcomponent } = asked;
  const areUsable =
    isUsable(field) && isUsable(component) && isUsable(repetition) && isUsable(mark) && isUsable(subcomponent);
  return areUsable ? asked : DEFAULT_DELIMITERS;
}

const isUsable = (char: string): boolean => char !== '' && char.charCodeAt(0) < 0x80;

function header(request: Message, options: AckOptions, version: string): SegmentValue {
  const trigger = request.header.triggerEvent;
  const hasStructure = trigger !== undefined && !isBefore(version, 2, 3, 1);
  return {
    name: 'MSH',
    fields: {
      3: echo(request, 5) ?? options.self?.application,
      4: echo(request, 6) ?? options.self?.facility,
      5: echo(request, 3),
      6: echo(request, 4),
      7: options.dateTime,
      9: trigger === undefined ? 'ACK' : hasStructure ? ['ACK', trigger, 'ACK'] : ['ACK', trigger],
      10: options.controlId,
      11: echo(request, 11) ?? 'P',
      12: echo(request, 12) ?? version,
      15: options.ownExchange?.acceptAck,
      16: options.ownExchange === undefined ? undefined : 'NE',
      18: echo(request, 18),
    },
  };
}

/**
 * A field of the header, or of another segment, as its sender wrote it, to the byte: bytes that are not of the declared set must come back as they were, or the
 * sender does not know its own control id again. Decoded and escaped only where a copy could do harm or make no sense.
 */
export function echo(request: Message, n: number, segment = request.headerSegment): FieldValue {
  const field = segment?.field(n);
  if (field === undefined || field.isEmpty) return undefined;
  const { wire, charset, plain, image } = request.source;
  const isCopy = wire.wide === undefined && delimitersFor(request.delimiters) === request.delimiters;
  if (!isCopy || hasControl(image, field.start, field.end, charset.shifts === true)) return fieldValue(field);
  return { verbatim: plain && charset.holdsAscii ? image.slice(field.start, field.end) : field.raw };
}

/** A control character, other than the ESC of a set that shifts by it. */
function hasControl(image: string, start: number, end: number, shifts: boolean): boolean {
  for (let i = start; i < end; i += 1) {
    const code = image.charCodeAt(i);
    if (code < 0x20 && !(code === 0x1b && shifts)) return true;
  }
  return false;
}

function answer(request: Message, options: AckOptions, version: string): SegmentValue {
  const [first] = options.errors ?? [];
  const isOld = isBefore(version, 2, 5);
  return {
    name: 'MSA',
    fields: {
      1: options.code,
      2: echo(request, 10),
      // MSA-3 and MSA-6 were replaced by ERR in v2.4 and v2.5; older receivers look nowhere else.
      3: isOld && first !== undefined ? ERROR_CONDITION[first.condition] : undefined,
      4: options.expectedSequence === undefined ? undefined : String(options.expectedSequence),
      6: isOld && first !== undefined ? coded(first.condition) : undefined,
    },
  };
}

function coded(condition: ErrorCondition): string[] {
  return [condition, ERROR_CONDITION[condition], 'HL70357'];
}

function newError(error: AckError): SegmentValue {
  const at = error.location === undefined ? undefined : readLocation(error.location);
  return {
    name: 'ERR',
    fields: {
      2: at === undefined ? undefined : erl(at),
      3: coded(error.condition),
      4: error.severity,
      5: error.applicationCode === undefined ? undefined : [error.applicationCode, undefined, 'L'],
      7: error.diagnostic,
      8: error.userMessage,
    },
  };
}

/** Before v2.5 there is one ERR whose first field repeats: segment, sequence, field, and the code as sub-components. */
function oldErrors(errors: readonly AckError[]): SegmentValue[] {
  if (errors.length === 0) return [];
  const repetitions = errors.map((error) => {
    const at = error.location === undefined ? undefined : readLocation(error.location);
    const [segment, sequence, field] = at === undefined ? [] : eld(at);
    return [segment, sequence, field, coded(error.condition)];
  });
  return [{ name: 'ERR', fields: { 1: { repetitions } } }];
}

let lastVersion = '';
let lastParts: readonly number[] = [];

/** Most answers are in the version of the one before. */
function partsOf(version: string): readonly number[] {
  if (version !== lastVersion) {
    lastParts = version.split('.').map((part) => Number.parseInt(part, 10));
    lastVersion = version;
  }
  return lastParts;
}

function isBefore(version: string, ...bound: readonly number[]): boolean {
  const parts = partsOf(version);
  if (parts.some(Number.isNaN)) return false;
  for (let i = 0; i < bound.length; i += 1) {
    const part = parts[i] ?? 0;
    if (part !== bound[i]) return part < bound[i]!;
  }
  return false;
}
