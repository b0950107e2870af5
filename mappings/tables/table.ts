import type { MappedCode } from '../../src/model/partner.ts';

export const v2System = (id: string): string => `http://terminology.hl7.org/CodeSystem/v2-${id}`;

/** Codes of one FHIR system: v2 code → FHIR code, or [code, display]. */
export function codes(
  system: string,
  of: Readonly<Record<string, string | readonly [code: string, display: string]>>,
): Record<string, MappedCode> {
  const table: Record<string, MappedCode> = {};
  for (const [from, to] of Object.entries(of)) {
    table[from] = typeof to === 'string' ? { system, code: to } : { system, code: to[0], display: to[1] };
  }
  return table;
}

/** v2 codes that stay what they are, in the v2 table's own code system: code → display. */
export function same(id: string, of: Readonly<Record<string, string>>): Record<string, MappedCode> {
  return codes(v2System(id), Object.fromEntries(Object.entries(of).map(([code, display]) => [code, [code, display]])));
}
