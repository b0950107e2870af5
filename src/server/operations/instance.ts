import type { Context } from '../context.ts';
import { textsOf } from '../present.ts';
import { visibleRow } from '../read-interactions.ts';
import { refuse } from '../refusal.ts';
import type { Target } from './operation.ts';

/** What nothing held here can decide. An answer would be a guess. */
export const undecidable = (systems: readonly string[]) =>
  refuse(422, 'not-supported', `not held here whole, so nothing can be said: ${systems.slice(0, 10).join(', ')}`);

/** The instance an operation was called on, as the reader sees it. 404 otherwise. */
export async function instanceOf<T>(context: Context, { type = '', id = '' }: Target): Promise<T> {
  const row = await visibleRow(context, type, id);
  if (!row || row.deleted === 1) throw refuse(404, 'not-found', `no such ${type}`);
  return JSON.parse((await textsOf(context, [row])).get(row.rid)!) as T;
}
