import type { AckCode } from './ack.ts';
import { openSource } from './source.ts';
import { Message, type Segment } from './tree.ts';

/** One error a partner reported. Undefined parts were not said. Texts are the partner's: they may hold PHI and are not for logs. */
export interface ReportedError {
  /** `PID[1]-3[1]`, from ERR-2 or from ERR-1 of older versions. */
  readonly location: string | undefined;
  /** Table 0357. */
  readonly condition: string | undefined;
  readonly severity: string | undefined;
  readonly applicationCode: string | undefined;
  readonly text: string | undefined;
}

export type ReadAck =
  | {
      readonly ok: true;
      readonly code: AckCode;
      /** MSA-2; '' when the partner left it out, which answers nobody's message. */
      readonly controlId: string;
      readonly messageType: string | undefined;
      readonly expectedSequence: string | undefined;
      readonly errors: readonly ReportedError[];
    }
  | { readonly ok: false; readonly reason: 'no-header' | 'no-msa' | 'code-unknown' };

const CODES: ReadonlySet<string> = new Set<AckCode>(['AA', 'AE', 'AR', 'CA', 'CE', 'CR']);

/**
 * What a partner's answer says. `ok` means that it is an acknowledgement that can be read, not that it is positive, and not that
 * it answers our message: compare `controlId`. An RRI or ORR with an MSA reads as its acknowledgement.
 */
export function readAck(bytes: Uint8Array): ReadAck {
  const message = new Message(openSource(bytes));
  if (!message.hasHeader) return { ok: false, reason: 'no-header' };
  const msa = message.segment('MSA');
  if (msa === undefined) return { ok: false, reason: 'no-msa' };
  const code = msa.get(1)?.trim().toUpperCase();
  if (code === undefined || !CODES.has(code)) return { ok: false, reason: 'code-unknown' };
  const errors = message.segments('ERR').flatMap(errorsOf);
  const [condition, text] = [msa.get(6), msa.get(3)];
  if (errors.length === 0 && (condition ?? text) !== undefined) {
    errors.push({ location: undefined, condition, severity: undefined, applicationCode: undefined, text });
  }
  return {
    ok: true,
    code: code as AckCode,
    controlId: msa.get(2) ?? '',
    messageType: message.header.messageType,
    expectedSequence: msa.get(4),
    errors,
  };
}

function errorsOf(segment: Segment): ReportedError[] {
  if (segment.get(3) === undefined && segment.get(2) === undefined && segment.get(1) !== undefined) {
    return segment.repetitions(1).map((eld) => ({
      location: place([eld.get(1), eld.get(2), eld.get(3)]),
      condition: eld.get(4, 1),
      severity: undefined,
      applicationCode: undefined,
      text: eld.get(4, 2),
    }));
  }
  return [
    {
      location: place([1, 2, 3, 4, 5, 6].map((n) => segment.get(2, 1, n))),
      condition: segment.get(3),
      severity: segment.get(4),
      applicationCode: segment.get(5),
      text: segment.get(8) ?? segment.get(7) ?? segment.get(3, 1, 2),
    },
  ];
}

/** The canonical print of an ERL, as far as it is well formed: a partner's free text is not taken for a place. */
function place([segment, sequence, field, repetition, component, subcomponent]: readonly (string | undefined)[]):
  | string
  | undefined {
  if (segment === undefined || !/^[A-Z][A-Z0-9]{2}$/.test(segment)) return undefined;
  let text = `${segment}[${number(sequence) ?? 1}]`;
  if (number(field) === undefined) return text;
  text += `-${field}`;
  if (number(repetition) === undefined) return text;
  text += `[${repetition}]`;
  if (number(component) === undefined) return text;
  text += `.${component}`;
  return number(subcomponent) === undefined ? text : `${text}.${subcomponent}`;
}

function number(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? text : undefined;
}
