import type { ElementDefinition as FhirElement, StructureDefinition } from '@medplum/fhirtypes';
import type { Invariant, Profile, ProfileElement, TypeDefinition } from '../../src/fhir/definitions.ts';
import type { Published } from './published.ts';
import { elementTypeOf, invariantsOf, maxOf } from './types.ts';
import { US_CORE_PROFILES } from './us-core-profiles.ts';

/** Profiles on resources and on extensions that a resource of this hub may claim: R4's own resource profiles and US Core. */
export function compileProfiles(published: Published, types: readonly TypeDefinition[]): Profile[] {
  const known = new Set(
    types.flatMap((t) => [...(t.invariants ?? []), ...t.elements.flatMap((e) => e.invariants ?? [])]).map((i) => i.key),
  );
  const candidates = published.structures.filter((s) => s.kind === 'resource' && s.derivation === 'constraint');
  return [...candidates, ...published.usCore]
    .filter((structure) => structure.snapshot !== undefined)
    .map((structure) => profileOf(structure, known))
    .concat(US_CORE_PROFILES)
    .sort((a, b) => (a.url < b.url ? -1 : 1));
}

function profileOf(structure: StructureDefinition, known: ReadonlySet<string>): Profile {
  return {
    url: structure.url ?? '',
    type: structure.type ?? '',
    base: structure.baseDefinition ?? '',
    elements: (structure.snapshot?.element ?? [])
      .map((element) => profileElementOf(element, known))
      .filter((e) => Object.keys(e).length > 1),
  };
}

function profileElementOf(element: FhirElement, known: ReadonlySet<string>): ProfileElement {
  const id = element.id ?? element.path;
  const dot = id.indexOf('.');
  const values = element as unknown as Record<string, unknown>;
  const key = (prefix: string) =>
    Object.keys(element).find((name) => name.startsWith(prefix) && name.length > prefix.length);
  const fixed = key('fixed');
  const pattern = key('pattern');
  const base = element.base;
  const sliced = id.includes(':');
  const invariants = invariantsOf(element)?.filter((invariant: Invariant) => !known.has(invariant.key));
  return {
    id: dot < 0 ? '' : id.slice(dot + 1),
    ...(element.min !== undefined && (sliced || element.min !== base?.min) && element.min > 0
      ? { min: element.min }
      : {}),
    ...(element.max !== undefined && (sliced || element.max !== base?.max) && element.max !== '*'
      ? { max: maxOf(element.max) }
      : {}),
    ...(speaksOfTypes(element, id) ? { types: typesOf(element) } : {}),
    ...(fixed !== undefined ? { fixed: values[fixed] } : {}),
    ...(pattern !== undefined ? { pattern: values[pattern] } : {}),
    ...(element.binding?.strength === 'required' && element.binding.valueSet
      ? { binding: element.binding.valueSet.split('|')[0]! }
      : {}),
    ...(element.slicing
      ? {
          slicing: {
            discriminator: (element.slicing.discriminator ?? []).map((d) => ({
              type: d.type ?? '',
              path: d.path ?? '',
            })),
            rules: element.slicing.rules ?? 'open',
          },
        }
      : {}),
    ...(invariants && invariants.length > 0 ? { invariants } : {}),
  };
}

/** Types are kept where they select something: a choice, a slice, reference targets or profiles on the type. */
function speaksOfTypes(element: FhirElement, id: string): boolean {
  if (!id.includes('.') || element.type === undefined) return false;
  return (
    id.endsWith('[x]') ||
    id.includes(':', id.lastIndexOf('.')) ||
    element.type.some((type) => type.targetProfile ?? type.profile)
  );
}

function typesOf(element: FhirElement): NonNullable<ProfileElement['types']> {
  return (element.type ?? []).map((type) => ({
    ...elementTypeOf(type),
    ...(type.profile ? { profiles: type.profile } : {}),
  }));
}
