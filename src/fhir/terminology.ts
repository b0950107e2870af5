import { parseArtefact } from './definitions.ts';
import {
  type CodeSystemTable,
  type Expansion,
  expandValueSet,
  type TerminologySource,
  type ValueSetTable,
} from './expand.ts';

/** What the terminology artefact holds. */
export interface TerminologyData {
  readonly format: number;
  readonly systems: readonly CodeSystemTable[];
  readonly valueSets: readonly ValueSetTable[];
}

/** `unknown`: the system or value set is not held here whole, so nothing can be said. */
export type Membership =
  | { readonly result: 'member'; readonly system: string; readonly display: string }
  | { readonly result: 'not-a-member' }
  | { readonly result: 'unknown' };

/** The code systems and value sets of R4, offline. */
export interface Terminology extends TerminologySource {
  /** Undefined: no such value set here. Expansions are kept once made. */
  expand(valueSet: string): Expansion | undefined;
  /** Whether a code is in a value set; without a system any system of the value set counts. */
  validateCode(valueSet: string, code: string, system?: string): Membership;
  /** Whether a code is in a code system. */
  lookup(system: string, code: string): Membership;
}

/**
 * Reads the terminology artefact's bytes; about 15 ms and 6 MB, so only what needs it should load it, once.
 * Throws when it is of another format: `npm run build:definitions` makes it anew.
 */
export function loadTerminology(bytes: Uint8Array): Terminology {
  return terminologyOf(parseArtefact(bytes) as TerminologyData);
}

/** Indexes parsed terminology. */
function terminologyOf(data: TerminologyData): Terminology {
  const systems = new Map(data.systems.map((system) => [system.url, system]));
  const valueSets = new Map(data.valueSets.map((valueSet) => [valueSet.url, valueSet]));
  const source: TerminologySource = {
    system: (url) => systems.get(withoutVersion(url)),
    valueSet: (url) => valueSets.get(withoutVersion(url)),
  };
  const expansions = new Map<string, Expansion>();
  const expand = (url: string): Expansion | undefined => {
    const plain = withoutVersion(url);
    const table = valueSets.get(plain);
    if (table === undefined) return undefined;
    let expansion = expansions.get(plain);
    if (expansion === undefined) {
      expansion = expandValueSet(table, source);
      expansions.set(plain, expansion);
    }
    return expansion;
  };

  return {
    ...source,
    expand,
    lookup: (system, code) => lookup(source.system(system), code),
    validateCode: (valueSet, code, system) => membership(expand(valueSet), code, system),
  };
}

function withoutVersion(canonical: string): string {
  const bar = canonical.indexOf('|');
  return bar < 0 ? canonical : canonical.slice(0, bar);
}

function lookup(table: CodeSystemTable | undefined, code: string): Membership {
  if (table === undefined) return { result: 'unknown' };
  const wanted = table.caseSensitive ? code : code.toLowerCase();
  const found = table.concepts.find(
    ([candidate]) => (table.caseSensitive ? candidate : candidate.toLowerCase()) === wanted,
  );
  if (found !== undefined) return { result: 'member', system: table.url, display: found[1] };
  return { result: table.content === 'complete' ? 'not-a-member' : 'unknown' };
}

function membership(expansion: Expansion | undefined, code: string, system: string | undefined): Membership {
  if (expansion === undefined) return { result: 'unknown' };
  const found = expansion.concepts.find(
    (concept) => concept.code === code && (system === undefined || concept.system === system),
  );
  if (found !== undefined) return { result: 'member', system: found.system, display: found.display };
  // An imported value set that is not held here may hold any system, a code system only itself.
  const undecided = expansion.open.some((url) => system === undefined || url === system || url.includes('/ValueSet/'));
  return { result: undecided ? 'unknown' : 'not-a-member' };
}
