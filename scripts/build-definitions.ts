import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, gzipSync } from 'node:zlib';
import { DEFINITIONS_FORMAT, type DefinitionsData, loadDefinitions } from '../src/fhir/definitions.ts';
import { compileProfiles } from './definitions/profiles.ts';
import { readPublished } from './definitions/published.ts';
import { compileCompartments, compileSearchParameters } from './definitions/search-parameters.ts';
import { compileCodeSets, compileTerminology } from './definitions/terminology.ts';
import { compileTypes } from './definitions/types.ts';

const BUILD = new URL('../build/', import.meta.url);

/** Compiles R4 4.0.1 and US Core into `build/definitions.json.gz` and `build/terminology.json.gz`; prints size and load time. */
function build(): void {
  const published = readPublished();
  const types = compileTypes(published.structures);
  const terminology = compileTerminology(published.codeSystems, published.valueSets);
  const profiles = compileProfiles(published, types);
  const profileBindings = profiles.flatMap((profile) => profile.elements.flatMap((e) => e.binding ?? []));
  const definitions: DefinitionsData = {
    format: DEFINITIONS_FORMAT,
    fhirVersion: '4.0.1',
    types,
    codeSets: compileCodeSets(terminology, types, profileBindings),
    searchParameters: compileSearchParameters(published.searchParameters),
    compartments: compileCompartments(published.compartments),
    profiles,
  };
  mkdirSync(BUILD, { recursive: true });
  write('definitions.json.gz', definitions);
  write('terminology.json.gz', { format: DEFINITIONS_FORMAT, ...terminology });

  const started = performance.now();
  const loaded = loadDefinitions(readFileSync(new URL('definitions.json.gz', BUILD)));
  const loadMs = performance.now() - started;
  console.log(
    `${loaded.resourceTypes.length} resource types, ${types.length} types, ${definitions.searchParameters.length} search parameters, ${definitions.codeSets.length} code sets, ${profiles.length} profiles; loaded in ${loadMs.toFixed(0)} ms`,
  );
}

function write(name: string, content: unknown): void {
  const json = JSON.stringify(content);
  const zipped = gzipSync(json, { level: constants.Z_BEST_COMPRESSION });
  writeFileSync(new URL(name, BUILD), zipped);
  console.log(`build/${name}: ${kb(json.length)} JSON, ${kb(zipped.length)} gzip`);
}

function kb(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}

build();
