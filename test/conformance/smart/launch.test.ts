import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../../unit/server/support/test-store.ts';
import { addApp, Flow, type SmartHub, startSmartHub, type Tokens } from './smart-hub.ts';

const ORIGIN = 'https://app.example';
const SCOPE = 'launch openid patient/*.rs';

describe.each(ENGINES)('launches by an EHR, accesses kept, and scripts in a browser, on %s', (engine) => {
  let hub: SmartHub;
  let app = '';
  let ehr = { client_id: '', client_secret: '' };
  beforeAll(async () => {
    hub = await startSmartHub(engine, [ORIGIN]);
    app = await addApp(hub, SCOPE);
    const made = await hub.admin.addClient({ name: 'EHR', scope: 'system/*.rs', organization: 'org-a' });
    ehr = { client_id: made.client_id, client_secret: made.client_secret! };
  });
  afterAll(() => hub?.close());

  const ehrToken = async () =>
    ((await (await hub.token(ehr.client_id, ehr.client_secret)).json()) as Tokens).access_token;
  const launch = async (body: object | string, token?: string) =>
    fetch(`${hub.origin}/oauth2/launch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token ?? (await ehrToken())}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const handle = async (body: object) => ((await (await launch(body)).json()) as { launch: string }).launch;
  const answered = async (client: string, changes: Readonly<Record<string, string>>, name?: string) => {
    const flow = new Flow(hub, client);
    const page = await flow.consentPage({ scope: SCOPE, ...changes }, name);
    return (page.left ?? (await flow.browser.allow(page)).left!).searchParams;
  };

  it.each([
    ['a patient it may not see', { patient: 'cora' }, 404],
    ['a patient that is not there', { patient: 'nobody' }, 404],
    ['an encounter that is not the patient’s', { patient: 'anna', encounter: 'none' }, 404],
    ['an id that is none', { patient: '../x' }, 400],
    ['an element that is not known', { patient: 'anna', practitioner: 'x' }, 400],
    ['no JSON', '{', 400],
    ['an app that is not registered', { patient: 'anna', client_id: 'x' }, 400],
  ])('an EHR gets no launch for %s', async (_what, body, status) => {
    const answer = await launch(body);
    expect(answer.status).toBe(status);
    expect(Object.keys((await answer.json()) as object)).toEqual(['error', 'error_description']);
  });

  it('nobody launches without a token, and an app launches no other app', async () => {
    expect((await launch({ patient: 'anna' }, 'x')).status).toBe(401);
    const { access_token: token } = await new Flow(hub, await addApp(hub)).tokens();
    expect((await launch({ patient: 'anna' }, token)).status).toBe(403);
  });

  it('a launch is good once, for its app and its person, and for five minutes', async () => {
    const once = await handle({ patient: 'anna' });
    expect((await answered(app, { launch: once })).has('code')).toBe(true);
    expect((await answered(app, { launch: once })).get('error')).toBe('invalid_request');
    expect((await answered(app, { launch: 'made-up' })).get('error')).toBe('invalid_request');
    const bound = await handle({ patient: 'anna', client_id: app, user: 'doc' });
    expect((await answered(await addApp(hub, SCOPE), { launch: bound })).get('error')).toBe('invalid_request');
    expect((await answered(app, { launch: bound }, 'nurse')).get('error')).toBe('access_denied');
    expect((await answered(app, { launch: bound })).has('code')).toBe(true);
    const late = await handle({ patient: 'anna' });
    hub.clock.ms += 300_000;
    expect((await answered(app, { launch: late })).get('error')).toBe('invalid_request');
  });

  it('of two pages with one launch only one grants', async () => {
    const changes = { scope: SCOPE, launch: await handle({ patient: 'anna' }) };
    const flows = [new Flow(hub, app), new Flow(hub, app)];
    const pages = await Promise.all(flows.map((flow) => flow.consentPage(changes)));
    const answers = await Promise.all(flows.map((flow, at) => flow.browser.allow(pages[at]!)));
    const codes = answers.filter(({ left }) => left!.searchParams.has('code'));
    expect(codes).toHaveLength(1);
  });

  it('a patient named in the form does not replace the one of the launch', async () => {
    const flow = new Flow(hub, app);
    const page = await flow.consentPage({ scope: SCOPE, launch: await handle({ patient: 'anna' }) });
    const code = (await flow.browser.allow(page, 'ben')).left!.searchParams.get('code')!;
    expect(((await (await flow.redeem(code)).json()) as Tokens).patient).toBe('anna');
  });

  it('sign-in, failure, launch and token are kept as AuditEvents that the organization reads; no typed name is', async () => {
    const flow = new Flow(hub, app);
    await flow.browser.signIn(await flow.browser.open(flow.address({ scope: 'openid' })), 'doc', 'my other secret');
    await flow.browser.signIn(await flow.browser.open(flow.address({ scope: 'openid' })), 'my password', 'x');
    const code = (await answered(app, { scope: 'openid' })).get('code')!;
    expect(code).toHaveLength(43);
    const read = async (token: string) => {
      const address = `${hub.base}/AuditEvent?_source=urn:handoff:access-log&action=E&_count=200`;
      return (await (await fetch(address, { headers: { authorization: `Bearer ${token}` } })).json()) as {
        entry: { resource: { type: { code: string }; subtype: { code: string }[]; outcome: string; agent: unknown } }[];
      };
    };
    const seen = async (token: string) =>
      (await read(token)).entry
        .filter(({ resource }) => resource.type.code === '110114')
        .map(({ resource }) => `${resource.subtype[0]!.code} ${resource.outcome}`);
    const ours = await seen(await ehrToken());
    for (const event of ['110122 0', '110122 4', 'launch 0', 'token 0']) expect(ours).toContain(event);
    expect(JSON.stringify(await read(await ehrToken()))).toContain(`"value":"${app}"`);
    const operator = await hub.admin.addClient({ name: 'operator', scope: 'system/*.rs' });
    const { access_token: all } = (await (
      await hub.token(operator.client_id, operator.client_secret!)
    ).json()) as Tokens;
    expect((await seen(all)).length).toBe(ours.length + 1);
    const text = JSON.stringify(await read(all));
    expect([text.includes('my password'), text.includes('my other secret'), text.includes('unknown')]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('scripts of a listed origin may call FHIR, token and discovery; of no other origin, and never the pages', async () => {
    const allowed = async (path: string, origin: string, method = 'GET') => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      return (await fetch(`${hub.origin}${path}`, { method, headers })).headers.get('access-control-allow-origin');
    };
    for (const path of [
      '/fhir/R4/metadata',
      '/fhir/R4/.well-known/smart-configuration',
      '/.well-known/openid-configuration',
      '/oauth2/jwks',
    ])
      expect([await allowed(path, ORIGIN), await allowed(path, 'https://evil.example')]).toEqual([ORIGIN, null]);
    expect(await allowed('/oauth2/token', ORIGIN, 'OPTIONS')).toBe(ORIGIN);
    for (const path of ['/oauth2/authorize', '/oauth2/consent', '/oauth2/launch', '/ops/status'])
      expect(await allowed(path, ORIGIN, 'OPTIONS')).toBeNull();
    const preflight = await fetch(`${hub.base}/Patient`, { method: 'OPTIONS', headers: { origin: ORIGIN } });
    expect([preflight.status, preflight.headers.get('access-control-allow-credentials')]).toEqual([204, null]);
  });
});
