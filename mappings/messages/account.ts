import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { cxIdentifier, cxKey } from '../datatypes/identifier.ts';
import { accountKey, relatedPersonKey } from '../keys.ts';
import { GT1_PERSON } from '../segments/insurance.ts';
import { nodeOf } from './dosage.ts';

/** PID-18 → Account, with what covers it and who guarantees it. Undefined without an account number. Rule: v2-to-FHIR IG, PID[Account]. */
export function stateAccount(
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
  pid = scope.message.segment('PID'),
): Draft | undefined {
  const node = nodeOf(pid, 18, scope);
  if (node === undefined) return undefined;
  const key = cxKey(node, scope);
  const identifier = cxIdentifier(node, scope);
  if (key === undefined || identifier === undefined) return undefined;
  const account = scope.draft(accountKey(scope.owner, key), patient.id);
  account.snapshot('identifier[PID-18]', [identifier as unknown as Json]);
  account.snapshot('subject[PID]', [patient.reference]);
  account.default('status', 'active');
  const coverages = [...scope.drafts].filter((draft) => draft.type === 'Coverage');
  if (coverages.length > 0)
    account.snapshot(
      'coverage[IN1]',
      coverages.map((each) => ({ coverage: each.reference })),
    );
  const guarantors = stateGuarantors(patient, scope);
  if (guarantors.length > 0)
    account.snapshot(
      'guarantor[GT1]',
      guarantors.map((each) => ({ party: each })),
    );
  if (encounter !== undefined) encounter.snapshot('account[PID-18]', [account.reference]);
  return account;
}

/** GT1 → the patient (GT1-11 self), else a RelatedPerson. Gives the references. */
export function stateGuarantors(patient: Draft, scope: Scope): Json[] {
  return scope.message.segments('GT1').flatMap((gt1): Json[] => {
    const relation = gt1.get(11)?.trim();
    if (relation === 'SEL' || relation === 'SE') return [patient.reference];
    const numbered = nodeOf(gt1, 2, scope);
    const number = numbered === undefined ? undefined : cxKey(numbered, scope);
    const name = [gt1.get(3, 1, 1), gt1.get(3, 1, 2)].map((part) => part?.trim().toLowerCase() ?? '').join('|');
    if (number === undefined && name === '|') return [];
    const who = number === undefined ? `guarantor|${name}` : `guarantor|${number.system}|${number.value}`;
    const person = scope.draft(relatedPersonKey(scope.owner, patient.id, who), patient.id);
    person.set('patient', patient.reference);
    scope.apply(GT1_PERSON, gt1, person);
    return [person.reference];
  });
}
