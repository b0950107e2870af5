import type { Resource } from '@medplum/fhirtypes';
import { highWaterMark, resourceBits } from '../../fhir/labels.ts';
import { LABEL } from '../../model/labels.ts';
import type { Notes } from './notes.ts';
import type { Scene } from './scene.ts';
import type { RawSegment } from './segment.ts';

/** Table 0272 value of what the message holds: the strictest label of anything in it. */
export function confidentialityOf(resources: readonly Resource[]): 'U' | 'R' | 'V' {
  const bits = resources.reduce((all, resource) => all | resourceBits(resource), 0);
  if ((bits & (LABEL.VERY_RESTRICTED | LABEL.PSYTHPN)) !== 0) return 'V';
  return (bits & ~LABEL.MENTAL) === 0 ? 'U' : 'R';
}

/** Content of a Part 2 program may not leave without the notice of 42 CFR 2.32. */
export function needsNotice({ entries, event }: Scene): boolean {
  return event.notice === undefined && entries.some(({ value }) => (resourceBits(value) & LABEL.PART2) !== 0);
}

/** Fields that tell the receiver how to hold the content. */
const CARRIERS: Readonly<Record<string, number>> = { TXA: 18, ARV: 3 };

/**
 * Labels must not fall off on the way: where the message has no field for them, that is said, once. Rule: DOMAIN B8 "v2 carriers".
 */
export function sayLabels(scene: Scene, segments: readonly RawSegment[], notes: Notes): void {
  const mark = highWaterMark(scene.entries.map(({ value }) => value));
  const needs = confidentialityOf(scene.entries.map(({ value }) => value)) !== 'U';
  if (!needs || mark.length === 0) return;
  const isCarried = segments.some(({ name, fields }) => fields.has(CARRIERS[name] ?? 0));
  if (!isCarried) {
    notes.add(
      'render.label-left-out',
      'warning',
      'Bundle.meta.security',
      'the message has no field for the security label',
    );
  }
}
