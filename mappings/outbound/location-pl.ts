import type { Location } from '@medplum/fhirtypes';
import type { Component, Repetition, Writing } from '../../src/mapping/outbound/row.ts';
import { trimmed } from '../../src/mapping/outbound/writers.ts';
import { ownEntry } from '../../src/mapping/own-entry.ts';

/** Physical type → PL component: point of care, room, bed, facility, building, floor. */
const COMPONENTS: Readonly<Record<string, number>> = { wa: 1, wi: 1, ro: 2, bd: 3, si: 4, bu: 7, lvl: 8 };
const DEPTH_MAX = 8;

/**
 * A reference to a place → PL, with the places it is part of where they were released. A place whose kind is not stated is the point
 * of care. Of a place that was not released the words it is shown by go as the description (PL.9): they are no point of care.
 */
export function placeOf(
  reference: { reference?: string; display?: string } | undefined,
  writing: Writing,
): Repetition | undefined {
  const parts: Component[] = Array<Component>(8).fill('');
  let target = writing.scene.at(reference);
  if (target === undefined) return reference?.display === undefined ? undefined : [...parts, reference.display];
  for (let depth = 0; target?.value.resourceType === 'Location' && depth < DEPTH_MAX; depth += 1) {
    const { name, physicalType, partOf } = target.value as Location;
    const kind =
      physicalType?.coding?.map(({ code }) => ownEntry(COMPONENTS, code ?? '')).find((at) => at !== undefined) ?? 1;
    if (name !== undefined && parts[kind - 1] === '') {
      parts[kind - 1] = name;
      for (const element of ['name', 'physicalType', 'partOf', 'mode']) writing.carried(`${target.path}.${element}`);
    }
    target = writing.scene.at(partOf);
  }
  const written = trimmed(parts);
  return written.length === 0 ? undefined : written;
}
