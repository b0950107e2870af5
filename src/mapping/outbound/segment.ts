import { read } from './element.ts';
import type { Found, Subject } from './event.ts';
import type { ElementRow, FieldValue, GivenRow, OutRow, Repetition, SegmentPlan, Writing } from './row.ts';
import { atLeast, componentsOf, fieldsOf } from './version.ts';

/** One segment before escaping: fields by number, 1-based. */
export interface RawSegment {
  readonly name: string;
  readonly fields: ReadonlyMap<number, FieldValue>;
}

/** `missing`: a required field could not be written, so that the message must not leave. */
export type Written = { readonly segment: RawSegment } | { readonly missing: string };

/**
 * One segment of its rows. A field or component the endpoint's version does not have is left out with an issue; several rows to
 * one field add repetitions. Undefined: the segment would say nothing, or the version does not have it, which is an issue.
 */
export function writeSegment(plan: SegmentPlan, subject: Subject, writing: Writing): Written | undefined {
  const { version } = writing.endpoint;
  const count = fieldsOf(plan.segment, version);
  if (count === undefined || (plan.since !== undefined && !atLeast(version, plan.since))) {
    leftOut(plan, subject, writing);
    return undefined;
  }
  const fields = new Map<number, FieldValue>();
  for (const row of plan.rows) {
    const number = fieldNumber(row, plan);
    if (!applies(row, version)) continue;
    const value = writeRow(row, subject, writing);
    if (value.length === 0) {
      if (row.required) return { missing: row.to };
    } else if (number > count) {
      writing.issue(
        'render.version-lacks-field',
        'warning',
        placeOf(row, subject),
        `${row.to} does not exist in version ${version}`,
      );
    } else {
      fields.set(number, [...(fields.get(number) ?? []), ...fitted(value, row, subject, writing)]);
    }
  }
  if (plan.worth !== undefined && !fields.has(Number(plan.worth.split('-')[1]))) return undefined;
  for (const path of plan.also ?? []) for (const found of read(subject, path)) writing.carried(found.path);
  return { segment: { name: plan.segment, fields } };
}

function leftOut(plan: SegmentPlan, subject: Subject, writing: Writing): void {
  const place = Object.values(subject).find((member) => member !== undefined)?.path ?? '';
  writing.issue(
    'render.version-lacks-segment',
    'warning',
    place,
    `${plan.segment} does not exist in version ${writing.endpoint.version}`,
  );
}

function fieldNumber(row: OutRow, plan: SegmentPlan): number {
  const [segment, field] = row.to.split('-');
  if (segment !== plan.segment) throw new TypeError(`row ${row.to} stands in a plan of ${plan.segment}`);
  return Number(field);
}

function applies({ since, until }: OutRow, version: string): boolean {
  return (since === undefined || atLeast(version, since)) && (until === undefined || !atLeast(version, until));
}

function placeOf(row: OutRow, subject: Subject): string {
  const path = 'from' in row ? row.from : row.carries?.[0];
  return (path === undefined ? undefined : read(subject, path)[0]?.path) ?? '';
}

function writeRow(row: OutRow, subject: Subject, writing: Writing): FieldValue {
  return 'from' in row ? writeElement(row, subject, writing) : writeGiven(row, subject, writing);
}

function writeGiven(row: GivenRow, subject: Subject, writing: Writing): FieldValue {
  const value = row.give(subject, writing) ?? [];
  if (value.length > 0) {
    for (const path of row.carries ?? []) for (const found of read(subject, path)) writing.carried(found.path);
  }
  return value.filter((repetition) => repetition.length > 0);
}

function writeElement(row: ElementRow, subject: Subject, writing: Writing): FieldValue {
  const { item, repeats } = row.as;
  const value: Repetition[] = [];
  for (const found of read(subject, row.from)) {
    if (row.only !== undefined && !row.only(found.value)) continue;
    if (!repeats && value.length > 0) break;
    const repetition = item.write(found, writing);
    if (repetition === undefined || repetition.length === 0) continue;
    value.push(repetition);
    for (const path of carriedBy(item.uses, found)) writing.carried(path);
  }
  return value;
}

function carriedBy(uses: readonly string[], found: Found): readonly string[] {
  return uses.includes('*') ? [found.path] : uses.map((name) => `${found.path}.${name}`);
}

function fitted(value: FieldValue, row: OutRow, subject: Subject, writing: Writing): FieldValue {
  const type = 'from' in row ? row.as.item.type : (row.type ?? '');
  const max = componentsOf(type, writing.endpoint.version);
  if (value.every((repetition) => repetition.length <= max)) return value;
  writing.issue(
    'render.version-lacks-component',
    'warning',
    placeOf(row, subject),
    `${row.to}.${max + 1} and later do not exist in version ${writing.endpoint.version}`,
  );
  return value.map((repetition) => repetition.slice(0, max));
}
