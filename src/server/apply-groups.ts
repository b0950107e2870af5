import type { Tx } from '../database/command.ts';
import type { ApplyUnit } from '../model/store.ts';
import { foldGroup, type GroupState, removedMembers } from './group-fold.ts';
import { lockNames } from './statements.ts';

export interface FoldedGroup {
  readonly key: string;
  readonly state: GroupState;
  readonly removed: readonly string[];
  /** Those removed now or before: what is said of them may differ. */
  readonly touched: readonly string[];
  readonly changed: boolean;
}

export async function foldGroups(tx: Tx, { mapped, stamp, organization }: ApplyUnit): Promise<FoldedGroup[]> {
  const folded: FoldedGroup[] = [];
  for (const said of mapped.groups) {
    const key = `${organization}|${said.group}`;
    lockNames(tx, [`group ${key}`]);
    const [row] = await tx.query<{ state: string }>('SELECT state FROM group_snapshot WHERE group_key = ?', [key]);
    const before = row ? (JSON.parse(row.state) as GroupState) : { named: {} };
    const state = foldGroup(before, said, stamp);
    const changed = JSON.stringify(state) !== row?.state;
    const removed = removedMembers(state);
    folded.push({ key, state, removed, touched: [...new Set([...removedMembers(before), ...removed])], changed });
  }
  return folded;
}
