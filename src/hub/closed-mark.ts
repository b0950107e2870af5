import { DatabaseError, type Tx } from '../database/command.ts';
import type { Mark } from '../database/table-copy.ts';

/** The row of `hub_setting` under which no hub starts: `copy` in a database that is being filled, `moved` in one whose hub is elsewhere. */
export const CLOSED: Mark = { table: 'hub_setting', name: 'closed' };

/** Refuses a database that no hub may start on: half a copy, or the home of a hub that works on elsewhere and would send all twice. */
export async function refuseClosed(tx: Tx): Promise<void> {
  const [row] = await tx.query<{ value: string }>('SELECT value FROM hub_setting WHERE name = ?', [CLOSED.name]);
  if (row?.value === 'moved')
    throw new DatabaseError(
      'database.moved',
      'the hub of this home was moved by `handoff migrate`; undo with `--reopen`',
    );
  if (row)
    throw new DatabaseError(
      'database.copy-unfinished',
      'a copy into this database did not end; run `handoff migrate` again',
    );
}
