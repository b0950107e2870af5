import type { Segment } from '../../src/hl7/tree.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf, known, translatedConcept } from '../datatypes/coded.ts';
import { cq, quantity, range, unitOf } from '../datatypes/quantity.ts';
import { decimal } from '../datatypes/text.ts';
import { ORDER_PRIORITY } from '../tables/order.ts';
import { ADMINISTRATION_METHOD } from '../tables/order-code.ts';
import { ROUTE } from '../tables/route.ts';
import { timingOf, timingOfTq } from './timing.ts';

export function nodeOf(segment: Segment | undefined, field: number, scope: Scope): Node | undefined {
  const element = segment?.field(field).repetition(1);
  if (segment === undefined || element === undefined || !element.hasContent || element.isDelete) return undefined;
  scope.place(segment, field);
  return new Node(element);
}

export function conceptAt(segment: Segment | undefined, field: number, scope: Scope, table?: string): Json | undefined {
  const node = nodeOf(segment, field, scope);
  return node === undefined ? undefined : (conceptOf(node, scope, table) as unknown as Json | undefined);
}

export function routeOf(rxr: Segment | undefined, scope: Scope): Json | undefined {
  const node = nodeOf(rxr, 1, scope);
  return node === undefined ? undefined : (translatedConcept(node, scope, ROUTE) as unknown as Json | undefined);
}

/** RXR-4: SNOMED CT where the guide has it, else as its sender wrote it. */
export function methodOf(rxr: Segment | undefined, scope: Scope): Json | undefined {
  const node = nodeOf(rxr, 4, scope);
  return node === undefined ? undefined : (known(ADMINISTRATION_METHOD).read(node, scope) as Json | undefined);
}

/** Where dose, unit and words stand: RXE and RXO number them alike but for an offset. */
export interface DoseFields {
  readonly low: number;
  readonly high: number;
  readonly unit: number;
  readonly rate?: number;
  readonly rateUnit?: number;
  readonly words: readonly number[];
}

/** Dosage of an order: dose or dose range, rate, route, site, method, timing, words. Undefined when none of them is stated. */
export function dosageOf(
  order: Segment,
  at: DoseFields,
  rxr: Segment | undefined,
  tq1: readonly Segment[],
  scope: Scope,
  orc?: Segment,
): Json | undefined {
  const dosage: Record<string, Json> = {};
  const words = at.words.map(
    (field) =>
      conceptAt(order, field, scope) as { text?: string; coding?: { display?: string; code?: string }[] } | undefined,
  );
  const texts = words
    .map((each) => each?.text ?? each?.coding?.[0]?.display ?? each?.coding?.[0]?.code)
    .filter((text) => text !== undefined);
  const said = tq1.map((segment) => segment.field(11).text?.trim()).filter((text): text is string => !!text);
  if (texts.length + said.length > 0) dosage.text = [...texts, ...said].join('; ');
  const timing =
    timingOf(tq1, scope) ??
    timingOfTq(orc, 7, scope) ??
    (order.name === 'RXE' ? timingOfTq(order, 1, scope) : undefined);
  if (timing !== undefined) dosage.timing = timing;
  if (tq1.some((segment) => isAsNeeded(segment))) dosage.asNeededBoolean = true;
  put(dosage, 'site', conceptAt(rxr, 2, scope));
  put(dosage, 'route', routeOf(rxr, scope));
  put(dosage, 'method', methodOf(rxr, scope));
  const routing = conceptAt(rxr, 5, scope);
  if (routing !== undefined) dosage.additionalInstruction = [routing];
  if (order.name === 'RXE') put(dosage, 'maxDosePerPeriod', mostInADay(order, scope));
  const dose = doseOf(order, at, scope);
  if (dose !== undefined) dosage.doseAndRate = [dose];
  return Object.keys(dosage).length === 0 ? undefined : dosage;
}

/** RXE-19: the total daily dose. */
function mostInADay(rxe: Segment, scope: Scope): Json | undefined {
  const node = nodeOf(rxe, 19, scope);
  const numerator = node === undefined ? undefined : cq(node, scope);
  if (numerator === undefined) return undefined;
  return {
    numerator: numerator as Json,
    denominator: { value: 1, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' },
  };
}

function put(into: Record<string, Json>, name: string, value: Json | undefined): void {
  if (value !== undefined) into[name] = value;
}

function doseOf(order: Segment, at: DoseFields, scope: Scope): Json | undefined {
  const low = decimal(order.get(at.low)?.trim());
  const high = decimal(order.get(at.high)?.trim());
  const unit = unitOf(nodeOf(order, at.unit, scope), scope);
  const dose: Record<string, Json> = {};
  if (low !== undefined && high !== undefined && high !== low) {
    const value = range(low, high, unit);
    if (value === undefined) scope.issue('map.range-reversed', 'the least dose is more than the most');
    else dose.doseRange = value as unknown as Json;
  } else if (low !== undefined) dose.doseQuantity = quantity(low, unit) as Json;
  const rate = at.rate === undefined ? undefined : decimal(order.get(at.rate)?.trim());
  if (rate !== undefined) dose.rateQuantity = quantity(rate, unitOf(nodeOf(order, at.rateUnit!, scope), scope)) as Json;
  return Object.keys(dose).length === 0 ? undefined : dose;
}

function isAsNeeded(tq1: Segment): boolean {
  return tq1.repetitions(3).some((repetition) => repetition.get(1)?.trim().toUpperCase() === 'PRN');
}

/** TQ1-9, else ORC-7.6, as request priority. */
export function priorityOf(tq1: readonly Segment[], orc: Segment | undefined, scope: Scope): string | undefined {
  const value = tq1[0]?.get(9)?.trim() || orc?.get(7, 1, 6)?.trim();
  return value ? lookUp(ORDER_PRIORITY, value.slice(0, 8), scope.partner)?.code : undefined;
}
