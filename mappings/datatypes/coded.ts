import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import { type ConceptTable, lookUp } from '../../src/mapping/concept-table.ts';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import type { MappedCode } from '../../src/model/partner.ts';
import { codingSystem, isLocalSystem } from '../tables/coding-system.ts';
import { v2System } from '../tables/table.ts';
import { codeText } from './text.ts';

/** URI of a coding system name of a CWE. Local names become the partner's own; unknown ones too, with an issue. */
export function systemOf(name: string, scope: Scope): string {
  const own = scope.partner.authorities[name];
  const found = own ?? codingSystem(name);
  if (found !== undefined) return found;
  if (!isLocalSystem(name)) scope.issue('map.coding-system-unknown', 'no URI for this coding system', 'information');
  return `urn:handoff:code:${scope.partner.id}:${encodeURIComponent(name)}`;
}

const TRIPLES = [
  [1, 2, 3, 7],
  [4, 5, 6, 8],
  [10, 11, 12, 13],
] as const;

function codingAt(
  node: Node,
  triple: (typeof TRIPLES)[number],
  scope: Scope,
  table: string | undefined,
): Coding | undefined {
  const code = codeText(node.get(triple[0]));
  if (code === undefined) return undefined;
  const coding: Coding = {};
  const system = node.get(triple[2]);
  if (system !== undefined) coding.system = systemOf(system, scope);
  else if (table !== undefined && triple[0] === 1) coding.system = v2System(table);
  const version = node.get(triple[3]);
  if (version !== undefined) coding.version = version;
  coding.code = code;
  const display = node.get(triple[1]);
  if (display !== undefined) coding.display = display;
  return coding;
}

/** The codings a CWE states, in its order. `table`: the v2 table of the field, used when CWE.3 is empty. */
export function codingsOf(node: Node, scope: Scope, table?: string): Coding[] {
  const codings: Coding[] = [];
  for (const triple of TRIPLES) {
    const coding = codingAt(node, triple, scope, table);
    if (coding !== undefined) codings.push(coding);
  }
  return codings;
}

const CWE_PARTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] as const;

/** A CWE as it stands. Text is the original text, else the words of a coding that has no code. */
export function conceptOf(node: Node, scope: Scope, table?: string): CodeableConcept | undefined {
  const coding = codingsOf(node, scope, table);
  const text =
    node.get(9) ??
    (node.get(1) === undefined ? node.get(2) : undefined) ??
    (coding.length === 0 ? node.get(5) : undefined);
  if (coding.length === 0 && text === undefined) return undefined;
  const concept: CodeableConcept = {};
  if (coding.length > 0) concept.coding = coding;
  if (text !== undefined) concept.text = text;
  return concept;
}

const json = (value: object | undefined): Json | undefined => value as Json | undefined;

export const cwe: DataMap = {
  name: 'CWE[CodeableConcept]',
  parts: CWE_PARTS,
  read: (node, scope) => json(conceptOf(node, scope)),
};

/** CWE of a field with a v2 table of its own: codes without a coding system are of that table. */
export function ofTable(table: string): DataMap {
  return {
    name: 'CWE[CodeableConcept]',
    parts: CWE_PARTS,
    read: (node, scope) => json(conceptOf(node, scope, table)),
  };
}

/** IS, ID or CWE as a `code` of a required binding; an unmapped value is an issue and no value. */
export function coded(table: ConceptTable): DataMap {
  return {
    name: 'CWE[code]',
    // The words and the system of a code that was translated are in the translation.
    parts: [1, 2, 3],
    read: (node, scope) => {
      const value = node.text;
      return value === undefined ? undefined : scope.code(table, value)?.code;
    },
  };
}

/** The mapped code first, what the sender wrote beside it. Unmapped: what the sender wrote, with an issue. */
export function translatedConcept(node: Node, scope: Scope, table: ConceptTable): CodeableConcept | undefined {
  const concept = conceptOf(node, scope, table.id);
  const value = node.text;
  if (concept === undefined || value === undefined) return concept;
  const mapped = lookUp(table, value, scope.partner);
  if (mapped === undefined) {
    if (node.get(3) === undefined || node.get(3) === `HL7${table.id}`) {
      scope.issue('map.code-unmapped', `no FHIR code for this value of table ${table.id}`);
    }
    return concept;
  }
  const others = (concept.coding ?? []).filter(
    (coding) => coding.system !== mapped.system || coding.code !== mapped.code,
  );
  return { ...concept, coding: [mapped, ...others] };
}

export function translated(table: ConceptTable): DataMap {
  return {
    name: 'CWE[CodeableConcept]',
    parts: CWE_PARTS,
    read: (node, scope) => json(translatedConcept(node, scope, table)),
  };
}

/** One Coding of the mapped code; an unmapped value stays in the table's own system, with an issue. */
export function coding(table: ConceptTable): DataMap {
  return {
    name: 'CWE[Coding]',
    parts: [1, 2, 3],
    read: (node, scope) => {
      const value = codeText(node.text);
      if (value === undefined) return undefined;
      const mapped = scope.code(table, value);
      return json(mapped ?? { system: v2System(table.id), code: value });
    },
  };
}

/** What the codes of a CWE, the alternates too, are in FHIR. Each once. */
function translations(node: Node, table: ConceptTable, scope: Scope): readonly MappedCode[] {
  const found: MappedCode[] = [];
  for (const [position] of TRIPLES) {
    const code = node.get(position);
    const mapped = code === undefined ? undefined : lookUp(table, code, scope.partner);
    if (mapped !== undefined && found.every((each) => each.code !== mapped.code)) found.push(mapped);
  }
  return found;
}

/**
 * CWE of a table that senders extend: a code of the table (or of the partner's) gets its translation, with what was sent beside it; any
 * other code without a coding system is the partner's own code of that table.
 */
export function known(table: ConceptTable): DataMap {
  return {
    name: 'CWE[CodeableConcept]',
    parts: CWE_PARTS,
    read: (node, scope) => {
      const concept = conceptOf(node, scope);
      if (concept === undefined) return undefined;
      const own = `urn:handoff:code:${scope.partner.id}:${table.id}`;
      const stated = (concept.coding ?? []).map((each) =>
        each.system === undefined ? { system: own, ...each } : each,
      );
      const mapped = translations(node, table, scope);
      const others = stated.filter(({ system, code }) =>
        mapped.every((each) => each.code !== code || (system !== own && system !== each.system)),
      );
      return json(mapped.length + others.length === 0 ? concept : { ...concept, coding: [...mapped, ...others] });
    },
  };
}
