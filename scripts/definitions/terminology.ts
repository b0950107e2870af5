import type { CodeSystem, CodeSystemConcept, ValueSet, ValueSetComposeInclude } from '@medplum/fhirtypes';
import type { CodeSet, TypeDefinition } from '../../src/fhir/definitions.ts';
import {
  type CodeSystemTable,
  type ComposePart,
  expandValueSet,
  type TerminologySource,
  type ValueSetTable,
} from '../../src/fhir/expand.ts';
import { US_CORE_VALUE_SETS } from './us-core-value-sets.ts';

/** Code systems and value sets as compact tables. */
export interface Terminology {
  readonly systems: readonly CodeSystemTable[];
  readonly valueSets: readonly ValueSetTable[];
}

export function compileTerminology(codeSystems: readonly CodeSystem[], valueSets: readonly ValueSet[]): Terminology {
  return {
    systems: codeSystems
      .filter((system) => system.content !== 'supplement')
      .map(systemTable)
      .sort(byUrl),
    valueSets: [...valueSets.map(valueSetTable), ...US_CORE_VALUE_SETS].sort(byUrl),
  };
}

function byUrl(a: { url: string }, b: { url: string }): number {
  return a.url < b.url ? -1 : 1;
}

function systemTable(system: CodeSystem): CodeSystemTable {
  const concepts: [string, string, number][] = [];
  const collect = (list: readonly CodeSystemConcept[] | undefined, parent: number) => {
    for (const concept of list ?? []) {
      const index = concepts.push([concept.code ?? '', concept.display ?? '', parent]) - 1;
      collect(concept.concept, index);
    }
  };
  collect(system.concept, -1);
  return {
    url: system.url ?? '',
    name: system.name ?? '',
    caseSensitive: system.caseSensitive ?? false,
    content: system.content ?? '',
    ...(system.valueSet ? { valueSet: system.valueSet.split('|')[0]! } : {}),
    concepts,
  };
}

function valueSetTable(valueSet: ValueSet): ValueSetTable {
  const exclude = (valueSet.compose?.exclude ?? []).map(partOf);
  return {
    url: valueSet.url ?? '',
    name: valueSet.name ?? '',
    include: (valueSet.compose?.include ?? []).map(partOf),
    ...(exclude.length > 0 ? { exclude } : {}),
  };
}

function partOf(include: ValueSetComposeInclude): ComposePart {
  return {
    ...(include.system ? { system: include.system } : {}),
    ...(include.concept ? { concept: include.concept.map((c) => [c.code ?? '', c.display ?? ''] as const) } : {}),
    ...(include.filter
      ? { filter: include.filter.map((f) => ({ property: f.property ?? '', op: f.op ?? '', value: f.value ?? '' })) }
      : {}),
    ...(include.valueSet ? { valueSet: include.valueSet } : {}),
  };
}

/** ISO 4217 is not among HL7's code systems; the platform knows its codes. */
const CURRENCIES: CodeSystemTable = {
  url: 'urn:iso:std:iso:4217',
  name: 'ISO4217',
  caseSensitive: true,
  content: 'complete',
  concepts: Intl.supportedValuesOf('currency').map((code) => [code, code, -1] as const),
};

/** The codes of every value set that some element requires. */
export function compileCodeSets(
  terminology: Terminology,
  types: readonly TypeDefinition[],
  more: Iterable<string>,
): CodeSet[] {
  const systems = new Map([CURRENCIES, ...terminology.systems].map((table) => [table.url, table]));
  const valueSets = new Map(terminology.valueSets.map((table) => [table.url, table]));
  const source: TerminologySource = { system: (url) => systems.get(url), valueSet: (url) => valueSets.get(url) };
  const required = new Set(more);
  for (const type of types) for (const { binding } of type.elements) if (binding !== undefined) required.add(binding);
  return [...required].sort().map((url) => codeSetOf(url, source));
}

function codeSetOf(url: string, source: TerminologySource): CodeSet {
  const table = source.valueSet(url);
  if (table === undefined) return { url, systems: {}, open: [url] };
  const expansion = expandValueSet(table, source);
  const systems: Record<string, string[]> = {};
  for (const { system, code } of expansion.concepts) {
    systems[system] ??= [];
    systems[system].push(code);
  }
  return { url, systems, ...(expansion.open.length > 0 ? { open: expansion.open } : {}) };
}
