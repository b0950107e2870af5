import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HUB } from '../../../src/model/actor.ts';
import { ENGINES } from '../../unit/server/support/test-store.ts';
import { startSmartApp } from './app.ts';
import { PASSWORD, type SmartHub, startSmartHub } from './smart-hub.ts';
import { WebBrowser } from './web-browser.ts';

describe.each(ENGINES)('fhirclient launches against the hub over HTTP, on %s', (engine) => {
  let hub: SmartHub;
  let app: Awaited<ReturnType<typeof startSmartApp>>;
  beforeAll(async () => {
    hub = await startSmartHub(engine);
    app = await startSmartApp({ clientId: '', scope: '', iss: hub.base });
  });
  afterAll(async () => {
    await app?.close();
    await hub?.close();
  });

  /** Registers the app anew with a scope; gives its id. */
  const register = async (scope: string, isPublic: boolean) => {
    const made = await hub.admin.addClient({
      name: 'Mood diary',
      scope,
      redirectUris: [`${app.origin}/callback`],
      launchUri: `${app.origin}/launch`,
      public: isPublic,
    });
    Object.assign(app.settings, { clientId: made.client_id, scope, clientSecret: made.client_secret });
    return made.client_id;
  };

  /** Opens the app's launch address, goes through the pages and gives what the app answers at the end. */
  const launch = async (address: string, patient?: string) => {
    const browser = new WebBrowser(hub.origin);
    const start = await fetch(address, { redirect: 'manual' });
    const page = await browser.signIn(await browser.open(start.headers.get('location')!), 'doc', PASSWORD);
    const back = await browser.allow(page, patient);
    return fetch(back.left!);
  };

  it('a standalone launch of a public app: the person chooses a patient, the app reads it and knows who signed in', async () => {
    await register('launch/patient openid fhirUser offline_access patient/*.rs', true);
    expect((await launch(`${app.origin}/launch`, 'anna')).status).toBe(200);
    const client = app.client();
    expect([client.patient.id, client.user.fhirUser]).toEqual(['anna', 'Practitioner/doc']);
    expect(((await client.patient.read()) as { id?: string }).id).toBe('anna');
    expect(((await client.user.read()) as { id?: string }).id).toBe('doc');
    const bundle = (await client.request('Observation?_sort=_id')) as { entry: { resource: { id: string } }[] };
    expect(bundle.entry.map(({ resource }) => resource.id)).toEqual(['anna-mood', 'anna-pulse']);
    await expect(client.request('Observation/ben-mood')).rejects.toThrow('404');
  });

  it('an app does not take an answer to a request it did not make, nor one it has finished (stale state)', async () => {
    await register('launch/patient patient/*.rs', true);
    const browser = new WebBrowser(hub.origin);
    const start = await fetch(`${app.origin}/launch`, { redirect: 'manual' });
    const page = await browser.signIn(await browser.open(start.headers.get('location')!), 'doc', PASSWORD);
    const back = (await browser.allow(page, 'anna')).left!;
    const stale = new URL(back);
    stale.searchParams.set('state', 'stale');
    expect((await fetch(stale)).status).toBe(400);
    expect((await fetch(back)).status).toBe(200);
  });

  it('an app that only asks who signed in may read that entry and nothing else', async () => {
    await register('openid fhirUser', true);
    await launch(`${app.origin}/launch`);
    const client = app.client();
    expect(((await client.user.read()) as { id?: string }).id).toBe('doc');
    await expect(client.request('Practitioner/nurse')).rejects.toThrow('404');
    await expect(client.request('Practitioner?_id=nurse')).rejects.toThrow('403');
    await expect(client.request('Patient/anna')).rejects.toThrow('403');
  });

  it('the id token is signed with the published key, for this app, and tells no name', async () => {
    const client = await register('openid fhirUser launch/patient patient/Patient.r', false);
    await launch(`${app.origin}/launch`, 'anna');
    const token = app.client().state.tokenResponse?.id_token ?? '';
    const { jwks_uri: jwks, issuer } = (await (
      await fetch(`${hub.origin}/.well-known/openid-configuration`)
    ).json()) as { jwks_uri: string; issuer: string };
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), {
      audience: client,
      issuer,
      algorithms: ['RS256'],
      currentDate: new Date(hub.clock.ms),
    });
    expect(payload.fhirUser).toBe(`${hub.base}/Practitioner/doc`);
    expect(payload.auth_time).toBe(hub.clock.ms / 1000);
    expect(payload.sub).not.toContain('doc');
  });

  it('a confidential app refreshes; each refresh token is good once', async () => {
    await register('launch/patient offline_access patient/Patient.rs', false);
    await launch(`${app.origin}/launch`, 'anna');
    const client = app.client();
    const before = { ...client.state.tokenResponse };
    hub.clock.ms += 301_000;
    await client.refresh();
    const after = client.state.tokenResponse!;
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.refresh_token).not.toBe(before.refresh_token);
    expect(((await client.patient.read()) as { id?: string }).id).toBe('anna');
  });

  it('an EHR launch: the app works on the patient and encounter the EHR has open', async () => {
    const id = await register('launch openid fhirUser patient/*.rs', true);
    await hub.hub.store.put(
      {
        resourceType: 'Encounter',
        id: 'visit',
        status: 'in-progress',
        class: { code: 'AMB' },
        subject: { reference: 'Patient/ben' },
      } as never,
      HUB,
    );
    const { token } = await hub.admin.addUser({ name: 'ehr', practitionerRole: 'doc-role' });
    const made = await fetch(`${hub.origin}/oauth2/launch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ patient: 'ben', encounter: 'visit', client_id: id, user: 'doc' }),
    });
    const { url } = (await made.json()) as { url: string };
    expect((await launch(url)).status).toBe(200);
    const client = app.client();
    expect([client.patient.id, client.encounter.id]).toEqual(['ben', 'visit']);
    expect(client.state.tokenResponse?.need_patient_banner).toBe(true);
    await expect(client.request('Patient/anna')).rejects.toThrow('404');
    const again = await launchOnce(url);
    expect(again.get('error')).toBe('invalid_request');
  });

  const launchOnce = async (address: string) => {
    const browser = new WebBrowser(hub.origin);
    const start = await fetch(address, { redirect: 'manual' });
    const page = await browser.signIn(await browser.open(start.headers.get('location')!), 'doc', PASSWORD);
    return page.left!.searchParams;
  };
});
