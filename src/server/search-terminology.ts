import type { Context } from './context.ts';
import { refuse } from './refusal.ts';

/** Codes a terminology modifier stands for, as far as the store and the built-in value sets can tell. Unknown sets are refused. */
export async function codesIn(
  { engine }: Context,
  modifier: 'in' | 'not-in' | 'above' | 'below',
  values: readonly string[],
): Promise<{ readonly system: string; readonly code: string }[]> {
  if (modifier === 'above' || modifier === 'below') {
    throw refuse(400, 'not-supported', `the modifier ${modifier} is not supported on codes`);
  }
  return values.flatMap((url) => {
    const set = engine.definitions.codeSet(url);
    if (!set || (set.open ?? []).length > 0) throw refuse(400, 'not-supported', 'the value set is not held here');
    return Object.entries(set.systems).flatMap(([system, codes]) => codes.map((code) => ({ system, code })));
  });
}
