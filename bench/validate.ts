import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { loadDefinitions } from '../src/fhir/definitions.ts';
import { extract } from '../src/fhir/search-values.ts';
import { missingRequired, validate } from '../src/fhir/validate.ts';

const EXAMPLES = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'));
const FILES = [
  'Patient-example',
  'Observation-blood-pressure',
  'Encounter-example',
  'Appointment-example',
  'CarePlan-example',
  'Task-example1',
];
const ROUNDS = 5000;

/** Prints start-up cost and microseconds per resource of validation and of search-value extraction. */
function main(): void {
  const heapBefore = process.memoryUsage().heapUsed;
  const started = performance.now();
  const definitions = loadDefinitions(readFileSync(new URL('../build/definitions.json.gz', import.meta.url)));
  const heapMb = (process.memoryUsage().heapUsed - heapBefore) / 1024 / 1024;
  console.log(`definitions: loaded in ${(performance.now() - started).toFixed(0)} ms, ${heapMb.toFixed(1)} MB of heap`);
  for (const file of FILES) {
    const resource = JSON.parse(readFileSync(join(EXAMPLES, `${file}.json`), 'utf8')) as Resource;
    const figures = [
      ['validate', microseconds(() => validate(definitions, resource))],
      ['extract', microseconds(() => extract(definitions, resource))],
      ['missingRequired', microseconds(() => missingRequired(definitions, resource))],
    ] as const;
    console.log(`${file}: ${figures.map(([name, us]) => `${name} ${us.toFixed(1)} µs`).join(', ')}`);
  }
}

function microseconds(work: () => unknown): number {
  for (let round = 0; round < ROUNDS / 5; round++) work();
  const started = performance.now();
  for (let round = 0; round < ROUNDS; round++) work();
  return ((performance.now() - started) / ROUNDS) * 1000;
}

main();
