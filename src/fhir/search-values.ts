import type { Reference, Resource } from '@medplum/fhirtypes';
import type { Definitions, SearchParameter, SearchType } from './definitions.ts';
import type { ComponentValue, IndexValue } from './index-values.ts';
import { indexer } from './indexers.ts';
import { type Compiled, compileAst } from './path/compile.ts';
import { type Nodes, plainOf, type Scope } from './path/nodes.ts';
import { type Ast, parsePath } from './path/parse.ts';
import { referencedType } from './references.ts';

/** One value to index of one search parameter. */
export interface IndexEntry {
  /** The parameter's code, e.g. `identifier`. */
  readonly param: string;
  readonly value: IndexValue;
}

type Extract = (focus: unknown, scope: Scope, emit: (value: IndexValue) => void) => void;

interface Extractor {
  readonly param: string;
  readonly extract: Extract;
}

const compiled = new WeakMap<Definitions, Map<string, ReadonlyMap<string, Extractor>>>();

/**
 * Everything a resource is found by, for all search parameters of its type that have an expression. Contained resources
 * are not indexed. The extractors are compiled at the first resource of a type. Nothing is thrown for odd content:
 * what cannot be a value of the parameter's type gives no entry. Rule: FHIR R4 search.html#ptypes.
 */
export function extract(definitions: Definitions, resource: Resource): IndexEntry[] {
  const entries: IndexEntry[] = [];
  const scope = scopeOf(resource);
  for (const extractor of extractorsOf(definitions, resource.resourceType).values()) {
    const { param } = extractor;
    extractor.extract(resource, scope, (value) => entries.push({ param, value }));
  }
  return entries;
}

/** The values of one parameter only; empty where the type does not have it. */
export function extractOne(definitions: Definitions, resource: Resource, param: string): IndexValue[] {
  const values: IndexValue[] = [];
  const extractor = extractorsOf(definitions, resource.resourceType).get(param);
  extractor?.extract(resource, scopeOf(resource), (value) => values.push(value));
  return values;
}

/** `resolve()` in a search expression only asks for the target's type, which the reference itself tells. */
export function scopeOf(resource: Resource): Scope {
  return { resource, rootResource: resource, context: resource, resolve: (node) => resolveType(node, resource) };
}

function resolveType(node: unknown, resource: Resource): unknown {
  const reference = (typeof node === 'object' ? node : { reference: node }) as Reference;
  if (typeof reference.reference === 'string' && reference.reference.startsWith('#')) {
    const { contained } = resource as { contained?: Resource[] };
    if (!Array.isArray(contained)) return undefined;
    return contained.find((inner) => `#${inner?.id}` === reference.reference);
  }
  const resourceType = referencedType(reference);
  return resourceType === undefined ? undefined : { resourceType };
}

function extractorsOf(definitions: Definitions, resourceType: string): ReadonlyMap<string, Extractor> {
  let byType = compiled.get(definitions);
  if (byType === undefined) {
    byType = new Map();
    compiled.set(definitions, byType);
  }
  let extractors = byType.get(resourceType);
  if (extractors === undefined) {
    extractors = new Map(
      definitions
        .searchParameters(resourceType)
        .filter((parameter) => parameter.expression !== undefined)
        .map((parameter) => {
          const extract = compileParameter(definitions, resourceType, parameter);
          return [parameter.code, { param: parameter.code, extract }];
        }),
    );
    byType.set(resourceType, extractors);
  }
  return extractors;
}

function compileParameter(definitions: Definitions, resourceType: string, parameter: SearchParameter): Extract {
  const branches = branchesFor(definitions, resourceType, parameter.expression!);
  if (parameter.type === 'composite') return compileComposite(definitions, branches, parameter);
  const indexed = branches.map((branch) => indexBranch(definitions, branch, parameter.type));
  const [only] = indexed;
  if (indexed.length === 1 && only !== undefined) return only;
  return (focus, scope, emit) => {
    for (const branch of indexed) branch(focus, scope, emit);
  };
}

