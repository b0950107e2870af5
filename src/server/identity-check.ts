import { foldText } from '../fhir/search-ranges.ts';
import type { ResourceAssertions } from '../model/assertion.ts';
import type { FhirResource } from './engine.ts';

interface NameShape {
  readonly family?: string;
  readonly given?: readonly string[];
}

/** Who a Patient record says it is; compared only, never stored. */
export interface Demographics {
  readonly names: ReadonlySet<string>;
  readonly birthDate: string | undefined;
  readonly gender: string | undefined;
}

export function demographicsOf(patient: FhirResource): Demographics {
  const names = (patient.name as readonly NameShape[] | undefined) ?? [];
  return {
    names: new Set(names.flatMap(nameTexts)),
    birthDate: patient.birthDate as string | undefined,
    gender: patient.gender as string | undefined,
  };
}

/** The demographics one message states, in the shape of the resource; elements it does not mention are absent. */
export function statedPatient(said: ResourceAssertions): FhirResource {
  const stated: Record<string, unknown> = {};
  for (const each of said.elements) {
    const name = each.element.replace(/\[.*$/, '');
    if (each.op === 'delete' || !['name', 'birthDate', 'gender', 'identifier'].includes(name)) continue;
    if (name === 'name' || name === 'identifier') {
      const had = (stated[name] as unknown[] | undefined) ?? [];
      stated[name] = [...had, ...(Array.isArray(each.value) ? each.value : [each.value])];
    } else stated[name] = each.value;
  }
  return { resourceType: 'Patient', ...stated };
}

/**
 * True when two records carry one identifier and yet name, birth date and sex all differ: more likely a wrong or re-used
 * number than one human. A record that lacks one of the three contradicts nothing. Rule: H7.
 */
export function contradict(one: Demographics, other: Demographics): boolean {
  if (one.names.size === 0 || other.names.size === 0) return false;
  if (!one.birthDate || !other.birthDate || !one.gender || !other.gender) return false;
  const sameName = [...one.names].some((name) => other.names.has(name));
  return !sameName && one.birthDate !== other.birthDate && one.gender !== other.gender;
}

/**
 * True when a record that is about to be tied to another has neither a name nor the birth date in common with it, whatever the
 * sex: half of all mistyped numbers name a person of the same sex, and a wrong tie shows one patient's record to the other's
 * clinic. For the same record `contradict` is asked: an unknown patient who gets a name is no other. Rule: H7.
 */
export function differs(one: Demographics, other: Demographics): boolean {
  if (one.names.size === 0 || other.names.size === 0 || !one.birthDate || !other.birthDate) return false;
  return one.birthDate !== other.birthDate && ![...one.names].some((name) => other.names.has(name));
}

/** True when two records agree in a name and in the birth date: then a shared identifier may tie them whoever states it. Rule: H7. */
export const agree = (one: Demographics, other: Demographics): boolean =>
  one.birthDate !== undefined &&
  one.birthDate === other.birthDate &&
  [...one.names].some((name) => other.names.has(name));

/** A family or a first given name in common is enough to be "the same name": people marry, and fields get swapped. */
function nameTexts({ family, given }: NameShape): string[] {
  return [family, given?.[0]].filter((part): part is string => !!part).map((part) => foldText(part));
}
