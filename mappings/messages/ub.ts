import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';

const CONDITION_CODES = 'https://www.nubc.org/CodeSystem/ConditionCodes';

/** Condition codes of UB2-3 (before v2.3 UB1-7) on the account. */
export function stateBilling(account: Draft, scope: Scope): void {
  for (const [name, field] of [
    ['UB2', 3],
    ['UB1', 7],
  ] as const) {
    const codes = scope.message
      .segments(name)
      .flatMap((segment) => segment.repetitions(field).map((repetition) => repetition.get(1)?.trim()))
      .filter((code): code is string => !!code)
      .map((code): Json => ({ url: hubExtension('condition-code'), valueCoding: { system: CONDITION_CODES, code } }));
    if (codes.length > 0) account.snapshot(`extension[${name}]`, codes);
  }
}
