/** A code system as the artefacts hold it: `[code, display, index of its parent or -1]`, parents first. */
export interface CodeSystemTable {
  readonly url: string;
  readonly name: string;
  readonly caseSensitive: boolean;
  /** FHIR `content`: only a `complete` system lets an absent code be called wrong. */
  readonly content: string;
  /** Value set that stands for the whole system. */
  readonly valueSet?: string;
  readonly concepts: readonly (readonly [code: string, display: string, parent: number])[];
}

export interface ComposeFilter {
  readonly property: string;
  readonly op: string;
  readonly value: string;
}

export interface ComposePart {
  readonly system?: string;
  readonly concept?: readonly (readonly [code: string, display: string])[];
  readonly filter?: readonly ComposeFilter[];
  readonly valueSet?: readonly string[];
}

/** A value set's definition (`compose`), not its expansion. */
export interface ValueSetTable {
  readonly url: string;
  readonly name: string;
  readonly include: readonly ComposePart[];
  readonly exclude?: readonly ComposePart[];
}

export interface ExpandedConcept {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

/** `open`: systems and value sets that are not held here whole, so that absence from `concepts` proves nothing about their codes. */
export interface Expansion {
  readonly concepts: readonly ExpandedConcept[];
  readonly open: readonly string[];
}

export interface TerminologySource {
  system(url: string): CodeSystemTable | undefined;
  valueSet(url: string): ValueSetTable | undefined;
}

/** All codes of a value set as far as they can be told offline. Rule: FHIR R4 valueset.html#expansion. */
export function expandValueSet(
  table: ValueSetTable,
  source: TerminologySource,
  inside: readonly string[] = [],
): Expansion {
  const open = new Set<string>();
  const path = [...inside, table.url];
  const concepts = new Map<string, ExpandedConcept>();
  for (const part of table.include) {
    for (const concept of expandPart(part, source, path, open)) concepts.set(keyOf(concept), concept);
  }
  for (const part of table.exclude ?? []) {
    for (const concept of expandPart(part, source, path, open)) concepts.delete(keyOf(concept));
  }
  return { concepts: [...concepts.values()], open: [...open] };
}

function keyOf(concept: ExpandedConcept): string {
  return `${concept.system}|${concept.code}`;
}

function expandPart(
  part: ComposePart,
  source: TerminologySource,
  inside: readonly string[],
  open: Set<string>,
): ExpandedConcept[] {
  // Within one include the system and each value set restrict one another.
  const sets = (part.valueSet ?? []).map((url) => expandImport(url, source, inside, open));
  if (part.system !== undefined) sets.unshift(expandSystem(part, part.system, source, open));
  const [first, ...others] = sets;
  if (first === undefined) return [];
  return others.reduce((kept, other) => {
    const keys = new Set(other.map(keyOf));
    return kept.filter((concept) => keys.has(keyOf(concept)));
  }, first);
}

function expandImport(
  canonical: string,
  source: TerminologySource,
  inside: readonly string[],
  open: Set<string>,
): ExpandedConcept[] {
  const url = canonical.split('|')[0]!;
  const imported = inside.includes(url) ? undefined : source.valueSet(url);
  if (imported === undefined) {
    open.add(url);
    return [];
  }
  const expansion = expandValueSet(imported, source, inside);
  for (const unknown of expansion.open) open.add(unknown);
  return [...expansion.concepts];
}

function expandSystem(
  part: ComposePart,
  system: string,
  source: TerminologySource,
  open: Set<string>,
): ExpandedConcept[] {
  if (part.concept !== undefined) return part.concept.map(([code, display]) => ({ system, code, display }));
  const table = source.system(system);
  if (table === undefined || table.content !== 'complete') {
    open.add(system);
    return [];
  }
  const filters = part.filter ?? [];
  if (filters.some((filter) => !isSupported(filter))) {
    open.add(system);
    return [];
  }
  const result: ExpandedConcept[] = [];
  for (let index = 0; index < table.concepts.length; index++) {
    if (!filters.every((filter) => passes(table, index, filter))) continue;
    const [code, display] = table.concepts[index]!;
    result.push({ system, code, display });
  }
  return result;
}

function isSupported(filter: ComposeFilter): boolean {
  if (filter.property === 'concept') return ['is-a', 'descendent-of', 'is-not-a'].includes(filter.op);
  return filter.property === 'code' && filter.op === 'regex';
}

function passes(table: CodeSystemTable, index: number, filter: ComposeFilter): boolean {
  if (filter.op === 'regex') return new RegExp(`^(?:${filter.value})$`).test(table.concepts[index]![0]);
  const self = table.concepts[index]![0] === filter.value;
  const below = isBelow(table, index, filter.value);
  if (filter.op === 'is-a') return self || below;
  if (filter.op === 'descendent-of') return below;
  return !self && !below;
}

function isBelow(table: CodeSystemTable, index: number, ancestor: string): boolean {
  for (let parent = table.concepts[index]![2]; parent >= 0; parent = table.concepts[parent]![2]) {
    if (table.concepts[parent]![0] === ancestor) return true;
  }
  return false;
}
