import { createHash, randomBytes } from 'node:crypto';
import { HUB } from '../../../src/model/actor.ts';
import { type HttpHub, startHttpHub } from '../http-server.ts';
import { WebBrowser } from './web-browser.ts';

export const PASSWORD = 'correct horse battery';
export const REDIRECT = 'https://app.example/callback';
const SCOPE = 'launch/patient openid fhirUser offline_access patient/*.rs';

/** A hub with a clinic of two patients, a clinician who signs in, a patient of another clinic, and a clock that a test moves. */
export interface SmartHub extends HttpHub {
  readonly clock: { ms: number; now(): number };
}

export async function startSmartHub(
  engine: 'sqlite' | 'postgres',
  corsOrigins: readonly string[] = [],
): Promise<SmartHub> {
  const clock = { ms: Date.parse('2026-03-02T10:00:00Z'), now: () => clock.ms };
  const hub = await startHttpHub(engine, clock, corsOrigins);
  const put = (resource: { resourceType: string; id: string; [element: string]: unknown }) =>
    hub.hub.store.put(resource, HUB);
  for (const [id, name] of [
    ['org-a', 'Clinic A'],
    ['org-b', 'Clinic B'],
  ] as const)
    await put({ resourceType: 'Organization', id, active: true, name });
  for (const id of ['doc', 'nurse']) {
    await put({ resourceType: 'Practitioner', id, active: true, name: [{ family: id }] });
    await put(role(id, true));
  }
  for (const [id, organization, family, given] of [
    ['anna', 'org-a', 'Berg', 'Anna'],
    ['ben', 'org-a', 'Adler', 'Ben'],
    ['cora', 'org-b', 'Cole', 'Cora'],
  ] as const) {
    const managingOrganization = { reference: `Organization/${organization}` };
    const name = [{ family, given: [given] }];
    await put({ resourceType: 'Patient', id, birthDate: '1990-01-01', managingOrganization, name });
    await put(observation(`${id}-mood`, id, 'survey'));
    await put(observation(`${id}-pulse`, id, 'vital-signs'));
  }
  for (const name of ['doc', 'nurse'])
    await hub.admin.addUser({ name, practitionerRole: `${name}-role`, password: PASSWORD });
  return { ...hub, clock };
}

export const role = (id: string, active: boolean) => ({
  resourceType: 'PractitionerRole',
  id: `${id}-role`,
  active,
  organization: { reference: 'Organization/org-a' },
  practitioner: { reference: `Practitioner/${id}` },
});

export const observation = (id: string, patient: string, category: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: category }] }],
  code: { text: id },
  subject: { reference: `Patient/${patient}` },
});

export const addApp = async (hub: HttpHub, scope = SCOPE, redirect = REDIRECT): Promise<string> =>
  (await hub.admin.addClient({ name: 'Mood diary', scope, redirectUris: [redirect], public: true })).client_id;

/** One authorization as an app drives it without a library, each part of it open to change. */
export class Flow {
  readonly hub: Pick<HttpHub, 'origin' | 'base'>;
  readonly client: string;
  readonly verifier = randomBytes(32).toString('base64url');
  browser: WebBrowser;
  constructor(hub: Flow['hub'], client: string) {
    this.hub = hub;
    this.client = client;
    this.browser = new WebBrowser(hub.origin);
  }

  address(changes: Readonly<Record<string, string | undefined>> = {}): string {
    const parameters = {
      response_type: 'code',
      client_id: this.client,
      redirect_uri: REDIRECT,
      scope: SCOPE,
      state: 'state-1',
      aud: this.hub.base,
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...changes,
    };
    const kept = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
    return `/oauth2/authorize?${new URLSearchParams(kept)}`;
  }

  /** Signs in and stops at the consent page. */
  async consentPage(changes: Readonly<Record<string, string | undefined>> = {}, name = 'doc') {
    return this.browser.signIn(await this.browser.open(this.address(changes)), name, PASSWORD);
  }

  /** Where the app is sent when the person allows. */
  async allowed(changes: Readonly<Record<string, string | undefined>> = {}, patient: string | undefined = 'anna') {
    return (await this.browser.allow(await this.consentPage(changes), patient)).left!.searchParams;
  }

  post(path: string, fields: Readonly<Record<string, string>>) {
    return fetch(`${this.hub.origin}${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  }

  redeem(code: string, changes: Readonly<Record<string, string>> = {}) {
    return this.post('/oauth2/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT,
      client_id: this.client,
      code_verifier: this.verifier,
      ...changes,
    });
  }

  refresh(token: string, changes: Readonly<Record<string, string>> = {}) {
    return this.post('/oauth2/token', {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: this.client,
      ...changes,
    });
  }

  /** Tokens of a whole authorization. */
  async tokens(changes: Readonly<Record<string, string | undefined>> = {}, patient?: string): Promise<Tokens> {
    const code = (await this.allowed(changes, patient)).get('code')!;
    return (await (await this.redeem(code)).json()) as Tokens;
  }

  async read(path: string, token: string): Promise<number> {
    return (await fetch(`${this.hub.base}/${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
  }
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token?: string;
  readonly scope: string;
  readonly patient?: string;
  readonly encounter?: string;
  readonly expires_in: number;
  readonly need_patient_banner?: boolean;
}
