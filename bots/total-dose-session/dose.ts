import type { MedicationAdministration } from '@medplum/fhirtypes';
import { type DosingDrug, drugOf } from '../dosing-drug.ts';

const UCUM = 'http://unitsofmeasure.org';
const INTRAVENOUS = '47625008';
/** The label counts two hours; the hub counts them from the last device. Rule: DOMAIN D3 (D default). */
export const MINIMUM_OBSERVATION_MIN = 120;

/** What the administrations of one session come to. */
export interface Dose {
  /** Administrations that stand; entered-in-error ones are not among them. */
  readonly live: readonly MedicationAdministration[];
  /** Absent: none, more than one, or not understood. */
  readonly drug?: DosingDrug | undefined;
  /** Something was given, or may have been. */
  readonly given: boolean;
  /** mg; absent when an amount, its unit or its status is unknown, or two drugs were mixed. Never a partial sum. */
  readonly totalMg?: number;
  /** One was stopped, or its outcome is unknown. */
  readonly incomplete: boolean;
  /** One is still going on. */
  readonly running: boolean;
  /** dateTime texts as their source wrote them. */
  readonly firstDevice?: string;
  /** Absent when the time of any administration that was given is unknown. */
  readonly lastDevice?: string;
}

const NOT_GIVEN = ['not-done'];
const UNKNOWN = ['unknown', 'on-hold'];

/** Adds up what was given: completed and stopped ones by their actual amount, not-done ones as nothing. Rule: H11, DOMAIN C1 RAS. */
export function doseOf(administrations: readonly MedicationAdministration[]): Dose {
  // Searches promise no order; what is derived must not depend on one.
  const live = administrations
    .filter((each) => each.status !== 'entered-in-error')
    .sort((a, b) => (a.id ?? '').localeCompare(b.id ?? ''));
  const given = live.filter((each) => !NOT_GIVEN.includes(each.status));
  const drugs = new Set(given.map(drugOf));
  const amounts = given.map(milligrams);
  const running = given.some((each) => each.status === 'in-progress');
  const isKnown = drugs.size <= 1 && amounts.every((each) => each !== undefined);
  const total = amounts.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const times = given.map(timesOf);
  const starts = times.flatMap((each) => each.start ?? []).sort(byInstant);
  const ends = times.flatMap((each) => each.end ?? []).sort(byInstant);
  const [firstDevice, lastDevice] = [starts[0], ends.at(-1)];
  return {
    live,
    given: given.length > 0,
    drug: drugs.size === 1 ? [...drugs][0] : undefined,
    ...(isKnown ? { totalMg: Math.round(total * 1e6) / 1e6 } : {}),
    incomplete: given.some((each) => each.status === 'stopped' || UNKNOWN.includes(each.status)),
    running,
    ...(firstDevice === undefined ? {} : { firstDevice }),
    ...(lastDevice !== undefined && !running && ends.length === given.length ? { lastDevice } : {}),
  };
}

function milligrams(administration: MedicationAdministration): number | undefined {
  if (UNKNOWN.includes(administration.status)) return undefined;
  const { value, code, system, unit } = administration.dosage?.dose ?? {};
  const isMg = code === undefined ? unit === 'mg' : code === 'mg' && (system ?? UCUM) === UCUM;
  return isMg && value !== undefined && value >= 0 ? value : undefined;
}

/** When it began, and the moment from which observation counts. A date alone is no time; an infusion without end has none either. */
function timesOf(administration: MedicationAdministration): { start?: string; end?: string } {
  const { effectivePeriod: period, effectiveDateTime } = administration;
  const start = precise(effectiveDateTime ?? period?.start);
  if (start === undefined || UNKNOWN.includes(administration.status)) return start === undefined ? {} : { start };
  const end = precise(period?.end);
  if (end !== undefined && byInstant(end, start) > 0) return { start, end };
  return isInfusion(administration) ? { start } : { start, end: start };
}

const precise = (text: string | undefined) => (text?.includes('T') ? text : undefined);
export const byInstant = (a: string, b: string): number => Date.parse(a) - Date.parse(b);

function isInfusion({ dosage }: MedicationAdministration): boolean {
  const route = (dosage?.route?.coding ?? []).map((each) => each.code);
  return route.includes(INTRAVENOUS) || dosage?.rateQuantity !== undefined || dosage?.rateRatio !== undefined;
}

/** A dateTime some minutes later, in the offset its source wrote. */
export function minutesLater(text: string, minutes: number): string {
  const at = Date.parse(text) + minutes * 60_000;
  const [, sign, hours = '0', rest = '0'] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
  const offsetMin = (Number(hours) * 60 + Number(rest)) * (sign === '-' ? -1 : 1);
  const local = new Date(at + offsetMin * 60_000).toISOString().slice(0, 19);
  return `${local}${sign === undefined ? 'Z' : `${sign}${hours}:${rest}`}`;
}
