import type { Observation } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import {
  forEachReference,
  formatReference,
  parseReference,
  referencedType,
  rewriteReferences,
  sameReference,
} from '../../../src/fhir/references.ts';

const BASE = 'https://hub.example.org/fhir/R4';
const URN = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';

describe('parseReference', () => {
  it.each([
    ['Patient/1', { kind: 'local', type: 'Patient', id: '1' }],
    ['Patient/1/_history/2', { kind: 'local', type: 'Patient', id: '1', version: '2' }],
    [`${BASE}/Patient/1`, { kind: 'local', type: 'Patient', id: '1' }],
    [
      'https://other.example/fhir/Patient/1',
      { kind: 'absolute', url: 'https://other.example/fhir/Patient/1', type: 'Patient', id: '1' },
    ],
    ['http://hl7.org/fhir/ValueSet/x|4.0.1', { kind: 'absolute', url: 'http://hl7.org/fhir/ValueSet/x|4.0.1' }],
    [URN, { kind: 'urn', urn: URN }],
    ['#a', { kind: 'contained', id: 'a' }],
    ['#', { kind: 'contained', id: '' }],
    ['Patient?identifier=x|1', { kind: 'conditional', type: 'Patient', query: 'identifier=x|1' }],
    ['patient/1', { kind: 'invalid' }],
    ['Patient/', { kind: 'invalid' }],
    ['', { kind: 'invalid' }],
  ])('reads %s', (text, expected) => {
    const parsed = parseReference(text, BASE);
    expect(parsed).toEqual(expected);
    if (parsed.kind !== 'invalid' && !text.startsWith(BASE)) expect(formatReference(parsed)).toBe(text);
  });

  it('a base that is only a prefix of another server name is not the own base', () => {
    expect(parseReference('https://hub.example.org/fhir/R4x/Patient/1', BASE).kind).toBe('absolute');
  });
});

describe('comparing and typing', () => {
  it('version and own base do not make another resource, the id does', () => {
    expect(sameReference('Patient/1/_history/3', `${BASE}/Patient/1`, BASE)).toBe(true);
    expect(sameReference('Patient/1', 'Patient/2', BASE)).toBe(false);
    expect(sameReference(undefined, undefined)).toBe(false);
  });

  it('the literal tells the type before Reference.type does', () => {
    expect(referencedType({ reference: 'Group/1', type: 'Patient' })).toBe('Group');
    expect(referencedType({ reference: URN, type: 'Patient' })).toBe('Patient');
  });
});

const OBSERVATION: Observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${URN}">p</a></div>` },
  identifier: [{ system: 'urn:ietf:rfc:3986', value: URN }],
  subject: { reference: URN },
  performer: [{ reference: 'Practitioner/1' }, { display: 'nobody' }],
  extension: [
    { url: 'http://example.org/e', valueReference: { reference: '#c' } },
    { url: 'http://example.org/u', valueUri: URN },
  ],
  contained: [{ resourceType: 'Patient', id: 'c', managingOrganization: { reference: 'Organization/o' } }],
};

describe('walking and rewriting', () => {
  it('visits every literal reference with its FHIRPath, contained ones and extensions included', () => {
    const seen: string[] = [];
    forEachReference(OBSERVATION, ({ reference }, path) => seen.push(`${path()} ${reference}`));
    expect(seen.sort()).toEqual(
      [
        `Observation.subject ${URN}`,
        'Observation.performer[0] Practitioner/1',
        'Observation.extension[0].valueReference #c',
        'Observation.contained[0].managingOrganization Organization/o',
      ].sort(),
    );
  });

  it('rewrites references in a copy', () => {
    const copy = rewriteReferences(OBSERVATION, (text) => (text === URN ? 'Patient/9' : undefined));
    expect(copy.subject).toEqual({ reference: 'Patient/9' });
    expect(OBSERVATION.subject).toEqual({ reference: URN });
    expect(copy.performer).toEqual(OBSERVATION.performer);
  });
});
