import { gunzipSync } from 'node:zlib';

/** The artefact's layout. Raised whenever the shape below changes, so that a stale artefact is refused at start. */
export const DEFINITIONS_FORMAT = 1;

/** One type an element may have. `targets`: resource types a Reference may point at (absent: any). */
export interface ElementType {
  readonly code: string;
  readonly targets?: readonly string[];
  /** A SimpleQuantity: no comparator. */
  readonly simple?: true;
}

/** One element of a type. A choice element `value[x]` is named `value` and has `choice`. */
export interface ElementDefinition {
  readonly name: string;
  readonly min: number;
  /** -1: no limit. */
  readonly max: number;
  readonly types: readonly ElementType[];
  readonly choice?: true;
  /** Key of the nested type (`Patient.contact`), also where the element re-uses another's content. */
  readonly nested?: string;
  /** Value set of a required binding. */
  readonly binding?: string;
  readonly invariants?: readonly Invariant[];
  /** Part of `_summary=true`. */
  readonly summary?: true;
  /** False where the element's JSON is a list. Same as `max` being 1 in the base definition. */
  readonly list?: true;
}

export interface Invariant {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression: string;
}

/** A resource, a datatype, or a nested element (`Patient.contact`). */
export interface TypeDefinition {
  readonly name: string;
  readonly kind: 'resource' | 'complex' | 'nested' | 'primitive';
  readonly abstract?: true;
  readonly base?: string;
  readonly elements: readonly ElementDefinition[];
  readonly invariants?: readonly Invariant[];
}

/** The codes of a required binding. `open`: systems not held whole, of which any code passes. `pattern`: for those with a grammar. */
export interface CodeSet {
  readonly url: string;
  readonly systems: Readonly<Record<string, readonly string[]>>;
  readonly open?: readonly string[];
}

export type SearchType =
  | 'number'
  | 'date'
  | 'string'
  | 'token'
  | 'reference'
  | 'composite'
  | 'quantity'
  | 'uri'
  | 'special';

export interface SearchParameter {
  readonly url: string;
  readonly code: string;
  readonly type: SearchType;
  readonly base: readonly string[];
  /** FHIRPath; absent for parameters that have no element (`_text`, `_content`, `_query`, `near` has one). */
  readonly expression?: string;
  readonly target?: readonly string[];
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
  readonly description?: string;
}

/** A profile: what it says beyond the base type, by element id. */
export interface Profile {
  readonly url: string;
  readonly type: string;
  readonly base: string;
  readonly elements: readonly ProfileElement[];
}

export interface ProfileElement {
  /** Element id with slices, without the type: `extension:race`, `component:systolic.value[x]`; '' is the root. */
  readonly id: string;
  readonly min?: number;
  readonly max?: number;
  readonly types?: readonly (ElementType & { readonly profiles?: readonly string[] })[];
  readonly fixed?: unknown;
  readonly pattern?: unknown;
  readonly binding?: string;
  readonly slicing?: {
    readonly discriminator: readonly { readonly type: string; readonly path: string }[];
    readonly rules: string;
  };
  readonly invariants?: readonly Invariant[];
}

/** What the artefact file holds. */
export interface DefinitionsData {
  readonly format: number;
  readonly fhirVersion: string;
  readonly types: readonly TypeDefinition[];
  readonly codeSets: readonly CodeSet[];
  readonly searchParameters: readonly SearchParameter[];
  /** Compartment → resource type → search parameter codes. */
  readonly compartments: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly profiles: readonly Profile[];
}

