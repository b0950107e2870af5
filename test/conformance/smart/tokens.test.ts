import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HUB } from '../../../src/model/actor.ts';
import { ENGINES } from '../../unit/server/support/test-store.ts';
import { addApp, Flow, PASSWORD, role, type SmartHub, startSmartHub, type Tokens } from './smart-hub.ts';

const fault = async (response: Response) => [response.status, ((await response.json()) as { error: string }).error];
const REFUSED = [400, 'invalid_grant'];

describe.each(ENGINES)('codes and tokens of apps, on %s', (engine) => {
  let hub: SmartHub;
  let app = '';
  beforeAll(async () => {
    hub = await startSmartHub(engine);
    app = await addApp(hub);
  });
  afterAll(() => hub?.close());

  it('a code is good once; a second use ends what the first one gave', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(200);
    expect(await fault(await flow.redeem(code))).toEqual(REFUSED);
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(401);
    expect(await fault(await flow.refresh(tokens.refresh_token))).toEqual(REFUSED);
  });

  it('a second use is kept as an AuditEvent that operators see', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    await flow.redeem(code);
    await flow.redeem(code);
    const { client_id, client_secret } = await hub.admin.addClient({ name: 'operator', scope: 'system/*.rs' });
    const { access_token: token } = (await (await hub.token(client_id, client_secret!)).json()) as Tokens;
    const headers = { authorization: `Bearer ${token}` };
    const found = await fetch(`${hub.base}/AuditEvent?_source=urn:handoff:access-log&_count=5`, { headers });
    const { entry } = (await found.json()) as {
      entry: { resource: { subtype: { code: string }[]; outcome: string } }[];
    };
    expect(entry.map(({ resource }) => `${resource.subtype[0]!.code} ${resource.outcome}`)).toContain('reuse 4');
    const reuse = entry.find(({ resource }) => resource.subtype[0]!.code === 'reuse');
    expect(JSON.stringify(reuse)).toContain('"network":{"address":"127.0.0.1","type":"2"}');
  });

  it('an access through an app is kept with the person and the app', async () => {
    const flow = new Flow(hub, app);
    expect(await flow.read('Patient/anna', (await flow.tokens()).access_token)).toBe(200);
    const made = await hub.admin.addClient({ name: 'auditor', scope: 'system/*.rs', organization: 'org-a' });
    const auditor = (await (await hub.token(made.client_id, made.client_secret!)).json()) as Tokens;
    const query = '_source=urn:handoff:access-log&entity=Patient/anna&action=R&_count=1';
    const headers = { authorization: `Bearer ${auditor.access_token}` };
    const found = await fetch(`${hub.base}/AuditEvent?${query}`, { headers });
    const { entry } = (await found.json()) as { entry: { resource: { agent: { who: object }[] } }[] };
    const who = entry[0]!.resource.agent.map((agent) => JSON.stringify(agent.who));
    expect(who[0]).toContain('PractitionerRole/doc-role');
    expect(who[1]).toContain(app);
  });

  it('two redemptions at once give tokens to one at most, and leave none', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    const answers = await Promise.all([flow.redeem(code), flow.redeem(code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const { access_token: token } = (await answers.find(({ status }) => status === 200)!.json()) as Tokens;
    expect(await flow.read('Patient/anna', token)).toBe(401);
  });

  it.each([
    ['another verifier', { code_verifier: 'v'.repeat(43) }],
    ['another redirect URI', { redirect_uri: 'https://app.example/other' }],
    ['another code', { code: 'c'.repeat(43) }],
  ])('a code with %s gives nothing, and its app can still redeem it', async (_what, changes) => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    expect(await fault(await flow.redeem(code, changes))).toEqual(REFUSED);
    expect((await flow.redeem(code)).status).toBe(200);
  });

  it('a code without a verifier is not looked at', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    expect(await fault(await flow.redeem(code, { code_verifier: '' }))).toEqual([400, 'invalid_request']);
  });

  it('another app’s code and refresh token are good for nothing', async () => {
    const other = new Flow(hub, await addApp(hub));
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    expect(await fault(await other.redeem(code, { code_verifier: flow.verifier }))).toEqual(REFUSED);
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    expect(await fault(await other.refresh(tokens.refresh_token))).toEqual(REFUSED);
    expect((await flow.refresh(tokens.refresh_token)).status).toBe(200);
  });

  it('an app with a secret proves itself, also for a code it holds', async () => {
    const made = await hub.admin.addClient({
      name: 'portal',
      scope: 'launch/patient patient/*.rs',
      redirectUris: ['https://app.example/callback'],
    });
    const flow = new Flow(hub, made.client_id);
    const code = (await flow.allowed()).get('code')!;
    expect(await fault(await flow.redeem(code))).toEqual([401, 'invalid_client']);
    expect(await fault(await flow.redeem(code, { client_secret: 'wrong' }))).toEqual([401, 'invalid_client']);
    expect((await flow.redeem(code, { client_secret: made.client_secret! })).status).toBe(200);
    const own = { grant_type: 'client_credentials', client_id: made.client_id, client_secret: made.client_secret! };
    expect(await fault(await flow.post('/oauth2/token', own))).toEqual([400, 'unauthorized_client']);
  });

  it('a refresh token is good once; a second use ends the whole family', async () => {
    const flow = new Flow(hub, app);
    const first = await flow.tokens();
    const second = (await (await flow.refresh(first.refresh_token)).json()) as Tokens;
    expect(await flow.read('Patient/anna', second.access_token)).toBe(200);
    expect(await fault(await flow.refresh(first.refresh_token))).toEqual(REFUSED);
    expect(await flow.read('Patient/anna', second.access_token)).toBe(401);
    expect(await fault(await flow.refresh(second.refresh_token))).toEqual(REFUSED);
  });

  it('a refresh may ask for less and never for more; the next one has all again', async () => {
    const flow = new Flow(hub, app);
    const first = await flow.tokens();
    for (const scope of ['patient/*.cruds', 'user/*.rs', 'patient/Patient.rs system/*.rs'])
      expect(await fault(await flow.refresh(first.refresh_token, { scope }))).toEqual([400, 'invalid_scope']);
    const less = (await (
      await flow.refresh(first.refresh_token, { scope: 'patient/Observation.rs' })
    ).json()) as Tokens;
    expect(less.scope).toBe('patient/Observation.rs');
    expect(await flow.read('Observation/anna-mood', less.access_token)).toBe(200);
    expect(await flow.read('Patient/anna', less.access_token)).toBe(403);
    const all = (await (await flow.refresh(less.refresh_token)).json()) as Tokens;
    expect(await flow.read('Patient/anna', all.access_token)).toBe(200);
  });

  it('an access token or a refresh token is not the other, and a code is neither', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    expect(await flow.read('Patient/anna', code)).toBe(401);
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    expect(await flow.read('Patient/anna', tokens.refresh_token)).toBe(401);
    expect(await fault(await flow.refresh(tokens.access_token))).toEqual(REFUSED);
  });

  it('everything ends in its time: code, access token, refresh token', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    const late = new Flow(hub, app);
    const lateCode = (await late.allowed()).get('code')!;
    hub.clock.ms += 59_000;
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    hub.clock.ms += 1_000;
    expect(await fault(await late.redeem(lateCode))).toEqual(REFUSED);
    hub.clock.ms += 298_000;
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(200);
    hub.clock.ms += 1_000;
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(401);
    const next = (await (await flow.refresh(tokens.refresh_token)).json()) as Tokens;
    hub.clock.ms += 86_400_000;
    expect(await fault(await flow.refresh(next.refresh_token))).toEqual(REFUSED);
  });

  it('online access lasts as long as the person is signed in, and no refresh comes without either', async () => {
    const online = new Flow(hub, await addApp(hub, 'launch/patient online_access patient/*.rs'));
    const scope = 'launch/patient online_access patient/*.rs';
    const tokens = await online.tokens({ scope });
    const next = (await (await online.refresh(tokens.refresh_token)).json()) as Tokens;
    const page = await online.browser.open(online.address({ scope }));
    await online.browser.submit(page, '/oauth2/sign-out');
    expect(await fault(await online.refresh(next.refresh_token))).toEqual(REFUSED);
    expect((await new Flow(hub, app).tokens({ scope: 'patient/*.rs' })).refresh_token).toBeUndefined();
  });

  it('what is over is forgotten, and only that', async () => {
    const flow = new Flow(hub, app);
    const tokens = await flow.tokens();
    hub.clock.ms += 400_000;
    await hub.hub.database.write('grant.purge', { at: hub.clock.ms });
    const again = (await (await flow.refresh(tokens.refresh_token)).json()) as Tokens;
    await hub.hub.database.write('grant.purge', { at: hub.clock.ms });
    expect(await fault(await flow.refresh(tokens.refresh_token))).toEqual(REFUSED);
    expect(await flow.read('Patient/anna', again.access_token)).toBe(401);
  });

  it.each([
    ['the user is disabled', () => hub.admin.revokeUser('doc')],
    ['the role ends', () => hub.hub.store.put(role('doc', false), HUB)],
    [
      'the password is new',
      () => hub.admin.addUser({ name: 'doc', practitionerRole: 'doc-role', password: `${PASSWORD} 2` }),
    ],
    ['the app is revoked', () => hub.admin.revokeClient(app)],
  ])('when %s, token, refresh and code end at the next request', async (_what, end) => {
    const flow = new Flow(hub, app);
    const tokens = await flow.tokens();
    const waiting = new Flow(hub, app);
    const code = (await waiting.allowed()).get('code')!;
    await end();
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(401);
    const codes = ['invalid_grant', 'invalid_client'];
    for (const answer of [await flow.refresh(tokens.refresh_token), await waiting.redeem(code)])
      expect(codes).toContain((await fault(answer))[1]);
    const page = await flow.browser.open(flow.address());
    expect(page.html).not.toContain('Allow access');
    // As before, for the next row.
    await hub.hub.store.put(role('doc', true), HUB);
    await hub.admin.addUser({ name: 'doc', practitionerRole: 'doc-role', password: PASSWORD });
    app = await addApp(hub);
  });

  describe('introspection and revocation', () => {
    const backend = async (organization?: string) => {
      const made = await hub.admin.addClient({
        name: 'rs',
        scope: 'system/*.rs',
        ...(organization === undefined ? {} : { organization }),
      });
      return { client_id: made.client_id, client_secret: made.client_secret! };
    };
    const told = async (flow: Flow, token: string, proof: Readonly<Record<string, string>>) =>
      (await (await flow.post('/oauth2/introspect', { token, ...proof })).json()) as Record<string, unknown>;

    it('an operator’s client is told of a token, another client is not, and nobody without proof', async () => {
      const flow = new Flow(hub, app);
      const { access_token: token } = await flow.tokens();
      const operator = await backend();
      expect(await told(flow, token, operator)).toMatchObject({
        active: true,
        client_id: app,
        patient: 'anna',
        fhirUser: `${hub.base}/Practitioner/doc`,
        exp: hub.clock.ms / 1000 + 300,
      });
      expect(await told(flow, token, await backend('org-a'))).toEqual({ active: false });
      expect(await told(flow, 'nonsense', operator)).toEqual({ active: false });
      expect(await fault(await flow.post('/oauth2/introspect', { token, client_id: app }))).toEqual([
        401,
        'invalid_client',
      ]);
      const own = (await (await hub.token(operator.client_id, operator.client_secret)).json()) as Tokens;
      expect(await told(flow, own.access_token, operator)).toMatchObject({
        active: true,
        client_id: operator.client_id,
      });
    });

    it('an app takes back an access token alone, or with a refresh token everything; another app takes nothing', async () => {
      const flow = new Flow(hub, app);
      const tokens = await flow.tokens();
      const other = await addApp(hub);
      const revoke = (token: string, client_id: string) => flow.post('/oauth2/revoke', { token, client_id });
      expect((await revoke(tokens.access_token, other)).status).toBe(200);
      expect(await flow.read('Patient/anna', tokens.access_token)).toBe(200);
      await revoke(tokens.access_token, app);
      expect(await flow.read('Patient/anna', tokens.access_token)).toBe(401);
      const next = (await (await flow.refresh(tokens.refresh_token)).json()) as Tokens;
      expect((await revoke(next.refresh_token, app)).status).toBe(200);
      expect(await flow.read('Patient/anna', next.access_token)).toBe(401);
      expect((await revoke('nonsense', app)).status).toBe(200);
    });
  });

  it('the store holds no code, token, cookie or password, only hashes', async () => {
    const flow = new Flow(hub, app);
    const code = (await flow.allowed()).get('code')!;
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    const login = await hub.hub.database.read<{ passwordHash: string }>('login.find', {
      name: 'doc',
      at: hub.clock.ms,
    });
    expect(login.passwordHash).toMatch(/^scrypt\$[\w-]{22}\$[\w-]{43}$/);
    for (const secret of [code, tokens.access_token, tokens.refresh_token, flow.browser.cookies.get('handoff')!]) {
      expect(await hub.hub.database.read('grant.token', { hash: secret, at: hub.clock.ms })).toBeUndefined();
      expect(await hub.hub.database.read('login.session', { hash: secret, at: hub.clock.ms })).toBeUndefined();
    }
  });
});
