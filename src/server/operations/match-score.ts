import type { Address, ContactPoint, HumanName, Patient } from '@medplum/fhirtypes';
import { foldText } from '../../fhir/search-ranges.ts';
import type { FhirResource } from '../engine.ts';
import { identifyingOf, SSN_SYSTEMS } from '../persons.ts';

export type MatchGrade = 'certain' | 'probable' | 'possible' | 'certainly-not';

export interface MatchScore {
  /** 0 to 1. */
  readonly score: number;
  readonly grade: MatchGrade;
}

/**
 * What each agreement or contradiction weighs. Name, birth date, address and telephone together stay below `certain`: twins
 * and parents share them. A shared social security number counts only beside name and birth date. Rule: H7.
 */
const WEIGHT = {
  identifier: 0.5,
  ssn: 0.1,
  family: 0.15,
  given: 0.1,
  givenInitial: 0.03,
  birthDate: 0.25,
  birthDateClose: 0.1,
  gender: 0.05,
  telecom: 0.12,
  addressLine: 0.1,
  postalCode: 0.04,
  otherFamily: -0.1,
  otherGiven: -0.1,
  otherBirthDate: -0.35,
  otherGender: -0.1,
} as const;
const PROBABLE_MIN = 0.6;
const POSSIBLE_MIN = 0.35;

/** How far two records look like one human. Deterministic; says nothing about records it was not shown. */
export function scoreMatch(wanted: Patient, candidate: Patient): MatchScore {
  const identifier = sharesIdentifier(wanted, candidate);
  const names = nameWeight(wanted.name, candidate.name);
  const birth = birthWeight(wanted.birthDate, candidate.birthDate);
  const demographic = names.weight + birth + genderWeight(wanted.gender, candidate.gender);
  const ssn = names.family && birth === WEIGHT.birthDate && sharesSsn(wanted, candidate) ? WEIGHT.ssn : 0;
  const contact = telecomWeight(wanted.telecom, candidate.telecom) + addressWeight(wanted.address, candidate.address);
  const score = Math.min(1, Math.max(0, (identifier ? WEIGHT.identifier : 0) + demographic + ssn + contact));
  return { score: Math.round(score * 1000) / 1000, grade: gradeOf(score, identifier, names, birth) };
}

function gradeOf(score: number, identifier: boolean, names: NameWeight, birth: number): MatchGrade {
  const contradicted = birth < 0 && names.weight < 0;
  if (contradicted) return 'certainly-not';
  if (identifier && names.family && names.given && birth === WEIGHT.birthDate) return 'certain';
  if (score >= PROBABLE_MIN) return 'probable';
  return score >= POSSIBLE_MIN ? 'possible' : 'certainly-not';
}

function sharesIdentifier(a: Patient, b: Patient): boolean {
  const has = new Set(identifyingOf(b as unknown as FhirResource).map(({ system, value }) => `${system}|${value}`));
  return identifyingOf(a as unknown as FhirResource).some(({ system, value }) => has.has(`${system}|${value}`));
}

function sharesSsn(a: Patient, b: Patient): boolean {
  const of = ({ identifier = [] }: Patient): string[] =>
    identifier.flatMap(({ system, value }) =>
      system !== undefined && value !== undefined && SSN_SYSTEMS.has(system) ? [value.replace(/\D/g, '')] : [],
    );
  const has = new Set(of(b));
  return of(a).some((value) => value.length === 9 && has.has(value));
}

interface NameWeight {
  readonly weight: number;
  readonly family: boolean;
  readonly given: boolean;
}

/** The best pair of names counts: a maiden name beside the present one is no contradiction. */
function nameWeight(a: readonly HumanName[] = [], b: readonly HumanName[] = []): NameWeight {
  const pairs = a.flatMap((one) => b.map((other) => pairWeight(one, other)));
  return pairs.reduce((best, each) => (each.weight > best.weight ? each : best), pairs[0] ?? NO_NAMES);
}

const NO_NAMES: NameWeight = { weight: 0, family: false, given: false };

function pairWeight(a: HumanName, b: HumanName): NameWeight {
  const [familyA, familyB] = [foldText(a.family ?? ''), foldText(b.family ?? '')];
  const [givenA, givenB] = [foldText(a.given?.[0] ?? ''), foldText(b.given?.[0] ?? '')];
  const family = familyA !== '' && familyA === familyB;
  const given = givenA !== '' && givenA === givenB;
  const otherFamily = familyA !== '' && familyB !== '' && !family;
  const otherGiven = givenA !== '' && givenB !== '' && !given;
  const initial = otherGiven && givenA[0] === givenB[0] && (givenA.length === 1 || givenB.length === 1);
  return {
    family,
    given,
    weight:
      (family ? WEIGHT.family : otherFamily ? WEIGHT.otherFamily : 0) +
      (given ? WEIGHT.given : initial ? WEIGHT.givenInitial : otherGiven ? WEIGHT.otherGiven : 0),
  };
}

function birthWeight(a: string | undefined, b: string | undefined): number {
  if (!a || !b) return 0;
  if (a === b) return WEIGHT.birthDate;
  // A date known only to the year or month agrees as far as it goes.
  if (a.startsWith(b) || b.startsWith(a)) return WEIGHT.birthDateClose;
  const [yearA, monthA, dayA] = a.split('-');
  const [yearB, monthB, dayB] = b.split('-');
  const same = [yearA === yearB, monthA === monthB, dayA === dayB].filter(Boolean).length;
  const swapped = yearA === yearB && monthA === dayB && dayA === monthB;
  return same === 2 || swapped ? WEIGHT.birthDateClose : WEIGHT.otherBirthDate;
}

function genderWeight(a: Patient['gender'], b: Patient['gender']): number {
  const open = (gender: Patient['gender']): boolean => gender === undefined || gender === 'unknown';
  if (open(a) || open(b)) return 0;
  return a === b ? WEIGHT.gender : WEIGHT.otherGender;
}

/** Telephone numbers by their last ten digits, all else without case. */
function telecomWeight(a: readonly ContactPoint[] = [], b: readonly ContactPoint[] = []): number {
  const has = new Set(b.flatMap(pointOf));
  return a.flatMap(pointOf).some((point) => has.has(point)) ? WEIGHT.telecom : 0;
}

function pointOf({ system, value }: ContactPoint): string[] {
  if (!value) return [];
  if (system === 'email' || system === 'url') return [value.toLowerCase()];
  const digits = value.replace(/\D/g, '');
  return digits.length >= 7 ? [digits.slice(-10)] : [];
}

function addressWeight(a: readonly Address[] = [], b: readonly Address[] = []): number {
  const weights = a.flatMap((one) =>
    b.map((other) => {
      const code = one.postalCode !== undefined && one.postalCode.slice(0, 5) === other.postalCode?.slice(0, 5);
      const line = one.line?.[0] !== undefined && foldText(one.line[0]) === foldText(other.line?.[0] ?? '');
      return (code ? WEIGHT.postalCode : 0) + (line && (code || one.city === other.city) ? WEIGHT.addressLine : 0);
    }),
  );
  return Math.max(0, ...weights);
}