/**
 * The parts of a parameter's expression that speak of one resource type, one per FHIR type they can give, so that
 * each value is indexed by the rule of its own type.
 */
export function branchesFor(definitions: Definitions, resourceType: string, expression: string): Compiled[] {
  return unionParts(parsePath(expression))
    .filter((part) => speaksOf(part, resourceType))
    .flatMap((part) => narrowed(compileAst(part, resourceType, definitions)));
}

function unionParts(ast: Ast): Ast[] {
  return ast.kind === 'binary' && ast.op === '|' ? [...unionParts(ast.left), ...unionParts(ast.right)] : [ast];
}

function speaksOf(ast: Ast, resourceType: string): boolean {
  const name = leadingName(ast);
  if (name === undefined || !/^[A-Z]/.test(name)) return true;
  return name === resourceType || name === 'Resource' || name === 'DomainResource';
}

function leadingName(ast: Ast): string | undefined {
  switch (ast.kind) {
    case 'name':
      return ast.name;
    case 'path':
    case 'item':
    case 'type':
      return leadingName(ast.of);
    case 'call':
      return ast.of === undefined ? undefined : leadingName(ast.of);
    case 'binary':
      return leadingName(ast.left);
    default:
      return undefined;
  }
}

/** A choice that the expression leaves open is one branch per type. */
function narrowed(path: Compiled): Compiled[] {
  if (path.choices === undefined) return [path];
  return path.choices.keys.map((_, index) => path.choices!.narrow(index));
}

function indexBranch(definitions: Definitions, branch: Compiled, type: SearchType): Extract {
  const index = indexer(
    type,
    branch.type,
    branch.binding === undefined ? undefined : definitions.codeSet(branch.binding),
  );
  const run = branch.run;
  return (focus, scope, emit) => {
    for (const node of run([focus], scope)) {
      const value = plainOf(node);
      if (value !== undefined) index(value, emit);
    }
  };
}

/** One entry per combination of component values within one occurrence. Rule: FHIR R4 search.html#composite. */
function compileComposite(
  definitions: Definitions,
  branches: readonly Compiled[],
  parameter: SearchParameter,
): Extract {
  const compiledBranches = branches.map((branch) => ({
    run: branch.run,
    components: (parameter.component ?? []).map((component) => {
      const type = definitions.searchParameterByUrl(component.definition)?.type ?? 'token';
      const parts = unionParts(parsePath(component.expression)).flatMap((part) =>
        narrowed(compileAst(part, branch.type, definitions)),
      );
      return parts.map((part) => indexBranch(definitions, part, type));
    }),
  }));
  return (focus, scope, emit) => {
    for (const { run, components } of compiledBranches) {
      for (const occurrence of run([focus], scope)) {
        const values = components.map((component) => componentValues(component, occurrence, scope));
        for (const parts of combinations(values)) emit({ kind: 'composite', parts });
      }
    }
  };
}

function componentValues(component: readonly Extract[], occurrence: unknown, scope: Scope): ComponentValue[] {
  const values: ComponentValue[] = [];
  for (const extractPart of component) {
    extractPart(occurrence, scope, (value) => {
      if (value.kind !== 'composite') values.push(value);
    });
  }
  return values;
}

function combinations(values: readonly (readonly ComponentValue[])[]): ComponentValue[][] {
  return values.reduce<ComponentValue[][]>(
    (tuples, component) => tuples.flatMap((tuple) => component.map((value) => [...tuple, value])),
    [[]],
  );
}

/** What a parameter's expression gives on a resource, before indexing; for the tests of the path compiler. */
export function parameterNodes(definitions: Definitions, resource: Resource, parameter: SearchParameter): Nodes {
  const scope = scopeOf(resource);
  const branches = branchesFor(definitions, resource.resourceType, parameter.expression ?? '{}');
  return branches.flatMap((branch) => branch.run([resource], scope));
}
