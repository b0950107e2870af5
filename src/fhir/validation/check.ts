import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { Definitions } from '../definitions.ts';
import { type IssueCode, issue, type Severity } from '../outcome.ts';

export const ISSUES_MAX = 200;
export const DEPTH_MAX = 100;

/** State of one validation: where it is, which resource it is in, and what it found. */
export interface Check {
  readonly definitions: Definitions;
  /** Names and list positions from the root; the first is the resource type. */
  readonly trail: (string | number)[];
  readonly issues: OperationOutcomeIssue[];
  /** The resource the checked element is in, and the one that contains that one. */
  resource: Resource;
  root: Resource;
  /** The Bundle around, if any: its entries' fullUrls can be referred to. */
  bundle: Resource | undefined;
  /** Type of the resource behind each fullUrl of `bundle`; filled when first asked for. */
  bundleTypes: { readonly of: Resource; readonly byUrl: ReadonlyMap<string, string> } | undefined;
}

/** Checks one value at `check.trail`. */
export type Checker = (value: unknown, check: Check) => void;

/** Names a JSON key may have to be repeated in an issue; others could hold anything. */
const NAMEABLE = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;

/** Adds an issue at the present place, `at` being a member of it. Beyond ISSUES_MAX nothing is added. */
export function report(
  check: Check,
  code: IssueCode,
  failure: string,
  text: string,
  at?: string,
  severity: Severity = 'error',
): void {
  if (check.issues.length >= ISSUES_MAX) return;
  const here = pathOf(check.trail);
  const expression = at === undefined ? here : `${here}.${NAMEABLE.test(at) ? at : '?'}`;
  check.issues.push(
    issue({ severity, code, failure: `validate.${failure}`, text: `${expression}: ${text}`, expression }),
  );
}

function pathOf(trail: readonly (string | number)[]): string {
  let path = '';
  for (const step of trail) {
    if (typeof step === 'number') path += `[${step}]`;
    else path += path === '' ? step : `.${step}`;
  }
  return path;
}

/** How FHIRPath names the value behind a JSON key: `valueQuantity` is `value.ofType(Quantity)`. */
export function stepOf(element: { readonly name: string; readonly choice?: true }, key: string, type: string): string {
  return element.choice ? `${element.name}.ofType(${type})` : key;
}

/** Whether a value is nested deeper than DEPTH_MAX objects and lists; walks without recursion, so any depth is safe. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return true;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      for (const child of Object.values(item)) if (typeof child === 'object') next.push(child);
    }
    level = next;
  }
  return false;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
