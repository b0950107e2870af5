import { readFileSync } from 'node:fs';
import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { loadDefinitions } from '../../../src/fhir/definitions.ts';
import { rewriteLinks } from '../../../src/fhir/links.ts';

const DEFINITIONS = loadDefinitions(readFileSync(new URL('../../../build/definitions.json.gz', import.meta.url)));
const URN = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';
const ROOT = 'http://elsewhere.example/fhir';
const REPLACEMENTS = new Map([
  [URN, 'Patient/9'],
  [`${ROOT}/Patient/1`, 'Patient/8'],
]);

const rewritten = (parts: object, resourceType = 'Observation') => {
  const resource = { resourceType, ...parts } as unknown as Resource;
  const before = structuredClone(resource);
  const { resourceType: _type, ...copy } = rewriteLinks(DEFINITIONS, resource, REPLACEMENTS, ROOT);
  expect(resource).toEqual(before);
  return copy;
};
const extension = (value: object) => ({ extension: [{ url: 'http://example.org/e', ...value }] });
const div = (inner: string) => ({
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>` },
});

describe('temporary ids of a transaction', () => {
  it.each<[string, object, object]>([
    ['a reference', { subject: { reference: URN } }, { subject: { reference: 'Patient/9' } }],
    ['one in a list', { focus: [{ reference: URN }] }, { focus: [{ reference: 'Patient/9' }] }],
    ['a relative one under its base', { subject: { reference: 'Patient/1' } }, { subject: { reference: 'Patient/8' } }],
    [
      'one of an extension',
      extension({ valueReference: { reference: URN } }),
      extension({ valueReference: { reference: 'Patient/9' } }),
    ],
    ['a uri', extension({ valueUri: URN }), extension({ valueUri: 'Patient/9' })],
    ['a url', extension({ valueUrl: URN }), extension({ valueUrl: 'Patient/9' })],
    ['a uuid', extension({ valueUuid: URN }), extension({ valueUuid: 'Patient/9' })],
    ['a link before its fragment', extension({ valueUri: `${URN}#a` }), extension({ valueUri: 'Patient/9#a' })],
    ['a link of a narrative', div(`<a href="${URN}">p</a>`), div('<a href="Patient/9">p</a>')],
    ['a picture of a narrative', div(`<img src="${URN}"/>`), div('<img src="Patient/9"/>')],
    [
      'a contained resource',
      { contained: [{ resourceType: 'Group', managingEntity: { reference: URN } }] },
      { contained: [{ resourceType: 'Group', managingEntity: { reference: 'Patient/9' } }] },
    ],
    [
      'the extension of a primitive',
      { _status: extension({ valueUri: URN }) },
      { _status: extension({ valueUri: 'Patient/9' }) },
    ],
  ])('are replaced in %s', (_name, before, after) => expect(rewritten(before)).toEqual(after));

  it.each<[string, object, string?]>([
    ['a canonical', extension({ valueCanonical: URN })],
    ['a canonical element', { instantiatesCanonical: [URN] }, 'CarePlan'],
    ['a string', { valueString: URN }],
    ['a markdown', { note: [{ text: URN }] }],
    ['a code and an id', extension({ valueCode: URN, valueId: URN })],
    ['the value of an identifier', { identifier: [{ system: 'urn:ietf:rfc:3986', value: URN }] }],
    ['a display', { subject: { display: URN } }],
    ['the words of a narrative', div(URN)],
    [
      'a stored Bundle',
      { type: 'document', entry: [{ fullUrl: URN, resource: { resourceType: 'Patient' } }] },
      'Bundle',
    ],
    ['a list of strings', { category: [{ text: URN }] }],
  ])('stay in %s', (_name, before, type) => expect(rewritten(before, type)).toEqual(before));

  it('without any the resource is not copied', () => {
    const resource: Resource = { resourceType: 'Patient', name: [{ text: 'x' }] };
    expect(rewriteLinks(DEFINITIONS, resource, new Map(), ROOT)).toBe(resource);
  });
});
