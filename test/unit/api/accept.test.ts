import { describe, expect, it } from 'vitest';
import { preferred } from '../../../src/api/accept.ts';

const OFFERED = ['application/fhir+json', 'application/json'];

describe('Accept', () => {
  it.each([
    ['', 'application/fhir+json'],
    ['*/*', 'application/fhir+json'],
    ['application/*;q=0.1', 'application/fhir+json'],
    ['application/json', 'application/json'],
    ['application/json, application/fhir+json', 'application/fhir+json'],
    ['application/json;q=0.9, application/fhir+json;q=0.8', 'application/json'],
    ['APPLICATION/FHIR+JSON;Q=1', 'application/fhir+json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/fhir+json'],
    ['application/fhir+json; fhirVersion=4.0', 'application/fhir+json'],
    ['application/fhir+json;q=0, */*', 'application/json'],
    ['application/fhir+json;q=0, application/json;q=0.001', 'application/json'],
  ])('%j is answered with %s', (header, type) => expect(preferred(header, OFFERED)).toBe(type));

  it.each([
    'application/fhir+json;q=0',
    'application/fhir+json; q=0.000',
    '*/*;q=0',
    'application/*;q=0, */*',
    'application/fhir+json;q=0, application/json;q=0, */*',
    'application/fhir+xml, text/html;q=0.5',
    'application/fhir+json; fhirVersion=3.0',
    'application/fhir+json;q=nonsense',
  ])('nothing offered is acceptable to %j', (header) => expect(preferred(header, OFFERED)).toBeUndefined());
});
