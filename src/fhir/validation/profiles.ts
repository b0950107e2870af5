import type { Check } from './check.ts';

export function checkProfiles(_resource: Record<string, unknown>, _check: Check, _more: readonly string[]): void {}
