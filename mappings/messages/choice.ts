import type { Annotated } from '../../src/mapping/annotated.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Json } from '../../src/model/json.ts';

/**
 * States one variant of a choice element and takes the others back, so that a later message which says it another way leaves no two of
 * them on the resource (R4 allows one). `undefined` states nothing.
 */
export function setChoice(
  draft: Draft,
  chosen: string,
  value: Json | Annotated | undefined,
  others: readonly string[],
): void {
  if (value === undefined) return;
  for (const other of others) if (other !== chosen) draft.delete(other);
  draft.set(chosen, value);
}
