import type { MappedCode, Partner } from '../model/partner.ts';

/** A v2 table as FHIR codes. Table constants live in `mappings/tables`. */
export interface ConceptTable {
  /** v2 table number, `0001`. A partner's table of the same number goes first. */
  readonly id: string;
  readonly name: string;
  readonly codes: Readonly<Record<string, MappedCode>>;
  readonly decisions?: readonly CodeDecision[];
}

/** Why a code of the guide's table is not carried, or means something else here. `code` is the v2 code, or the FHIR code where the guide has none; `*`: every other one. */
export interface CodeDecision {
  readonly code: string;
  readonly not: 'contradicts-r4' | 'unsafe' | 'duplicate' | 'superseded' | 'out-of-scope';
  readonly why: string;
}

const folded = new WeakMap<ConceptTable, Map<string, MappedCode>>();

/** The FHIR code of a partner's value; undefined when nobody maps it. Case counts only where the table has both forms. */
export function lookUp(table: ConceptTable, value: string, partner: Partner): MappedCode | undefined {
  const own = partner.codeTables[table.id] ?? partner.codeTables[table.name];
  if (own !== undefined && Object.hasOwn(own, value)) return own[value];
  if (Object.hasOwn(table.codes, value)) return table.codes[value];
  let lower = folded.get(table);
  if (lower === undefined) {
    lower = new Map(Object.entries(table.codes).map(([code, mapped]) => [code.toLowerCase(), mapped]));
    folded.set(table, lower);
  }
  return lower.get(value.toLowerCase());
}
