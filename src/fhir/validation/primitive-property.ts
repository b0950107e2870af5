import type { Definitions, ElementDefinition } from '../definitions.ts';
import { bindingTest, reportBinding } from './bindings.ts';
import { type Check, type Checker, report, stepOf } from './check.ts';
import { invariantChecker } from './invariants.ts';
import type { PrimitiveTest } from './primitives.ts';

/** Checks the element behind one JSON key; reads value and `_` sibling from its holder. */
export type Property = (holder: Record<string, unknown>, check: Check) => void;

/**
 * Value and sibling of a primitive element. `checkElement` checks a sibling: the id and extensions of a primitive, of
 * which there must be one where there is no value (ele-1).
 */
export function primitiveProperty(
  definitions: Definitions,
  element: ElementDefinition,
  key: string,
  code: string,
  test: PrimitiveTest,
  checkElement: Checker,
): Property {
  const binding = element.binding === undefined ? undefined : bindingTest(definitions, element.binding, code);
  const invariants = element.invariants && invariantChecker(element.invariants, code, definitions);
  const checkValue: Checker = (value, check) => {
    const reason = test(value);
    if (reason !== undefined) report(check, 'value', 'primitive', `${reason} (${code})`);
    else if (binding !== undefined && !binding(value)) reportBinding(check, element.binding!);
    else invariants?.(value, check);
  };
  const step = stepOf(element, key, code);
  const checkBoth = (value: unknown, sibling: unknown, check: Check) => {
    if (Array.isArray(value)) report(check, 'structure', 'json-shape', 'must not be a list');
    else if (value !== undefined) checkValue(value, check);
    if (sibling !== undefined) checkElement(sibling, check);
  };
  return (holder, check) => {
    check.trail.push(step);
    if (element.list) checkList(holder[key], holder[`_${key}`], check, checkBoth);
    else checkBoth(holder[key], holder[`_${key}`], check);
    check.trail.pop();
  };
}

function checkList(
  values: unknown,
  siblings: unknown,
  check: Check,
  checkBoth: (value: unknown, sibling: unknown, check: Check) => void,
): void {
  if ((values !== undefined && !Array.isArray(values)) || (siblings !== undefined && !Array.isArray(siblings))) {
    report(check, 'structure', 'json-shape', 'must be a list');
    return;
  }
  const list: unknown[] = values ?? [];
  const extras: unknown[] = siblings ?? [];
  if (list.length === 0 && extras.length === 0) report(check, 'structure', 'json-shape', 'must not be an empty list');
  if (siblings !== undefined && values !== undefined && list.length !== extras.length) {
    report(check, 'structure', 'json-shape', 'the list and its extensions must be equally long');
  }
  for (let index = 0; index < Math.max(list.length, extras.length); index++) {
    const value = list[index] ?? undefined;
    const sibling = extras[index] ?? undefined;
    check.trail.push(index);
    if (value === undefined && sibling === undefined) {
      report(check, 'structure', 'ele-1', 'must have a value or extensions (ele-1)');
    } else {
      checkBoth(value, sibling, check);
    }
    check.trail.pop();
  }
}
