import type { Segment } from '../../src/hl7/tree.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM } from '../../src/model/labels.ts';
import { CONFIDENTIALITY } from '../tables/confidentiality.ts';

/**
 * Raises the labels of a resource by a confidentiality code (ORC-28, TXA-18, ARV). An unknown code is restricted until somebody says
 * otherwise; nothing ever lowers a label. Rule: DOMAIN §B8, §C2 "0177", H3.
 */
export function raise(draft: Draft, segment: Segment | undefined, field: number, scope: Scope): void {
  if (segment === undefined) return;
  for (const repetition of segment.repetitions(field)) {
    const value = repetition.get(1)?.trim();
    if (!value) continue;
    scope.place(segment, field);
    draft.label(labelsOf(value, scope));
  }
}

export function labelsOf(value: string, scope: Scope, table = CONFIDENTIALITY): { system: string; code: string }[] {
  const mapped = lookUp(table, value, scope.partner) ?? lookUp(CONFIDENTIALITY, value, scope.partner);
  if (mapped === undefined) {
    scope.issue('map.confidentiality-unknown', 'an unknown confidentiality code: treated as restricted');
    return [{ system: CONFIDENTIALITY_SYSTEM, code: 'R' }];
  }
  // Only a sensitivity restricts; integrity and purpose are labels beside it.
  if (mapped.system !== ACT_CODE_SYSTEM) return [{ system: mapped.system, code: mapped.code }];
  return [
    { system: CONFIDENTIALITY_SYSTEM, code: 'R' },
    { system: ACT_CODE_SYSTEM, code: mapped.code },
  ];
}
