import { MedplumClient } from '@medplum/core';
import { Client as FhirKitClient } from 'fhir-kit-client';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcessClient } from '../../src/hub/in-process-client.ts';
import { HUB } from '../../src/model/actor.ts';
import { organization } from '../unit/server/support/records.ts';
import { type HttpHub, startHttpHub } from './http-server.ts';

describe('real clients over HTTP with a token', () => {
  let hub: HttpHub;
  let id = '';
  let secret = '';
  beforeAll(async () => {
    hub = await startHttpHub();
    for (const each of ['org-a', 'org-b']) await hub.hub.store.put(organization(each), HUB);
    const made = await hub.admin.addClient({ name: 'app', scope: 'system/*.cruds', organization: 'org-a' });
    id = made.client_id;
    secret = made.client_secret!;
  });
  afterAll(() => hub?.close());

  const accessToken = async () =>
    ((await (await hub.token(id, secret)).json()) as { access_token: string }).access_token;

  it('MedplumClient logs in with its credentials, writes, reads, searches, patches and runs a batch', async () => {
    const medplum = new MedplumClient({ baseUrl: `${hub.origin}/`, fhirUrlPath: 'fhir/R4', fetch, cacheTime: 0 });
    await medplum.startClientLogin(id, secret);
    const patient = await medplum.createResource({
      resourceType: 'Patient',
      name: [{ family: 'Client' }],
      identifier: [{ system: 'urn:m', value: '1' }],
    });
    expect((await medplum.readResource('Patient', patient.id)).name?.[0]?.family).toBe('Client');
    expect(await medplum.searchResources('Patient', { identifier: 'urn:m|1' })).toHaveLength(1);
    const patched = await medplum.patchResource('Patient', patient.id, [
      { op: 'add', path: '/gender', value: 'other' },
    ]);
    expect(patched.gender).toBe('other');
    expect(
      (
        await medplum.createResourceIfNoneExist(
          { resourceType: 'Patient', identifier: [{ system: 'urn:m', value: '1' }] },
          'identifier=urn:m|1',
        )
      ).id,
    ).toBe(patient.id);
    const updated = await medplum.updateResource({ ...patched, birthDate: '1990-01-01' });
    expect(updated.meta?.versionId).toBe('3');
    expect((await medplum.readHistory('Patient', patient.id)).entry).toHaveLength(3);
    const batch = await medplum.executeBatch({
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: `Patient/${patient.id}` } }],
    });
    expect(batch.entry?.[0]?.response?.status).toContain('200');
    await medplum.deleteResource('Patient', patient.id);
    await expect(medplum.readResource('Patient', patient.id)).rejects.toThrow();
  });

  it('fhir-kit-client writes, reads, pages and reads the capabilities', async () => {
    const kit = new FhirKitClient({ baseUrl: hub.base, bearerToken: await accessToken() });
    const statement = (await kit.capabilityStatement()) as unknown as { fhirVersion: string };
    expect(statement.fhirVersion).toBe('4.0.1');
    for (let n = 0; n < 5; n++)
      await kit.create({
        resourceType: 'Patient',
        body: { resourceType: 'Patient', identifier: [{ system: 'urn:k', value: String(n) }] },
      });
    const first = (await kit.search({
      resourceType: 'Patient',
      searchParams: { identifier: 'urn:k|', _count: 3 },
    })) as unknown as { entry: unknown[] };
    expect(first.entry).toHaveLength(3);
    const second = (await kit.nextPage({ bundle: first as never })) as unknown as { entry: unknown[] };
    expect(second.entry).toHaveLength(2);
  });

  it('MedplumClient works in this process without a socket', async () => {
    const actor = { kind: 'bot' as const, id: 'test-bot', organization: 'org-a', scopes: ['system/*.cruds'] };
    const medplum = inProcessClient(hub.hub.fhir, actor);
    const made = await medplum.createResource({ resourceType: 'Patient', name: [{ family: 'Bot' }] });
    expect((await medplum.readResource('Patient', made.id)).name?.[0]?.family).toBe('Bot');
  });

  it('no token is 401, a changed one is 401, a wrong secret is invalid_client', async () => {
    expect((await fetch(`${hub.base}/Patient`)).status).toBe(401);
    expect(
      (await fetch(`${hub.base}/Patient`, { headers: { authorization: `Bearer ${await accessToken()}x` } })).status,
    ).toBe(401);
    const refused = await hub.token(id, 'wrong');
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([401, 'invalid_client']);
    expect((await fetch(`${hub.base}/metadata`)).status).toBe(200);
    expect((await fetch(`${hub.origin}/.well-known/smart-configuration`)).status).toBe(200);
  });

  it('guessing secrets is slowed down', async () => {
    const ms = Date.now();
    const clock = { ms, now: () => clock.ms };
    const other = await startHttpHub('sqlite', clock);
    const made = await other.admin.addClient({ name: 'app', scope: 'system/*.rs', organization: 'org-a' });
    const ask = async (proof: string) => (await other.token(made.client_id, proof)).status;
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++) statuses.push(await ask('guess'));
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    clock.ms += 1000;
    expect(await ask(made.client_secret!)).toBe(200);
    await other.close();
  });

  it('a client gets no more scopes than it has', async () => {
    const made = await hub.admin.addClient({ name: 'narrow', scope: 'system/Patient.rs', organization: 'org-a' });
    const narrow = (scope: string) => hub.token(made.client_id, made.client_secret!, scope);
    expect(((await (await narrow('system/Patient.r')).json()) as { scope: string }).scope).toBe('system/Patient.r');
    expect((await narrow('system/*.cruds')).status).toBe(400);
  });

  it('private_key_jwt proves a client once per jti', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES384' }] });
    const { client_id } = await hub.admin.addClient({
      name: 'backend',
      scope: 'system/*.rs',
      organization: 'org-a',
      jwks,
    });
    const assertion = (jti: string, seconds = 120) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES384', kid: 'k1' })
        .setIssuer(client_id)
        .setSubject(client_id)
        .setAudience(`${hub.origin}/oauth2/token`)
        .setJti(jti)
        .setExpirationTime(`${seconds}s`)
        .sign(privateKey);
    const ask = async (client_assertion: string) =>
      (
        await fetch(`${hub.origin}/oauth2/token`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'client_credentials',
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion,
          }),
        })
      ).status;
    const once = await assertion('a');
    expect(await ask(once)).toBe(200);
    expect(await ask(once)).toBe(401);
    expect(await ask(await assertion('b', 3600))).toBe(401);
  });

  it('a personal token acts as its person and ends with the role', async () => {
    const kit = new FhirKitClient({ baseUrl: hub.base, bearerToken: await accessToken() });
    const role = {
      resourceType: 'PractitionerRole',
      id: 'role-1',
      active: true,
      organization: { reference: 'Organization/org-a' },
    };
    await kit.update({ resourceType: 'PractitionerRole', id: 'role-1', body: role });
    const { token } = await hub.admin.addUser({ name: 'ana', practitionerRole: 'role-1' });
    const get = () => fetch(`${hub.base}/PractitionerRole/role-1`, { headers: { authorization: `Bearer ${token}` } });
    expect((await get()).status).toBe(200);
    await kit.update({ resourceType: 'PractitionerRole', id: 'role-1', body: { ...role, active: false } });
    expect((await get()).status).toBe(401);
    await expect(hub.admin.addUser({ name: 'ben', practitionerRole: 'role-1' })).rejects.toThrow();
  });

  it('nobody appoints his own people to another organization', async () => {
    const kit = new FhirKitClient({ baseUrl: hub.base, bearerToken: await accessToken() });
    const role = {
      resourceType: 'PractitionerRole',
      id: 'role-2',
      active: true,
      organization: { reference: 'Organization/org-a' },
    };
    await kit.update({ resourceType: 'PractitionerRole', id: 'role-2', body: role });
    const { token } = await hub.admin.addUser({ name: 'eve', practitionerRole: 'role-2' });
    const foreign = { ...role, organization: { reference: 'Organization/org-b' } };
    await kit.update({ resourceType: 'PractitionerRole', id: 'role-2', body: foreign });
    expect((await fetch(`${hub.base}/Patient`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    await kit.update({ resourceType: 'PractitionerRole', id: 'role-3', body: { ...foreign, id: 'role-3' } });
    await expect(hub.admin.addUser({ name: 'eve', practitionerRole: 'role-3' })).rejects.toThrow();
  });

  it('a role speaks for the organization that wrote it: turned towards another one it opens nothing', async () => {
    const kit = new FhirKitClient({ baseUrl: hub.base, bearerToken: await accessToken() });
    const role = {
      resourceType: 'PractitionerRole',
      id: 'role-2',
      active: true,
      organization: { reference: 'Organization/org-a' },
    };
    const put = (body: typeof role) => kit.update({ resourceType: 'PractitionerRole', id: 'role-2', body });
    await put(role);
    const { token } = await hub.admin.addUser({ name: 'cleo', practitionerRole: 'role-2' });
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${hub.base}/Patient`, { headers })).status).toBe(200);
    await put({ ...role, organization: { reference: 'Organization/org-b' } });
    expect((await fetch(`${hub.base}/Patient`, { headers })).status).toBe(401);
    await expect(hub.admin.addUser({ name: 'cleo', practitionerRole: 'role-2' })).rejects.toThrow();
  });

  it('gzip, HEAD, formats, too long and too deep bodies have their answers', async () => {
    const authorization = `Bearer ${await accessToken()}`;
    const zipped = await fetch(`${hub.base}/metadata`, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    const head = await fetch(`${hub.base}/Patient`, { method: 'HEAD', headers: { authorization } });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(`${hub.base}/Patient?_format=xml`, { headers: { authorization } })).status).toBe(406);
    const post = (body: string) =>
      fetch(`${hub.base}/Patient`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/fhir+json' },
        body,
      });
    expect((await post('x'.repeat(1_100_000))).status).toBe(413);
    expect((await post(`${'['.repeat(5000)}${']'.repeat(5000)}`)).status).toBe(400);
    expect(((await (await post('{')).json()) as { resourceType: string }).resourceType).toBe('OperationOutcome');
  });
});
