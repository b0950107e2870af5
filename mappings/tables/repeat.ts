import type { Json } from '../../src/model/json.ts';

type Repeat = Readonly<Record<string, Json>>;

const every = (period: number, unit: 'h' | 'd' | 'wk' | 'mo' | 'min', frequency = 1): Repeat => ({
  frequency,
  period,
  periodUnit: unit,
});

const NAMED: Readonly<Record<string, Repeat>> = {
  QD: every(1, 'd'),
  DAILY: every(1, 'd'),
  BID: every(1, 'd', 2),
  TID: every(1, 'd', 3),
  QID: every(1, 'd', 4),
  QOD: every(2, 'd'),
  QAM: { ...every(1, 'd'), when: ['MORN'] },
  QPM: { ...every(1, 'd'), when: ['EVE'] },
  QHS: { ...every(1, 'd'), when: ['HS'] },
  HS: { ...every(1, 'd'), when: ['HS'] },
  QW: every(1, 'wk'),
  QWK: every(1, 'wk'),
  WEEKLY: every(1, 'wk'),
  BIW: every(1, 'wk', 2),
  TIW: every(1, 'wk', 3),
  Q2W: every(2, 'wk'),
  QOW: every(2, 'wk'),
  BIWEEKLY: every(2, 'wk'),
  QMO: every(1, 'mo'),
  MONTHLY: every(1, 'mo'),
};

const COUNTED = /^Q(\d{1,3})(S|M|H|D|W|L)$/;
const UNITS: Readonly<Record<string, 's' | 'min' | 'h' | 'd' | 'wk' | 'mo'>> = {
  S: 's',
  M: 'min',
  H: 'h',
  D: 'd',
  W: 'wk',
  L: 'mo',
};
const WEEKDAYS = /^Q(\d{1,2})J(\d)$/;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Table 0335 as Timing.repeat; undefined for patterns that name no rhythm (C, ONCE, PRN …). Rule: HL7 v2.5.1 section 4.3.2.1. */
export function repeatOf(pattern: string): Repeat | undefined {
  const code = pattern.toUpperCase().replace(/\s+/g, '');
  if (Object.hasOwn(NAMED, code)) return NAMED[code];
  const counted = COUNTED.exec(code);
  if (counted !== null && Number(counted[1]) > 0) {
    return { frequency: 1, period: Number(counted[1]), periodUnit: UNITS[counted[2]!]! };
  }
  const weekday = WEEKDAYS.exec(code);
  const day = weekday === null ? undefined : DAYS[Number(weekday[2]) - 1];
  return day === undefined || Number(weekday![1]) < 1
    ? undefined
    : { dayOfWeek: [day], period: Number(weekday![1]), periodUnit: 'wk', frequency: 1 };
}

const TIME_UNITS: Readonly<Record<string, 's' | 'min' | 'h' | 'd' | 'wk' | 'mo' | 'a'>> = {
  S: 's',
  SEC: 's',
  MIN: 'min',
  M: 'min',
  H: 'h',
  HR: 'h',
  D: 'd',
  DAY: 'd',
  W: 'wk',
  WK: 'wk',
  WEEK: 'wk',
  MO: 'mo',
  L: 'mo',
  A: 'a',
  Y: 'a',
};

/** A unit of time as UCUM has it; undefined when it is none. */
export function timeUnit(text: string | undefined): string | undefined {
  return text === undefined
    ? undefined
    : TIME_UNITS[text.toUpperCase().replace(/S$/, (end) => (text.length > 1 ? '' : end))];
}

/** Table 0528 as Timing.repeat.when (v3-TimingEvent): the events R4 has. */
const EVENTS: Readonly<Record<string, string>> = {
  AC: 'AC',
  ACD: 'ACD',
  ACM: 'ACM',
  ACV: 'ACV',
  HS: 'HS',
  PC: 'PC',
  PCD: 'PCD',
  PCM: 'PCM',
  PCV: 'PCV',
};

export function eventOf(code: string | undefined): string | undefined {
  return code === undefined ? undefined : EVENTS[code.toUpperCase()];
}
