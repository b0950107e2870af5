import type { Segment } from '../../src/hl7/tree.ts';

/** The NTE that follow a segment directly: its own remarks. */
export function notesAfter(segment: Segment): Segment[] {
  const segments = segment.message.segments();
  const notes: Segment[] = [];
  for (let at = segment.index + 1; segments[at]?.name === 'NTE'; at += 1) notes.push(segments[at]!);
  return notes;
}
