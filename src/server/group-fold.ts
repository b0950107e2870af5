import type { ElementAssertion, GroupAssertion, Stamp } from '../model/assertion.ts';
import { compareStamps } from './fold.ts';

/** What is known of a group's membership: the latest whole snapshot, and when each resource was last named as a member. */
export interface GroupState {
  readonly latest?: {
    readonly stamp: Stamp;
    readonly members: readonly string[];
    readonly onRemoved: readonly ElementAssertion[];
  };
  /** `Type/id` → stamp of the latest message that names it. */
  readonly named: Readonly<Record<string, Stamp>>;
}

/** Folds one message's snapshot. Order of arrival does not matter. */
export function foldGroup(state: GroupState, said: GroupAssertion, stamp: Stamp): GroupState {
  const named: Record<string, Stamp> = { ...state.named };
  const members = said.members.map(({ type, id }) => `${type}/${id}`);
  for (const member of members) {
    const known = named[member];
    if (!known || compareStamps(stamp, known) > 0) named[member] = stamp;
  }
  const newer = said.complete && (!state.latest || compareStamps(stamp, state.latest.stamp) >= 0);
  const latest = newer ? { stamp, members, onRemoved: said.onRemoved } : state.latest;
  return latest ? { latest, named } : { named };
}

/** Resources that were members by an older message and are not in the latest whole snapshot. */
export function removedMembers(state: GroupState): string[] {
  const { latest } = state;
  if (!latest) return [];
  return Object.keys(state.named)
    .filter((member) => !latest.members.includes(member) && compareStamps(state.named[member]!, latest.stamp) < 0)
    .sort();
}
