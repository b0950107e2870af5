import type { Message, Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { isCode, SAFETY_REASON, type SafetyReason } from '../../src/model/codes.ts';
import type { SafetyResult, SafetyValues } from '../../src/model/partner.ts';
import { resultNoteKey } from '../keys.ts';
import { contentText } from './document-text.ts';
import { isSame, reasonAt, stateResultNote } from './safety-note.ts';

/** OBX-11 of a result that is none yet, or none any more. Rule: HL7 table 0085. */
const NO_RESULT = ['X', 'N', 'O', 'I'];
const TAKEN_BACK = ['D', 'W'];
const CORRECTED = ['C', 'A'];

/** What a result means to the partner's list: a finding with its reason, a listed result that is none, or one nobody listed. */
type Finding = { readonly reason: SafetyReason; readonly isFinding: boolean };

/** True for a message of results with one that is, or takes back, a safety note. The lane is decided by it. */
export const hasSafetyResult = (message: Message, safety: SafetyValues): boolean =>
  message.segments('OBX').some((obx) => noteStatus(obx, safety) !== undefined);

/**
 * A listed result (a score's item, a panic value) is a safety note that refers to its Observation: one note for each result, the same
 * one when it comes again. A result that is taken back, or corrected to what is no finding, takes the note back. Rule: R15, H14, H20.
 */
export function stateSafetyResult(
  obx: Segment,
  observation: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const { safety } = scope.partner;
  const status = noteStatus(obx, safety);
  const found = findingAt(obx, safety);
  if (status === undefined || found === undefined) return;
  const note = scope.draft(resultNoteKey(scope.owner, observation.id), patient.id);
  note.set('status', status);
  stateResultNote(note, obx, found.reason, patient, encounter, scope);
  note.snapshot('reasonReference[OBX]', [observation.reference]);
  note.snapshot('payload[OBX]', [{ contentString: wordsOf(obx) }]);
}

function noteStatus(obx: Segment, safety: SafetyValues): 'completed' | 'entered-in-error' | undefined {
  const found = findingAt(obx, safety);
  const status = obx.get(11)?.trim().toUpperCase() ?? '';
  if (found === undefined || NO_RESULT.includes(status)) return undefined;
  if (TAKEN_BACK.includes(status)) return 'entered-in-error';
  if (found.isFinding) return 'completed';
  return CORRECTED.includes(status) ? 'entered-in-error' : undefined;
}

/** A code listed as a reason is a finding whatever its value; one listed as a result where the value is. */
function findingAt(obx: Segment, safety: SafetyValues): Finding | undefined {
  const reason = reasonAt(obx, safety);
  if (reason !== undefined) return { reason, isFinding: true };
  const codes = [obx.get(3), obx.get(3, 1, 4)];
  const listed = (safety.results ?? []).filter(({ code }) => codes.some((each) => each && isSame(code, each)));
  const [first] = listed;
  const met = listed.find((rule) => meets(obx, rule)) ?? first;
  if (met === undefined || !isCode(SAFETY_REASON, met.reason)) return undefined;
  return { reason: met.reason, isFinding: meets(obx, met) };
}

/** A value that cannot be compared counts as a finding: what is overlooked here is filed as routine. Rule: DOMAIN D5. */
function meets(obx: Segment, { atLeast, atMost, flags, unless = [] }: SafetyResult): boolean {
  const values = obx.repetitions(5).flatMap((each) => each.text?.trim() || []);
  const codes = [obx.get(5)?.trim(), ...values].filter((each) => each !== undefined);
  if (codes.some((value) => unless.some((each) => isSame(each, value)))) return false;
  const flagged = obx.repetitions(8).map((each) => each.component(1).text ?? '');
  if (flags?.some((flag) => flagged.some((each) => isSame(flag, each)))) return true;
  if (atLeast === undefined && atMost === undefined) return flags === undefined;
  const measured = rangeOf(obx);
  if (measured === undefined) return true;
  return (atLeast !== undefined && measured.high >= atLeast) || (atMost !== undefined && measured.low <= atMost);
}

/** OBX-5 as NM (also with a comparator in front) or SN, as the values it may stand for. */
function rangeOf(obx: Segment): { readonly low: number; readonly high: number } | undefined {
  const structured = obx.get(2)?.trim().toUpperCase() === 'SN';
  const parts = [1, 2, 3, 4].map((part) => obx.get(5, 1, part)?.trim() ?? '');
  const [sign = '', number = '', separator = '', second = ''] = structured
    ? parts
    : (/^(>=?|<=?|)\s*([+-]?\d+(?:\.\d+)?)$/.exec(parts[0] ?? '')?.slice(1) ?? []);
  if (number === '' || !Number.isFinite(Number(number))) return undefined;
  const value = Number(number);
  if (separator !== '') {
    return separator === '-' && Number.isFinite(Number(second)) ? { low: value, high: Number(second) } : undefined;
  }
  if (sign.startsWith('>')) return { low: value, high: Number.POSITIVE_INFINITY };
  if (sign.startsWith('<')) return { low: Number.NEGATIVE_INFINITY, high: value };
  return { low: value, high: value };
}

/** The result in one line, as its sender named it: `PHQ-9 item 9: 2 {score} (A)`. */
function wordsOf(obx: Segment): string {
  const name = obx.get(3, 1, 2)?.trim() || obx.get(3)?.trim() || '';
  const value = contentText([obx]).replaceAll('\n', ' ');
  const flags = obx.repetitions(8).flatMap((each) => each.component(1).text?.trim() || []);
  const shown = [value, obx.get(6)?.trim(), flags.length > 0 ? `(${flags.join(', ')})` : ''].filter(Boolean).join(' ');
  return `${name}: ${shown}`;
}
