import type { Segment } from '../../src/hl7/tree.ts';

/** One ORC with what follows it up to the next. An order whose ORC is missing starts at its first detail segment. */
export interface OrderGroup {
  readonly orc: Segment | undefined;
  readonly segments: Segment[];
}

const DETAILS = new Set(['RXO', 'RXE', 'OBR', 'RXA', 'RXD', 'RXG', 'ODS', 'BPO']);

export function orderGroups(segments: readonly Segment[]): OrderGroup[] {
  const groups: OrderGroup[] = [];
  for (const segment of segments) {
    if (segment.name === 'ORC') groups.push({ orc: segment, segments: [] });
    else if (DETAILS.has(segment.name) && groups.length === 0) groups.push({ orc: undefined, segments: [segment] });
    else groups.at(-1)?.segments.push(segment);
  }
  return groups;
}

/** OML^O33 and O35: the specimen comes first, and its orders follow; each order gets the specimen it stands under. */
export function specimenFirstGroups(segments: readonly Segment[]): OrderGroup[] {
  const groups: OrderGroup[] = [];
  let specimens: Segment[] = [];
  let isSpecimen = false;
  for (const segment of segments) {
    if (segment.name === 'SPM') {
      // A specimen after an order begins the next ones.
      specimens = isSpecimen ? [...specimens, segment] : [segment];
      isSpecimen = true;
    } else if (segment.name === 'ORC') {
      groups.push({ orc: segment, segments: [...specimens] });
      isSpecimen = false;
    } else if (!isSpecimen) groups.at(-1)?.segments.push(segment);
    else if (segment.name === 'OBX') specimens.push(segment);
  }
  return groups;
}

export const named = (group: OrderGroup, name: string): Segment[] =>
  group.segments.filter((segment) => segment.name === name);
