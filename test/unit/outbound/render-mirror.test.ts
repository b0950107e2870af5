import type { Bundle, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { renderMirror, renderRemoval } from '../../../src/mapping/outbound/render-mirror.ts';

const SYSTEM = 'https://handoff.example/fhir/sid/resource';
const criterion = (id: string): string => `identifier=${encodeURIComponent(`${SYSTEM}|${id}`)}`;
const PATIENT = { resourceType: 'Patient', id: 'p', meta: { versionId: '4', lastUpdated: '2026-03-02T10:00:00Z' } };
const ENCOUNTER = {
  resourceType: 'Encounter',
  id: 'e',
  subject: { reference: 'Patient/p' },
  serviceProvider: { reference: 'Organization/o' },
};
const TYPES = ['Patient', 'Encounter', 'QuestionnaireResponse'];

function rendered(
  resources: readonly object[],
  { update = 'conditional', known = [] }: { update?: 'conditional' | 'by-id'; known?: readonly string[] } = {},
): Bundle {
  const [subject] = resources as Resource[];
  const released = { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) };
  const bytes = renderMirror(
    `${subject?.resourceType}/${subject?.id}`,
    released as Bundle,
    { types: TYPES, update },
    new Set(known),
  );
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

describe('a resource on its way to a mirror', () => {
  it('is updated by the hub identifier; a target the mirror lacks goes along and is only created', () => {
    const { type, entry = [] } = rendered([ENCOUNTER, PATIENT]);
    expect(type).toBe('transaction');
    expect(entry.map(({ request }) => request)).toEqual([
      { method: 'PUT', url: `Encounter?${criterion('e')}` },
      { method: 'POST', url: 'Patient', ifNoneExist: criterion('p') },
    ]);
    expect(entry[0]?.resource).toMatchObject({ identifier: [{ system: SYSTEM, value: 'e' }] });
    expect(entry[0]?.resource).not.toHaveProperty('id');
    expect((entry[0]?.resource as { subject?: object } | undefined)?.subject).toEqual({ reference: entry[1]?.fullUrl });
    expect(entry[1]?.resource).not.toHaveProperty('meta');
  });

  it('refers to what the mirror holds by a conditional reference, and names without a link what it will not hold', () => {
    const { entry = [] } = rendered([ENCOUNTER, PATIENT], { known: ['Patient/p'] });
    expect(entry.length).toBe(1);
    expect(entry[0]?.resource).toMatchObject({
      subject: { reference: `Patient?${criterion('p')}` },
      serviceProvider: { type: 'Organization', identifier: { system: SYSTEM, value: 'o' } },
    });
    expect(JSON.stringify(entry)).not.toContain('Organization/o');
  });

  it('keeps its id and its links where the server lets the hub choose ids', () => {
    const { entry = [] } = rendered([ENCOUNTER, PATIENT], { update: 'by-id', known: ['Patient/p'] });
    expect(entry).toMatchObject([
      { request: { method: 'PUT', url: 'Encounter/e' }, resource: { id: 'e', subject: { reference: 'Patient/p' } } },
    ]);
  });

  it('takes the notice and the consents of a Part 2 disclosure along, whatever types are mirrored', () => {
    const notice = { resourceType: 'DocumentReference', status: 'current', description: 'notice' };
    const consent = { resourceType: 'Consent', id: 'c' };
    const { entry = [] } = rendered([ENCOUNTER, consent, notice]);
    expect(entry.map(({ resource }) => resource?.resourceType)).toEqual(['Encounter', 'Consent', 'DocumentReference']);
    expect(rendered([ENCOUNTER, consent]).entry?.length).toBe(1);
  });

  it('is taken away by what it was stored under, which of a type with one identifier may be its own', () => {
    const answers = { resourceType: 'QuestionnaireResponse', id: 'q', identifier: { system: 'urn:x', value: '7' } };
    const removal = (resource: object, update: 'conditional' | 'by-id') =>
      JSON.parse(Buffer.from(renderRemoval(resource as Resource, { types: TYPES, update })).toString('utf8'));
    expect(rendered([answers]).entry?.[0]?.request?.url).toBe('QuestionnaireResponse?identifier=urn%3Ax%7C7');
    expect(removal(answers, 'conditional').entry).toEqual([
      { request: { method: 'DELETE', url: 'QuestionnaireResponse?identifier=urn%3Ax%7C7' } },
    ]);
    expect(removal(answers, 'by-id').entry).toEqual([
      { request: { method: 'DELETE', url: 'QuestionnaireResponse/q' } },
    ]);
  });
});
