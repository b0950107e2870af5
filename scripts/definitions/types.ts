import type { ElementDefinition as FhirElement, StructureDefinition } from '@medplum/fhirtypes';
import type { ElementDefinition, ElementType, Invariant, TypeDefinition } from '../../src/fhir/definitions.ts';
import { INVARIANT_ERRATA } from './errata.ts';

const FHIR = 'http://hl7.org/fhir/StructureDefinition/';
const FHIRPATH_SYSTEM = 'http://hl7.org/fhirpath/System.';

/** Checked by the validator itself on every element and resource, so not repeated in each type's list. */
const BUILT_IN = new Set(['ele-1', 'ext-1', 'dom-2', 'dom-3', 'dom-4', 'dom-5', 'dom-6', 'txt-1', 'txt-2', 'ref-1']);

/** Resources, datatypes and nested elements of the base definitions, as flat tables. */
export function compileTypes(structures: readonly StructureDefinition[]): TypeDefinition[] {
  const types: TypeDefinition[] = [];
  for (const structure of structures) {
    if (structure.kind === 'logical' || structure.derivation === 'constraint') continue;
    types.push(...typesOf(structure));
  }
  return types.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function typesOf(structure: StructureDefinition): TypeDefinition[] {
  const elements = structure.snapshot?.element ?? [];
  const nested = new Set<string>();
  for (const element of elements) {
    const parent = parentOf(element.path);
    if (parent !== undefined) nested.add(parent);
  }
  const result: TypeDefinition[] = [];
  for (const element of elements) {
    const isRoot = parentOf(element.path) === undefined;
    if (!isRoot && !nested.has(element.path)) continue;
    const own = elements.filter((child) => parentOf(child.path) === element.path);
    const kind = isRoot ? kindOf(structure) : 'nested';
    const invariants = invariantsOf(element);
    result.push({
      name: element.path,
      kind,
      ...(isRoot && structure.abstract ? { abstract: true as const } : {}),
      ...(isRoot && structure.baseDefinition ? { base: structure.baseDefinition.replace(FHIR, '') } : {}),
      elements: kind === 'primitive' ? [] : own.map((child) => withIdType(elementOf(child, nested), kind)),
      ...(invariants ? { invariants } : {}),
    });
  }
  return result;
}

/** The id of a resource is published as a string; the text of resource.html says id. */
function withIdType(element: ElementDefinition, kind: TypeDefinition['kind']): ElementDefinition {
  return kind === 'resource' && element.name === 'id' ? { ...element, types: [{ code: 'id' }] } : element;
}

function kindOf(structure: StructureDefinition): TypeDefinition['kind'] {
  if (structure.kind === 'resource') return 'resource';
  return structure.kind === 'primitive-type' ? 'primitive' : 'complex';
}

function parentOf(path: string): string | undefined {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? undefined : path.slice(0, dot);
}

function elementOf(element: FhirElement, nested: ReadonlySet<string>): ElementDefinition {
  const last = element.path.slice(element.path.lastIndexOf('.') + 1);
  const choice = last.endsWith('[x]');
  const reused = element.contentReference?.slice(1);
  const binding = element.binding?.strength === 'required' ? element.binding.valueSet?.split('|')[0] : undefined;
  // Those of a nested element are on its own type, so that an element that re-uses its content has them too.
  const invariants = nested.has(element.path) ? undefined : invariantsOf(element);
  const nestedKey = reused ?? (nested.has(element.path) ? element.path : undefined);
  return {
    name: choice ? last.slice(0, -3) : last,
    min: element.min ?? 0,
    max: maxOf(element.max),
    types: (element.type ?? []).map(elementTypeOf),
    ...(choice ? { choice: true as const } : {}),
    ...(nestedKey !== undefined ? { nested: nestedKey } : {}),
    ...(binding !== undefined ? { binding } : {}),
    ...(invariants ? { invariants } : {}),
    ...(element.isSummary ? { summary: true as const } : {}),
    ...(maxOf(element.base?.max ?? element.max) !== 1 ? { list: true as const } : {}),
  };
}

export function maxOf(max: string | undefined): number {
  return max === '*' ? -1 : Number(max ?? '1');
}

/** `Element.id` and the values of primitives are FHIRPath system types; the FHIR type stands in an extension. */
export function elementTypeOf(type: {
  code?: string;
  targetProfile?: string[];
  profile?: string[];
  extension?: { url?: string; valueUrl?: string }[];
}): ElementType {
  const code = type.code ?? '';
  const fhirType = type.extension?.find((e) => e.url?.endsWith('structuredefinition-fhir-type'))?.valueUrl;
  const name = code.startsWith(FHIRPATH_SYSTEM) ? (fhirType ?? 'string') : code;
  const targets = (type.targetProfile ?? []).map((profile) => profile.replace(FHIR, ''));
  if (type.profile?.includes(`${FHIR}SimpleQuantity`)) return { code: name, simple: true };
  if (code !== 'Reference' || targets.length === 0 || targets.includes('Resource')) return { code: name };
  return { code: name, targets };
}

export function invariantsOf(element: FhirElement): Invariant[] | undefined {
  const found = (element.constraint ?? [])
    .filter((constraint) => constraint.expression !== undefined && !BUILT_IN.has(constraint.key ?? ''))
    .map((constraint) => ({
      key: constraint.key ?? '',
      severity: constraint.severity === 'warning' ? ('warning' as const) : ('error' as const),
      human: constraint.human ?? '',
      expression: INVARIANT_ERRATA[constraint.key ?? '']?.expression ?? constraint.expression ?? '',
    }));
  return found.length === 0 ? undefined : found;
}
