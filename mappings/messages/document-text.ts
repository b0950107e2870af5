import type { Segment } from '../../src/hl7/tree.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { eiKey } from '../datatypes/identifier.ts';
import type { IdentifierKey } from '../keys.ts';
import { nodeOf } from './dosage.ts';

/** A document number (TXA-12, TXA-13, TXA-14). */
export function numberOf(txa: Segment, field: number, scope: Scope): IdentifierKey | undefined {
  const node = nodeOf(txa, field, scope);
  return node === undefined ? undefined : eiKey(node, scope);
}

/** Lines of the text OBX, in order. */
export function contentText(segments: readonly Segment[]): string {
  return segments
    .filter((obx) => !['ED', 'RP'].includes(obx.get(2)?.trim().toUpperCase() ?? ''))
    .flatMap((obx) => obx.repetitions(5).map((repetition) => repetition.text))
    .filter((text): text is string => text !== undefined && text.trim() !== '')
    .join('\n');
}
