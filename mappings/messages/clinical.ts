import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf, systemOf, translatedConcept } from '../datatypes/coded.ts';
import { organizationOf } from '../datatypes/directory.ts';
import { cxIdentifier, cxKey, eiKey } from '../datatypes/identifier.ts';
import { addressOf, humanName } from '../datatypes/person.ts';
import { whole } from '../datatypes/text.ts';
import { allergyKey, conditionKey, coverageKey, numberedConditionKey, relatedPersonKey } from '../keys.ts';
import { AL1_ALLERGY, DG1_CONDITION, IAM_ALLERGY } from '../segments/diagnosis.ts';
import { IN1_COVERAGE, IN1_INSURED, IN2_INSURED } from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { DIAGNOSIS_TYPE } from '../tables/encounter.ts';
import { type AuthorizationPart, authorizationOf } from './authorization.ts';

const CONDITION_CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const CONDITION_VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const CONDITION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/condition-category';
const ALLERGY_CLINICAL = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';

const concept = (system: string, code: string): Json => ({ coding: [{ system, code }] });

function nodeAt(segment: Segment, field: number, scope: Scope): Node | undefined {
  const element = segment.field(field).repetition(1);
  if (!element.hasContent || element.isDelete) return undefined;
  scope.place(segment, field);
  return new Node(element);
}

/** DG1-3 with its words (DG1-4) and, before v2.4, its coding system (DG1-2). */
function diagnosisCode(dg1: Segment, scope: Scope): Json | undefined {
  const node = nodeAt(dg1, 3, scope);
  const found = node === undefined ? undefined : conceptOf(node, scope);
  const words = dg1.get(4)?.trim();
  const method = dg1.get(2)?.trim();
  if (found === undefined) return words ? { text: words } : undefined;
  const [firstCoding, ...others] = found.coding ?? [];
  if (firstCoding !== undefined && firstCoding.system === undefined && method) {
    found.coding = [{ system: systemOf(method, scope), ...firstCoding }, ...others];
  }
  if (found.text === undefined && words) found.text = words;
  return found as unknown as Json;
}

