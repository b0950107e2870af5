/**
 * A place in one message. `segmentIndex` is the 0-based order of the segment among all segments; everything else counts from 1
 * and may be left off from the right (a segment, a field, a repetition …). `occurrence` counts segments of the same name.
 * MSH-1 is the field separator itself, so MSH-3 is the sending application.
 */
export interface Location {
  readonly segment: string;
  readonly segmentIndex: number;
  readonly occurrence: number;
  readonly field?: number;
  readonly repetition?: number;
  readonly component?: number;
  readonly subcomponent?: number;
}

/** The parts of a path inside a segment; what is left off means 1 when reading. */
export interface FieldPath {
  readonly field: number;
  readonly repetition: number;
  readonly component: number;
  readonly subcomponent: number;
}

/** `PID[1]-3[1].4.1`: unambiguous, stable, and free of values. Parts that the location leaves off are left off. */
export function printLocation(at: Location): string {
  let text = `${at.segment}[${at.occurrence}]`;
  if (at.field === undefined) return text;
  text += `-${at.field}`;
  if (at.repetition === undefined) return text;
  text += `[${at.repetition}]`;
  if (at.component === undefined) return text;
  text += `.${at.component}`;
  return at.subcomponent === undefined ? text : `${text}.${at.subcomponent}`;
}

const PRINTED = /^([A-Z][A-Z0-9]{2})\[(\d{1,6})\](?:-(\d{1,4})(?:\[(\d{1,6})\](?:\.(\d{1,4})(?:\.(\d{1,4}))?)?)?)?$/;

/** Reads what `printLocation` wrote. The segment's order in the message is not in the text and so not in the result. */
export function readLocation(text: string): Omit<Location, 'segmentIndex'> | undefined {
  const found = PRINTED.exec(text);
  if (found === null) return undefined;
  const [, segment, occurrence, field, repetition, component, subcomponent] = found;
  return {
    segment: segment!,
    occurrence: Number(occurrence),
    ...(field !== undefined && { field: Number(field) }),
    ...(repetition !== undefined && { repetition: Number(repetition) }),
    ...(component !== undefined && { component: Number(component) }),
    ...(subcomponent !== undefined && { subcomponent: Number(subcomponent) }),
  };
}

/**
 * The components of ERR-2 (ERL): segment id, segment sequence, field, repetition, component, sub-component.
 * Rule: HL7 v2.5.1 section 2.15.4.2.
 */
export function erl(at: Omit<Location, 'segmentIndex'>): string[] {
  const parts: (string | number | undefined)[] = [
    at.segment,
    at.occurrence,
    at.field,
    at.repetition,
    at.component,
    at.subcomponent,
  ];
  const end = parts.indexOf(undefined);
  return (end < 0 ? parts : parts.slice(0, end)).map(String);
}

/** The components of ERR-1 (ELD, before v2.5): segment id, sequence, field position; the code is the caller's. */
export function eld(at: Omit<Location, 'segmentIndex'>): string[] {
  return erl(at).slice(0, 3);
}

const PATH = /^(\d{1,4})(?:\[(\d{1,6})\])?(?:\.(\d{1,4})(?:\.(\d{1,4}))?)?$/;
const paths = new Map<string, FieldPath>();
const PATHS_MAX = 4096;

/** Reads `3`, `3.1`, `3[2].4.1`. An ill-formed path is a mistake in our own code, so it throws. */
export function fieldPath(text: string): FieldPath {
  const known = paths.get(text);
  if (known !== undefined) return known;
  const found = PATH.exec(text);
  if (found === null) throw new TypeError(`not a field path: ${text}`);
  const path = {
    field: Number(found[1]),
    repetition: Number(found[2] ?? 1),
    component: Number(found[3] ?? 1),
    subcomponent: Number(found[4] ?? 1),
  };
  if (paths.size < PATHS_MAX) paths.set(text, path);
  return path;
}
