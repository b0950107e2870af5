import { fhirDate, resolveTime, type SenderTime } from '../hl7/time.ts';
import { hubExtension } from '../model/systems.ts';
import { Annotated } from './annotated.ts';

/** What the element can hold: a `date` has no time of day, an `instant` must have one. */
export type TimeKind = 'date' | 'dateTime' | 'instant';

/** Extension of a time's primitive: what the sender wrote, where its zone had to be assumed. */
export const V2_TIME = hubExtension('v2-time');

const HAS_OFFSET = /[+-]\d{4}$/;

/**
 * A v2 time for a FHIR element. A time of day without offset is resolved in the partner's zone and carries its original text; a
 * date stays a date and never passes through an instant. Codes: `map.time-invalid` (no value), `map.time-gap` and
 * `map.time-overlap` (a wall time that a clock change skips or repeats), `map.time-imprecise` (an instant needs a time of day).
 * Rule: DOMAIN C0 "Time", H8.
 */
export function fhirTime(
  text: string,
  kind: TimeKind,
  sender: SenderTime,
  report: (code: string, text: string) => void,
): string | Annotated | undefined {
  if (kind === 'date') {
    const date = fhirDate(text);
    if (date === undefined) report('map.time-invalid', 'not an HL7 time');
    return date;
  }
  const { fhir, precision, instant, issue } = resolveTime(text, sender);
  if (fhir === undefined) {
    report('map.time-invalid', 'not an HL7 time');
    return undefined;
  }
  if (issue === 'gap') report('map.time-gap', 'the clock change skips this wall time');
  else if (issue === 'overlap')
    report('map.time-overlap', 'the clock change repeats this wall time; the first is taken');
  else if (issue === 'zone-unknown')
    report('map.time-zone-unknown', 'a time of day without offset or zone: its date alone is kept');
  if (kind === 'instant' && instant === undefined) {
    report('map.time-imprecise', 'this element needs a time of day');
    return undefined;
  }
  if (precision === undefined || instant === undefined || HAS_OFFSET.test(text)) return fhir;
  return new Annotated(fhir, [{ url: V2_TIME, valueString: text }]);
}
