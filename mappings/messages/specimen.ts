import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import { Annotated } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { specimenKey } from '../keys.ts';
import { SPM_SPECIMEN } from '../segments/specimen.ts';
import { codeKey } from './clinical.ts';
import { conceptAt, nodeOf } from './dosage.ts';

/** SPM → Specimen, keyed by its own number, else by the order it came with and its type. */
export function stateSpecimen(
  spm: Segment,
  patient: Draft,
  order: string | undefined,
  scope: Scope,
): Draft | undefined {
  const node = nodeOf(spm, 2, scope);
  const number = node === undefined ? undefined : (eiKey(node.part(2), scope) ?? eiKey(node.part(1), scope));
  const type = conceptAt(spm, 4, scope, '0487');
  if (number === undefined && (order === undefined || type === undefined)) {
    scope.place(spm, 2);
    scope.issue('map.key-missing', 'a specimen without number, order or type is not carried');
    return undefined;
  }
  const key =
    number === undefined
      ? specimenKey(scope.owner, patient.id, order, codeKey(type!), spm.get(17))
      : specimenKey(scope.owner, number.system, number.value);
  const specimen = scope.draft(key, patient.id);
  specimen.set('subject', patient.reference);
  scope.apply(SPM_SPECIMEN, spm, specimen);
  const parents = spm.repetitions(3).flatMap((repetition) => {
    scope.place(spm, 3);
    const parent = eiKey(new Node(repetition).part(2), scope) ?? eiKey(new Node(repetition).part(1), scope);
    return parent === undefined ? [] : [{ identifier: { system: parent.system, value: parent.value } }];
  });
  if (parents.length > 0) specimen.snapshot('parent[SPM-3]', parents);
  collected(spm, specimen, scope);
  container(spm, specimen, scope);
  return specimen;
}

function collected(spm: Segment, specimen: Draft, scope: Scope): void {
  const [start, end] = [spm.get(17, 1, 1)?.trim(), spm.get(17, 1, 2)?.trim()];
  scope.place(spm, 17);
  const from = start ? scope.time(start, 'dateTime') : undefined;
  const to = end ? scope.time(end, 'dateTime') : undefined;
  if (to === undefined) {
    if (from !== undefined) specimen.set('collection.collectedDateTime', from);
    return;
  }
  const plain = (time: string | Annotated): Json => (time instanceof Annotated ? time.value : time);
  specimen.set('collection.collectedPeriod', { ...(from !== undefined && { start: plain(from) }), end: plain(to) });
}

function container(spm: Segment, specimen: Draft, scope: Scope): void {
  const held: Record<string, Json> = {};
  const type = conceptAt(spm, 27, scope);
  if (type !== undefined) held.type = type;
  const additives = spm.repetitions(6).flatMap((repetition) => {
    scope.place(spm, 6);
    const found = conceptOf(new Node(repetition), scope, '0371');
    return found === undefined ? [] : [found as unknown as Json];
  });
  if (additives[0] !== undefined) held.additiveCodeableConcept = additives[0];
  const list = additives.slice(1).map((additive): Json => ({ additiveCodeableConcept: additive }));
  if (Object.keys(held).length > 0) specimen.snapshot('container[SPM]', [held, ...list]);
}