/** R4 as the runtime needs it. Immutable; one per process. */
export interface Definitions {
  readonly fhirVersion: string;
  /** Concrete resource types, sorted. */
  readonly resourceTypes: readonly string[];
  /** Definition of a resource, datatype or nested element. */
  type(name: string): TypeDefinition | undefined;
  /** Element of a type by its name without `[x]`. */
  element(type: string, name: string): ElementDefinition | undefined;
  isResourceType(name: string): boolean;
  codeSet(url: string): CodeSet | undefined;
  profile(url: string): Profile | undefined;
  readonly profileUrls: readonly string[];
  /** All search parameters of a resource type, those of Resource and DomainResource included, sorted by code. */
  searchParameters(resourceType: string): readonly SearchParameter[];
  searchParameter(resourceType: string, code: string): SearchParameter | undefined;
  searchParameterByUrl(url: string): SearchParameter | undefined;
  /** Compartment name → search parameter codes by which a type belongs to it; `{def}` stands for the resource itself. */
  compartment(name: string, resourceType: string): readonly string[];
  readonly compartmentNames: readonly string[];
  /** Top-level element names of `_summary=true`, mandatory ones included. */
  summaryElements(resourceType: string): readonly string[];
}

/**
 * Reads the compiled definitions from the artefact's bytes (gzip or plain JSON); once per process, by a rim.
 * Throws when the artefact is of another format: `npm run build:definitions` makes it anew.
 */
export function loadDefinitions(bytes: Uint8Array): Definitions {
  const data = parseArtefact(bytes) as DefinitionsData;
  return definitionsOf(data);
}

/** The JSON of an artefact of this format. */
export function parseArtefact(bytes: Uint8Array): { readonly format: number } {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (zipped ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8');
  const data = JSON.parse(text) as { readonly format: number };
  if (data.format !== DEFINITIONS_FORMAT) {
    throw new Error(
      `definitions of format ${data.format}, expected ${DEFINITIONS_FORMAT}: run "npm run build:definitions"`,
    );
  }
  return data;
}

/** Indexes parsed definitions. */
export function definitionsOf(data: DefinitionsData): Definitions {
  const types = new Map(data.types.map((type) => [type.name, type]));
  const elements = new Map<string, Map<string, ElementDefinition>>();
  const resourceTypes = data.types
    .filter((type) => type.kind === 'resource' && !type.abstract)
    .map((type) => type.name);
  const isResource = new Set(resourceTypes);
  const codeSets = new Map(data.codeSets.map((set) => [set.url, set]));
  const profiles = new Map(data.profiles.map((profile) => [profile.url, profile]));
  const byUrl = new Map(data.searchParameters.map((parameter) => [parameter.url, parameter]));
  const byType = new Map<string, Map<string, SearchParameter>>();

  const elementsOf = (type: string) => {
    let index = elements.get(type);
    if (index === undefined) {
      index = new Map((types.get(type)?.elements ?? []).map((element) => [element.name, element]));
      elements.set(type, index);
    }
    return index;
  };
  const parametersOf = (resourceType: string) => {
    let index = byType.get(resourceType);
    if (index === undefined) {
      const bases = ['Resource', 'DomainResource', resourceType].filter(
        (base) => base !== 'DomainResource' || isDomainResource(resourceType, types),
      );
      const own = data.searchParameters.filter((parameter) => parameter.base.some((base) => bases.includes(base)));
      index = new Map(own.sort((a, b) => (a.code < b.code ? -1 : 1)).map((parameter) => [parameter.code, parameter]));
      byType.set(resourceType, index);
    }
    return index;
  };

  return {
    fhirVersion: data.fhirVersion,
    resourceTypes,
    type: (name) => types.get(name),
    element: (type, name) => elementsOf(type).get(name),
    isResourceType: (name) => isResource.has(name),
    codeSet: (url) => codeSets.get(url),
    profile: (url) => profiles.get(url),
    profileUrls: [...profiles.keys()],
    searchParameters: (resourceType) => [...parametersOf(resourceType).values()],
    searchParameter: (resourceType, code) => parametersOf(resourceType).get(code),
    searchParameterByUrl: (url) => byUrl.get(url),
    compartment: (name, resourceType) => data.compartments[name]?.[resourceType] ?? [],
    compartmentNames: Object.keys(data.compartments),
    summaryElements: (resourceType) =>
      (types.get(resourceType)?.elements ?? []).filter((e) => e.summary || e.min > 0).map((e) => e.name),
  };
}

function isDomainResource(resourceType: string, types: ReadonlyMap<string, TypeDefinition>): boolean {
  return types.get(resourceType)?.base === 'DomainResource';
}
