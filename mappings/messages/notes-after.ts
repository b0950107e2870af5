import type { Segment } from '../../src/hl7/tree.ts';

/** The NTE that follow a segment directly: its own remarks. */
export function notesAfter(segment: Segment, segments: readonly Segment[]): Segment[] {
  const following = segments.slice(segments.indexOf(segment) + 1);
  const end = following.findIndex((each) => each.name !== 'NTE');
  return end < 0 ? following : following.slice(0, end);
}
