import type { Json } from '../../src/model/json.ts';

const LOINC = 'http://loinc.org';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

export const BLOOD_PRESSURE = {
  key: `${LOINC}|85354-9`,
  code: {
    coding: [{ system: LOINC, code: '85354-9', display: 'Blood pressure panel with all children optional' }],
  } as Json,
} as const;

/** What becomes a component of the panel. Rule: US Core blood pressure; DOMAIN §B4. */
export const BLOOD_PRESSURE_PARTS: Readonly<Record<string, true>> = {
  [`${LOINC}|8480-6`]: true,
  [`${LOINC}|8462-4`]: true,
};

const VITAL_SIGNS = [
  '85354-9',
  '8480-6',
  '8462-4',
  '8867-4',
  '9279-1',
  '8310-5',
  '59408-5',
  '2708-6',
  '29463-7',
  '8302-2',
  '39156-5',
  '3150-0',
  '3151-8',
];
const SURVEYS = [
  '44249-1',
  '44261-6',
  '44260-8',
  '55758-7',
  '69737-5',
  '70274-6',
  '93373-9',
  '93374-7',
  '101697-1',
  '101698-9',
  '75624-7',
  '72109-2',
  '75626-2',
  '82667-7',
  '89206-7',
  '89204-2',
];

const category = (code: string, display: string): Json => ({ coding: [{ system: CATEGORY, code, display }] });
const BY_CODE = new Map<string, Json>([
  ...VITAL_SIGNS.map((code): [string, Json] => [`${LOINC}|${code}`, category('vital-signs', 'Vital Signs')]),
  ...SURVEYS.map((code): [string, Json] => [`${LOINC}|${code}`, category('survey', 'Survey')]),
]);

/** vital-signs and survey by LOINC code; undefined for all others. */
export function categoryOf(key: string): Json | undefined {
  return BY_CODE.get(key);
}

const VITAL_SIGN_KEYS = new Set(VITAL_SIGNS.map((code) => `${LOINC}|${code}`));

export function isVitalSign(key: string): boolean {
  return VITAL_SIGN_KEYS.has(key);
}
