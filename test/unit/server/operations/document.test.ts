import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs } from '../support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../support/test-store.ts';

describe.each(ENGINES)('Composition/$document on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let id: string;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    const make = async (resource: object) =>
      (await ask(`POST ${(resource as { resourceType: string }).resourceType}`, resource)).body.id;
    const patient = await make({ resourceType: 'Patient', name: [{ family: 'Test' }] });
    const practitioner = await make({ resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
    const role = await make({
      resourceType: 'PractitionerRole',
      practitioner: { reference: `Practitioner/${practitioner}` },
    });
    const condition = await make({
      resourceType: 'Condition',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] },
      subject: { reference: `Patient/${patient}` },
      code: { text: 'Depression' },
    });
    id = await make({
      resourceType: 'Composition',
      status: 'final',
      type: { coding: [{ system: 'http://loinc.org', code: '18842-5' }] },
      subject: { reference: `Patient/${patient}` },
      date: '2026-03-01',
      author: [{ reference: `PractitionerRole/${role}` }],
      title: 'Discharge',
      section: [{ title: 'Problems', entry: [{ reference: `Condition/${condition}` }] }],
    });
  });
  afterAll(() => hub?.close());

  it('gives a valid document: the Composition first, what it refers to, who wrote it, and the strictest labels', async () => {
    const { status, body } = await ask(`GET Composition/${id}/$document`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      resourceType: 'Bundle',
      type: 'document',
      identifier: { system: 'urn:ietf:rfc:3986' },
    });
    expect(body.timestamp).toBeDefined();
    const types = body.entry.map((each: { resource: { resourceType: string } }) => each.resource.resourceType);
    expect(types[0]).toBe('Composition');
    expect(types.toSorted()).toEqual(['Composition', 'Condition', 'Patient', 'Practitioner', 'PractitionerRole']);
    const urls = body.entry.map((each: { fullUrl: string }) => each.fullUrl);
    expect(new Set(urls).size).toBe(urls.length);
    expect(body.meta.security).toContainEqual(expect.objectContaining({ code: 'R' }));
    const verdict = await ask('POST Bundle/$validate', body);
    expect(verdict.body.issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([]);
  });

  it('persist stores the Bundle as it was answered', async () => {
    const answer = await ask(`POST Composition/${id}/$document?persist=true`);
    expect(answer.status).toBe(200);
    const stored = await ask(`GET Bundle/${answer.body.id}`);
    expect(stored.body).toEqual(answer.body);
    expect((await ask('GET Bundle?_summary=count')).body.total).toBe(1);
  });

  it('is 404 for a reader who may not see the Composition, and needs the scopes of what it holds', async () => {
    const other = askAs(hub.fhir, client('org-b'));
    expect((await other(`GET Composition/${id}/$document`)).status).toBe(404);
    const poor = askAs(hub.fhir, client('org-a', ['system/Composition.rs', 'system/Patient.rs']));
    expect((await poor(`GET Composition/${id}/$document`)).status).toBe(403);
  });
});