/** DG1 → Condition, and its place in Encounter.diagnosis. */
export function stateDiagnoses(
  segments: readonly Segment[],
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Draft[] {
  const stated: Draft[] = [];
  for (const dg1 of segments) {
    const code = diagnosisCode(dg1, scope);
    const numbered = nodeAt(dg1, 20, scope);
    const number = numbered === undefined ? undefined : eiKey(numbered, scope);
    if (code === undefined && number === undefined) {
      scope.place(dg1, 3);
      scope.issue('map.key-missing', 'a diagnosis without code, words or id is not carried');
      continue;
    }
    const key =
      number === undefined
        ? conditionKey(scope.owner, patient.id, encounter?.id, codeKey(code!))
        : numberedConditionKey(scope.owner, number);
    const condition = scope.draft(key, patient.id);
    condition.set('subject', patient.reference);
    if (encounter !== undefined) condition.set('encounter', encounter.reference);
    condition.set('code', code);
    condition.snapshot('category[DG1]', [concept(CONDITION_CATEGORY, 'encounter-diagnosis')]);
    if (dg1.get(21) === 'D') {
      condition.set('verificationStatus', concept(CONDITION_VERIFICATION, 'entered-in-error'));
      condition.delete('clinicalStatus');
    } else {
      condition.default('clinicalStatus', concept(CONDITION_CLINICAL, 'active'));
    }
    scope.apply(DG1_CONDITION, dg1, condition);
    dueTo(dg1, condition, scope);
    stated.push(condition);
    if (encounter !== undefined && dg1.get(21) !== 'D')
      encounter.append('diagnosis[DG1]', diagnosisEntry(dg1, condition, scope));
  }
  return stated;
}

/** DG1-22: the diagnosis that this one is due to, by its own number. */
function dueTo(dg1: Segment, condition: Draft, scope: Scope): void {
  const node = nodeAt(dg1, 22, scope);
  const parent = node === undefined ? undefined : eiKey(node, scope);
  if (parent === undefined) return;
  condition.snapshot('extension[DG1-22]', [
    {
      url: 'http://hl7.org/fhir/StructureDefinition/condition-dueTo',
      valueReference: { reference: `Condition/${scope.idOf(numberedConditionKey(scope.owner, parent))}` },
    },
  ]);
}

function diagnosisEntry(dg1: Segment, condition: Draft, scope: Scope): Json {
  const use = nodeAt(dg1, 6, scope);
  const rank = whole(dg1.get(15));
  const entry: Record<string, Json> = { condition: condition.reference };
  if (use !== undefined) entry.use = translatedConcept(use, scope, DIAGNOSIS_TYPE) as unknown as Json;
  if (rank !== undefined) entry.rank = rank;
  return entry;
}

/** What distinguishes one coded thing: system and code of the first coding, else the words. */
export function codeKey(code: Json): string {
  const { coding, text } = code as { coding?: { system?: string; code?: string }[]; text?: string };
  const first = coding?.[0];
  return first === undefined ? `text:${(text ?? '').toLowerCase()}` : `${first.system ?? ''}|${first.code ?? ''}`;
}

/** AL1 and IAM → AllergyIntolerance, keyed by what the patient is allergic to. */
export function stateAllergies(segments: readonly Segment[], patient: Draft, scope: Scope): void {
  for (const segment of segments) {
    const node = nodeAt(segment, 3, scope);
    const code = node === undefined ? undefined : conceptOf(node, scope);
    if (code === undefined) {
      scope.place(segment, 3);
      scope.issue('map.key-missing', 'an allergy without a code or words is not carried');
      continue;
    }
    const allergy = scope.draft(allergyKey(scope.owner, patient.id, codeKey(code as unknown as Json)), patient.id);
    allergy.set('patient', patient.reference);
    if (segment.name === 'IAM') stateAdverse(segment, allergy, scope);
    else scope.apply(AL1_ALLERGY, segment, allergy);
    if (allergy.value('verificationStatus') === undefined)
      allergy.default('clinicalStatus', concept(ALLERGY_CLINICAL, 'active'));
    const manifestations = segment
      .repetitions(5)
      .map((repetition) => repetition.text?.trim())
      .filter((text) => text !== undefined && text !== '')
      .map((text) => ({ text: text! }));
    if (manifestations.length > 0) allergy.snapshot(`reaction[${segment.name}-5]`, [{ manifestation: manifestations }]);
  }
}

function stateAdverse(iam: Segment, allergy: Draft, scope: Scope): void {
  scope.apply(IAM_ALLERGY, iam, allergy);
  if (iam.get(6)?.trim() === 'D') {
    allergy.set('verificationStatus', concept(ALLERGY_VERIFICATION, 'entered-in-error'));
    allergy.delete('clinicalStatus');
  }
  const reporter = nodeAt(iam, 14, scope);
  const name = reporter === undefined ? undefined : humanName(reporter, scope);
  if (name !== undefined)
    allergy.set('recorder', { display: [...(name.given ?? []), name.family].filter(Boolean).join(' ') });
}

const ALLERGY_VERIFICATION = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification';

export function stateRelatives(segments: readonly Segment[], patient: Draft, scope: Scope): void {
  for (const nk1 of segments) {
    const who = relativeKey(nk1, scope);
    if (who === undefined) {
      scope.place(nk1, 2);
      scope.issue('map.key-missing', 'a next of kin without id, name or organization is not carried', 'information');
      continue;
    }
    const relative = scope.draft(relatedPersonKey(scope.owner, patient.id, who), patient.id);
    relative.set('patient', patient.reference);
    scope.apply(NK1_RELATED_PERSON, nk1, relative);
  }
}

function relativeKey(nk1: Segment, scope: Scope): string | undefined {
  const numbered = nodeAt(nk1, 33, scope) ?? nodeAt(nk1, 12, scope);
  const number = numbered === undefined ? undefined : cxKey(numbered, scope);
  if (number !== undefined) return `${number.system}|${number.value}`;
  const name = ([1, 2, 3] as const).map((part) => nk1.get(2, 1, part)?.trim().toLowerCase() ?? '');
  const contact = ([1, 2] as const).map((part) => nk1.get(30, 1, part)?.trim().toLowerCase() ?? '');
  const organization = nk1.get(13)?.trim().toLowerCase() ?? '';
  const text = [...name, ...contact, organization].join('|');
  return /[^|]/.test(text) ? `${text}|${nk1.get(3)?.trim() ?? ''}` : undefined;
}

/** IN1 → Coverage, with the payer as Organization. */
export function stateCoverages(segments: readonly Segment[], patient: Draft, scope: Scope): void {
  for (const in1 of segments) {
    const payerNode = nodeAt(in1, 4, scope);
    const payerId = in1.get(3)?.trim();
    const payer = payerNode === undefined ? undefined : organizationOf(payerNode, scope);
    if (payer === undefined && !payerId) {
      scope.place(in1, 4);
      scope.issue('map.key-missing', 'insurance without a company is not carried');
      continue;
    }
    const member = in1.get(49)?.trim() ?? in1.get(36)?.trim();
    const plan = in1.get(2)?.trim() ?? '';
    const coverage = scope.draft(
      coverageKey(scope.owner, patient.id, payerId || in1.get(4)!.trim().toUpperCase(), plan, member),
      patient.id,
    );
    coverage.set('beneficiary', patient.reference);
    coverage.default('status', 'active');
    coverage.snapshot('payor[IN1-4]', [(payer ?? { identifier: { value: payerId! } }) as unknown as Json]);
    scope.apply(IN1_COVERAGE, in1, coverage);
    payerAddress(in1, payer, scope);
    policyHolder(in1, coverage, scope);
    classes(in1, coverage);
    if (member) coverage.set('subscriberId', member);
    subscriber(in1, coverage, patient, scope);
    certifications(in1, coverage, scope);
  }
}

const COVERAGE_CLASS = 'http://terminology.hl7.org/CodeSystem/coverage-class';

/** IN1-2 is the plan; IN1-8 and -9 are the group. */
function classes(in1: Segment, coverage: Draft): void {
  for (const [code, slot, value, name] of [
    ['plan', 'IN1-2', in1.get(2)?.trim(), in1.get(2, 1, 2)?.trim()],
    ['group', 'IN1-8', in1.get(8)?.trim(), in1.get(9)?.trim()],
  ] as const) {
    if (!value) continue;
    coverage.snapshot(`class[${slot}]`, [
      { type: { coding: [{ system: COVERAGE_CLASS, code }] }, value, ...(name && { name }) },
    ]);
  }
}

/** IN1-5: where the company is. */
function payerAddress(in1: Segment, payer: { reference?: string } | undefined, scope: Scope): void {
  const node = nodeAt(in1, 5, scope);
  const address = node === undefined ? undefined : addressOf(node, scope);
  if (address !== undefined) scope.stated(payer?.reference)?.snapshot('address', [address as unknown as Json]);
}

/** IN1-11, -10: the group or employer that holds the policy. */
function policyHolder(in1: Segment, coverage: Draft, scope: Scope): void {
  const group = nodeAt(in1, 11, scope);
  const named = group === undefined ? undefined : organizationOf(group, scope);
  const employer = nodeAt(in1, 10, scope);
  const identifier = employer === undefined ? undefined : cxIdentifier(employer, scope);
  if (named === undefined && identifier === undefined) return;
  coverage.set('policyHolder', { ...named, ...(identifier !== undefined && { identifier }) } as unknown as Json);
}

const IN3_PARTS: readonly AuthorizationPart[] = [
  [2, 'number', 'text'],
  [4, 'required', 'yesNo'],
  [6, 'certified', 'time'],
  [9, 'start', 'time'],
  [10, 'end', 'time'],
  [11, 'days', 'count', 2],
];

function certifications(in1: Segment, coverage: Draft, scope: Scope): void {
  const stated = behind(in1, 'IN3').flatMap((in3) => authorizationOf(in3, IN3_PARTS, scope) ?? []);
  if (stated.length > 0) coverage.snapshot('extension[IN3]', stated);
}

/** The segments of this name that belong to an IN1: IN2 and IN3 stand directly behind it. */
function behind(in1: Segment, name: 'IN2' | 'IN3'): Segment[] {
  const following = in1.message.segments().slice(in1.index + 1);
  const end = following.findIndex((each) => each.name !== 'IN2' && each.name !== 'IN3');
  return (end < 0 ? following : following.slice(0, end)).filter((each) => each.name === name);
}

/** IN1-16/17: the patient, or a relative of that name. */
function subscriber(in1: Segment, coverage: Draft, patient: Draft, scope: Scope): void {
  const relation = in1.get(17)?.trim();
  if (relation === 'SEL' || relation === '18') {
    coverage.set('subscriber', patient.reference);
    return;
  }
  const node = nodeAt(in1, 16, scope);
  const name = node === undefined ? undefined : humanName(node, scope);
  if (name === undefined) return;
  const who = [name.family, ...(name.given ?? [])].join('|').toLowerCase();
  const relative = scope.draft(relatedPersonKey(scope.owner, patient.id, `insured|${who}`), patient.id);
  relative.set('patient', patient.reference);
  relative.snapshot('name[IN1-16]', [name as unknown as Json]);
  const home = nodeAt(in1, 19, scope);
  const address = home === undefined ? undefined : addressOf(home, scope);
  if (address !== undefined) relative.snapshot('address[IN1-19]', [address as unknown as Json]);
  const born = in1.get(18)?.trim();
  if (born) relative.set('birthDate', scope.time(born, 'date'));
  scope.apply(IN1_INSURED, in1, relative);
  scope.apply(IN2_INSURED, behind(in1, 'IN2')[0], relative);
  coverage.set('subscriber', relative.reference);
}
