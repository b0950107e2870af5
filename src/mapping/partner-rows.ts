import { parsePath } from './compile.ts';
import type { Row, SegmentMap } from './row.ts';

/** What one partner's messages mean differently: a file in `mappings/partners/`, where data in `handoff.yaml` is not enough. */
export interface PartnerRows {
  /** By name of a segment map (`PID[Patient]`). A row with the `from` and `to` of an existing one replaces it. */
  readonly rows?: Readonly<Record<string, RowChange>>;
  /** Segments the standard does not have, onto the patient or the visit they follow. */
  readonly segments?: readonly PartnerSegment[];
}

export interface RowChange {
  // biome-ignore lint/suspicious/noExplicitAny: rows of maps of all resource types
  readonly add?: readonly Row<any>[];
  /** `PID-13`: every row of that field; `PID-13 → telecom`: the one to that element. */
  readonly drop?: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: a Z segment may state any element of its resource
export interface PartnerSegment extends SegmentMap<any> {
  readonly on: 'Patient' | 'Encounter';
}

/**
 * The segment map as the partner's file leaves it. Throws, at start, when the file drops what is not there: a map that has changed under
 * a partner file must be looked at.
 */
// biome-ignore lint/suspicious/noExplicitAny: maps of all resource types
export function changed(map: SegmentMap<any>, change: RowChange): SegmentMap<any> {
  for (const row of change.add ?? []) parsePath(row.from);
  const drop = change.drop ?? [];
  for (const each of drop) {
    if (!map.rows.some((row) => isNamed(row, each))) throw new TypeError(`${map.name} has no row ${each} to drop`);
  }
  const added = change.add ?? [];
  const kept = map.rows.filter(
    (row) =>
      !drop.some((each) => isNamed(row, each)) && !added.some((each) => each.from === row.from && each.to === row.to),
  );
  return { ...map, rows: [...kept, ...added] };
}

function isNamed(row: { readonly from: string; readonly to: string }, name: string): boolean {
  return name === row.from || name === `${row.from} → ${row.to}`;
}
