import type { CodeableConcept, Observation } from '@medplum/fhirtypes';
import { codeIn, SESSION_CODE } from '../../src/model/codes.ts';
import type { Dose } from './dose.ts';

const LOINC = 'http://loinc.org';
export const VITALS = {
  panel: '85354-9',
  systolic: '8480-6',
  diastolic: '8462-4',
  oxygen: ['59408-5', '2708-6'],
} as const;

/** Minutes: the reading at about 40 min lies between 30 after the first device and 60 after the last; the one before leaving is later. */
const EARLY_MIN = 30;
const LATE_MIN = 60;
const MINUTE_MS = 60_000;

/** An observation of another patient's day or of the next morning is none of the session. */
export const BEFORE_MS = 4 * 60 * MINUTE_MS;
export const AFTER_MS = 12 * 60 * MINUTE_MS;

const COUNTS = ['final', 'amended', 'corrected', 'preliminary'];

/**
 * What the label asks to be observed and is not recorded, in words. An empty list does not say that the patient is well, nor that
 * the patient may go. Rule: DOMAIN D3, H12.
 */
export function missingOf(dose: Dose, observations: readonly Observation[]): string[] {
  const recorded = observations.filter((each) => COUNTS.includes(each.status));
  const first = dose.firstDevice === undefined ? undefined : Date.parse(dose.firstDevice);
  const last = dose.lastDevice === undefined ? first : Date.parse(dose.lastDevice);
  const pressures = bloodPressures(recorded);
  const between = (from: number, to: number) => pressures.some((at) => from <= at && at <= to);
  const checks: [string, boolean][] = [
    ['Blood pressure before the dose', first !== undefined && between(first - BEFORE_MS, first)],
    [
      'Blood pressure at about 40 minutes',
      first !== undefined && between(first + EARLY_MIN * MINUTE_MS, last! + LATE_MIN * MINUTE_MS),
    ],
    ['Blood pressure before leaving', last !== undefined && between(last + LATE_MIN * MINUTE_MS + 1, last + AFTER_MS)],
    ['Oxygen saturation', recorded.some((each) => has(each.code, VITALS.oxygen) && isValued(each))],
    ['Sedation', recorded.some((each) => isAbout(each.code, 'sedation', /sedation|moaa/i) && isValued(each))],
    ['Dissociation', recorded.some((each) => isAbout(each.code, 'dissociation', /dissociat|cadss/i) && isValued(each))],
  ];
  return checks.filter(([, isThere]) => !isThere).map(([words]) => words);
}

/** True for the codes the list looks at. */
export function isSessionObservation({ code }: Observation): boolean {
  const { panel, systolic, diastolic, oxygen } = VITALS;
  return (
    has(code, [panel, systolic, diastolic, ...oxygen]) ||
    isAbout(code, 'sedation', /sedation|moaa/i) ||
    isAbout(code, 'dissociation', /dissociat|cadss/i)
  );
}

const has = (concept: CodeableConcept | undefined, codes: readonly string[]): boolean =>
  (concept?.coding ?? []).some((each) => each.system === LOINC && codes.includes(each.code ?? ''));

const isAbout = (concept: CodeableConcept, code: 'sedation' | 'dissociation', words: RegExp): boolean =>
  codeIn(SESSION_CODE, concept) === code ||
  [concept.text, ...(concept.coding ?? []).map((each) => each.display)].some((each) => words.test(each ?? ''));

type Valued = Pick<
  Observation,
  'valueQuantity' | 'valueInteger' | 'valueString' | 'valueCodeableConcept' | 'valueBoolean'
>;
const isValued = (one: Valued): boolean =>
  one.valueQuantity?.value !== undefined ||
  one.valueInteger !== undefined ||
  one.valueBoolean !== undefined ||
  one.valueString !== undefined ||
  one.valueCodeableConcept !== undefined;

/** Moments at which both pressures were read, as one panel or as two observations of the same time. */
function bloodPressures(observations: readonly Observation[]): number[] {
  const readings = new Map<number, Set<string>>();
  for (const each of observations) {
    const at = Date.parse(each.effectiveDateTime ?? each.effectivePeriod?.start ?? each.effectiveInstant ?? '');
    if (Number.isNaN(at)) continue;
    const parts = [{ ...each, code: each.code }, ...(each.component ?? [])];
    for (const which of [VITALS.systolic, VITALS.diastolic]) {
      if (!parts.some((part) => has(part.code, [which]) && isValued(part))) continue;
      readings.set(at, (readings.get(at) ?? new Set()).add(which));
    }
  }
  return [...readings].filter(([, read]) => read.size === 2).map(([at]) => at);
}
