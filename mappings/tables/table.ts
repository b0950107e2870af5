import type { CodeDecision } from '../../src/mapping/concept-table.ts';
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

/** Codes of one system onto themselves, for long lists: `code display|code display`, line breaks anywhere between two. */
export function listed(system: string, text: string): Record<string, MappedCode> {
  const table: Record<string, MappedCode> = {};
  for (const entry of text.split('|')) {
    const [code = '', ...words] = entry.trim().split(/\s+/);
    if (code !== '') table[code] = { system, code, display: words.join(' ') };
  }
  return table;
}

/** Decisions of one reason against what the guide says of codes; `*` stands for all that have no line of their own. */
export function against(not: CodeDecision['not'], why: string, ...of: readonly string[]): CodeDecision[] {
  return of.map((code) => ({ code, not, why }));
}
