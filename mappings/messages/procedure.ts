import type { Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf, systemOf } from '../datatypes/coded.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { decimal } from '../datatypes/text.ts';
import { procedureKey } from '../keys.ts';
import { PR1_PROCEDURE } from '../segments/procedure.ts';
import { codeKey } from './clinical.ts';
import { nodeOf } from './dosage.ts';
import { plus } from './schedule-time.ts';

/** PR1 → Procedure: keyed by PR1-19, else by patient, code and time. Status: done, unless PR1-20 takes it back. */
export function stateProcedures(
  segments: readonly Segment[],
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Draft[] {
  return segments.flatMap((pr1) => {
    const code = procedureCode(pr1, scope);
    if (code === undefined) {
      scope.place(pr1, 3);
      scope.issue('map.key-missing', 'a procedure without code or words is not carried');
      return [];
    }
    const numbered = nodeOf(pr1, 19, scope);
    const number = numbered === undefined ? undefined : eiKey(numbered, scope);
    const key =
      number === undefined
        ? procedureKey(scope.owner, patient.id, codeKey(code), pr1.get(5)?.trim())
        : procedureKey(scope.owner, number.system, number.value);
    const procedure = scope.draft(key, patient.id);
    procedure.set('subject', patient.reference);
    if (encounter !== undefined) procedure.set('encounter', encounter.reference);
    procedure.set('status', pr1.get(20)?.trim() === 'D' ? 'entered-in-error' : 'completed');
    procedure.set('code', code);
    performed(pr1, procedure, scope);
    scope.apply(PR1_PROCEDURE, pr1, procedure);
    return [procedure];
  });
}

function procedureCode(pr1: Segment, scope: Scope): Json | undefined {
  const node = nodeOf(pr1, 3, scope);
  const found = node === undefined ? undefined : conceptOf(node, scope);
  const words = pr1.get(4)?.trim();
  if (found === undefined) return words ? { text: words } : undefined;
  const method = pr1.get(2)?.trim();
  const [head, ...others] = found.coding ?? [];
  const modifiers = pr1.repetitions(16).flatMap((repetition) => {
    scope.place(pr1, 16);
    return conceptOf(new Node(repetition), scope)?.coding ?? [];
  });
  if (head !== undefined && head.system === undefined && method)
    found.coding = [{ system: systemOf(method, scope), ...head }, ...others];
  if (modifiers.length > 0) found.coding = [...(found.coding ?? []), ...modifiers];
  if (found.text === undefined && words) found.text = words;
  return found as unknown as Json;
}

function performed(pr1: Segment, procedure: Draft, scope: Scope): void {
  const text = pr1.get(5)?.trim();
  if (!text) return;
  scope.place(pr1, 5);
  const start = scope.time(text, 'dateTime');
  if (start === undefined) return;
  const minutes = decimal(pr1.get(7)?.trim());
  const isMoment = String(start instanceof Annotated ? start.value : start).length <= 10;
  const end = minutes === undefined || minutes <= 0 || isMoment ? undefined : plus(start, minutes);
  if (end === undefined) {
    procedure.set('performedDateTime', start);
    return;
  }
  procedure.set('performedPeriod.start', start);
  procedure.set('performedPeriod.end', end);
}
