import { fhirTime } from '../../src/hl7/time.ts';
import type { Segment } from '../../src/hl7/tree.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { decimal, putTime, whole } from '../datatypes/text.ts';
import { eventOf, repeatOf, timeUnit } from '../tables/repeat.ts';

/** Start and end as boundsPeriod; undefined when neither is stated. */
function bounds(start: string | undefined, end: string | undefined, scope: Scope): Json | undefined {
  const found: Record<string, unknown> = {};
  if (start) putTime(found, 'start', scope.time(start, 'dateTime'), scope);
  if (end) putTime(found, 'end', scope.time(end, 'dateTime'), scope);
  return Object.keys(found).length === 0 ? undefined : (found as Json);
}

/** RPT: the named pattern, or a period of its own, with its event and offset. Calendar phases (parts 2 to 4) have no R4 element. */
function pattern(node: Node, repeat: Record<string, Json>): void {
  const code = node.get(1);
  Object.assign(repeat, code === undefined ? undefined : repeatOf(code));
  const period = whole(node.get(5));
  const unit = timeUnit(node.get(6));
  if (period !== undefined && unit !== undefined) Object.assign(repeat, { frequency: 1, period, periodUnit: unit });
  const event = eventOf(node.get(8));
  if (event === undefined) return;
  repeat.when = [event];
  const offset = whole(node.get(9));
  if (offset !== undefined) repeat.offset = offset;
}

/** TQ1 → Timing: pattern, times of day, bounds, duration, count. A pattern without a known rhythm travels as its code. */
export function timingOf(segments: readonly Segment[], scope: Scope): Json | undefined {
  const [tq1] = segments;
  if (tq1 === undefined) return undefined;
  const repeat: Record<string, Json> = {};
  const timing: Record<string, Json> = {};
  const element = tq1.field(3).repetition(1);
  if (element.hasContent && !element.isDelete) {
    scope.place(tq1, 3);
    const node = new Node(element);
    pattern(node, repeat);
    const [coded, words] = [node.get(1), node.get(2)];
    if (coded !== undefined)
      timing.code = {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v2-0335',
            code: coded,
            ...(words !== undefined && { display: words }),
          },
        ],
      };
    else if (words !== undefined) timing.code = { text: words };
  }
  const times = tq1.repetitions(4).flatMap((repetition) => fhirTime(repetition.get(1) ?? '') ?? []);
  if (times.length > 0) timesOfDay(times, repeat);
  scope.place(tq1, 7);
  const period = bounds(tq1.get(7)?.trim(), tq1.get(8)?.trim(), scope);
  const lasts = decimal(tq1.get(6, 1, 1)?.trim());
  const unit = timeUnit(tq1.get(6, 1, 2)?.trim());
  if (period !== undefined) repeat.boundsPeriod = period;
  else if (lasts !== undefined && unit !== undefined) {
    repeat.boundsDuration = { value: lasts, unit, system: 'http://unitsofmeasure.org', code: unit };
  }
  const each = decimal(tq1.get(13, 1, 1)?.trim());
  const eachUnit = timeUnit(tq1.get(13, 1, 2)?.trim());
  if (each !== undefined && eachUnit !== undefined) Object.assign(repeat, { duration: each, durationUnit: eachUnit });
  const total = whole(tq1.get(14));
  if (total !== undefined) repeat.count = total;
  if (Object.keys(repeat).length > 0) timing.repeat = repeat;
  return Object.keys(timing).length === 0 ? undefined : timing;
}

/** Times of day stand instead of events. Rule: FHIR R4 tim-10. */
function timesOfDay(times: readonly string[], repeat: Record<string, Json>): void {
  delete repeat.when;
  delete repeat.offset;
  repeat.timeOfDay = times;
}

/** TQ (ORC-7, RXE-1, OBR-27 before v2.5) → Timing: interval, start and end, total occurrences. */
export function timingOfTq(segment: Segment | undefined, field: number, scope: Scope): Json | undefined {
  const element = segment?.field(field).repetition(1);
  if (segment === undefined || element === undefined || !element.hasContent || element.isDelete) return undefined;
  scope.place(segment, field);
  const node = new Node(element);
  const repeat: Record<string, Json> = {};
  const code = node.part(2).get(1);
  const known = code === undefined ? undefined : repeatOf(code);
  if (known !== undefined) Object.assign(repeat, known);
  const times = (node.part(2).get(2) ?? '').split(',').flatMap((text) => fhirTime(text) ?? []);
  if (times.length > 0) timesOfDay(times, repeat);
  const period = bounds(node.get(4), node.get(5), scope);
  if (period !== undefined) repeat.boundsPeriod = period;
  const total = whole(node.get(12));
  if (total !== undefined) repeat.count = total;
  if (code === undefined && Object.keys(repeat).length === 0) return undefined;
  return {
    ...(Object.keys(repeat).length > 0 && { repeat }),
    ...(code !== undefined && {
      code: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0335', code }] },
    }),
  };
}
