import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadDefinitions } from '../../../src/fhir/definitions.ts';
import { parameterKey, SAME_AS } from '../../../src/server/index-rows.ts';
import { ENV } from './support/memory-store.ts';

const definitions = loadDefinitions(readFileSync(new URL(ENV.definitions)));

/** What the parameter's expression says of this type alone. */
function meaning(name: string): string {
  const [type = '', code = ''] = name.split('.');
  const parameter = definitions.searchParameter(type, code);
  const own = (parameter?.expression ?? '').split('|').map((part) => part.trim());
  return `${parameter?.type} ${own.filter((part) => part.startsWith(`${type}.`)).join('|')}`;
}

it.each(Object.entries(SAME_AS))('%s finds what %s finds, and is stored once', (name, other) => {
  expect(meaning(name)).toMatch(/^(string|reference) [A-Z]/);
  expect(meaning(name)).toBe(meaning(other));
  expect(parameterKey(...(name.split('.') as [string, string]))).toBe(
    parameterKey(...(other.split('.') as [string, string])),
  );
});
