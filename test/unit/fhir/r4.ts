import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { loadDefinitions } from '../../../src/fhir/definitions.ts';

/** The compiled artefact of `npm run build:definitions`. */
export const R4 = loadDefinitions(readFileSync(new URL('../../../build/definitions.json.gz', import.meta.url)));

const FOLDER = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'));

/** File names of every example resource that R4 4.0.1 publishes. */
export const EXAMPLE_FILES = readdirSync(FOLDER).filter((file) => /^[A-Z]\w+-.*\.json$/.test(file));

export function example(file: string): Resource {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Resource;
}
