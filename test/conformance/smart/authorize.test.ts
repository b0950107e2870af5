import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../../unit/server/support/test-store.ts';
import { addApp, Flow, PASSWORD, REDIRECT, type SmartHub, startSmartHub, type Tokens } from './smart-hub.ts';
import { WebBrowser } from './web-browser.ts';

describe.each(ENGINES)('the authorization endpoint, on %s', (engine) => {
  let hub: SmartHub;
  let app = '';
  beforeAll(async () => {
    hub = await startSmartHub(engine);
    app = await addApp(hub);
  });
  afterAll(() => hub?.close());
  const open = (changes: Readonly<Record<string, string | undefined>>) => {
    const flow = new Flow(hub, app);
    return flow.browser.open(flow.address(changes));
  };

  it.each([
    ['another host', 'https://evil.example/callback'],
    ['a longer path', `${REDIRECT}/more`],
    ['a trailing slash', `${REDIRECT}/`],
    ['a query of its own', `${REDIRECT}?next=https://evil.example`],
    ['another case', REDIRECT.toUpperCase()],
    ['a port', 'https://app.example:8443/callback'],
    ['user information', 'https://app.example@evil.example/callback'],
    ['a fragment', `${REDIRECT}#x`],
    ['a dot segment', 'https://app.example/x/../callback'],
    ['no scheme', '//app.example/callback'],
    ['a script', 'javascript:alert(1)'],
    ['nothing', undefined],
  ])('never sends anybody to an address that is not the app’s letter by letter: %s', async (_what, redirect) => {
    const page = await open({ redirect_uri: redirect });
    expect([page.status, page.left, page.headers.get('location')]).toEqual([400, undefined, null]);
  });

  it('an app that is not registered, or a client that is none, gets a page and no redirect', async () => {
    const { client_id: backend } = await hub.admin.addClient({
      name: 'b',
      scope: 'system/*.rs',
      organization: 'org-a',
    });
    for (const client of ['unknown', backend, undefined])
      expect([(await open({ client_id: client })).status, (await open({ client_id: client })).left]).toEqual([
        400,
        undefined,
      ]);
    const flow = new Flow(hub, app);
    const twice = await flow.browser.open(`${flow.address()}&redirect_uri=https://evil.example`);
    expect([twice.status, twice.left]).toEqual([400, undefined]);
  });

  it.each([
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE without a method, which is plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge that is no hash', { code_challenge: 'short' }, 'invalid_request'],
    ['no state', { state: undefined }, 'invalid_request'],
    ['another audience', { aud: 'https://evil.example/fhir' }, 'invalid_request'],
    ['no audience', { aud: undefined }, 'invalid_request'],
    ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['an answer in the fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['no page', { prompt: 'none' }, 'interaction_required'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
    ['the launch scope without a launch', { scope: 'launch openid' }, 'invalid_request'],
    ['a launch without its scope', { launch: 'x' }, 'invalid_request'],
  ])('refuses %s at the app’s own address, with state and issuer', async (_what, changes, error) => {
    const { left } = await open(changes);
    expect(`${left?.origin}${left?.pathname}`).toBe(REDIRECT);
    expect(left?.searchParams.get('error')).toBe(error);
    expect(left?.searchParams.get('state')).toBe('state' in changes ? null : 'state-1');
    expect(left?.searchParams.get('iss')).toBe(hub.origin);
    expect(left?.searchParams.has('code')).toBe(false);
  });

  it('the answer names who gives it, so that an app cannot be made to take it to another server (RFC 9207)', async () => {
    const answer = await new Flow(hub, app).allowed();
    expect([answer.get('iss'), answer.get('state'), answer.get('code')?.length]).toEqual([hub.origin, 'state-1', 43]);
    const found = (await (await fetch(`${hub.base}/.well-known/smart-configuration`)).json()) as Record<
      string,
      unknown
    >;
    expect([found.issuer, found.authorization_response_iss_parameter_supported]).toEqual([hub.origin, true]);
  });

  it('a request by POST goes on as the same request by GET', async () => {
    const flow = new Flow(hub, app);
    const body = new URLSearchParams(flow.address().split('?')[1]);
    const page = await flow.browser.open('/oauth2/authorize', { method: 'POST', body });
    expect([page.status, page.html.includes('Password')]).toEqual([200, true]);
  });

  it('pages are never framed, run no script, lead to the app only, and show no name as HTML', async () => {
    const evil = await hub.admin.addClient({
      name: '<img src=x onerror=alert(1)>',
      scope: 'openid',
      redirectUris: [REDIRECT],
      public: true,
    });
    const flow = new Flow(hub, evil.client_id);
    for (const page of [
      await flow.browser.open(flow.address({ scope: 'openid' })),
      await flow.consentPage({ scope: 'openid' }),
    ]) {
      expect(page.html).toContain('&lt;img src=x');
      expect(page.html).not.toContain('<img');
      expect(page.headers.get('x-frame-options')).toBe('DENY');
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; form-action 'self' https://app.example; frame-ancestors 'none'; base-uri 'none'",
      );
    }
  });

  it('who refuses sends the app away without a code', async () => {
    const flow = new Flow(hub, app);
    const page = await flow.consentPage();
    const { left } = await flow.browser.submit(page, '/oauth2/consent', { decision: 'deny' });
    expect([left?.searchParams.get('error'), left?.searchParams.has('code')]).toEqual(['access_denied', false]);
  });

  it('the picker shows patients the person may see and no others; another’s id is not taken', async () => {
    const flow = new Flow(hub, app);
    const page = await flow.consentPage();
    expect(page.html).toContain('Anna Berg, 1990-01-01');
    expect(page.html).toContain('Ben Adler');
    expect(page.html).not.toContain('Cora');
    const found = await flow.browser.submit(page, '/oauth2/consent', { decision: 'find', find: 'ber' });
    expect([found.html.includes('Anna Berg'), found.html.includes('Ben Adler')]).toEqual([true, false]);
    for (const patient of ['cora', 'nobody', '../metadata', '']) {
      const refused = await flow.browser.allow(page, patient);
      expect([refused.status, refused.left]).toEqual([422, undefined]);
    }
  });

  it('an app gets what it asks for, was registered for and the person may do: nothing more', async () => {
    const narrow = await addApp(hub, 'launch/patient patient/Observation.rs patient/Condition.cruds offline_access');
    const scope = 'launch/patient openid patient/*.rs system/*.cruds user/*.cruds';
    const tokens = await new Flow(hub, narrow).tokens({ scope });
    expect(tokens.scope.split(' ').sort()).toEqual([
      'launch/patient',
      'patient/Condition.rs',
      'patient/Observation.rs',
    ]);
    expect(tokens.id_token).toBeUndefined();
    const nothing = (await new Flow(hub, narrow).consentPage({ scope: 'user/*.cruds system/*.cruds' })).left;
    expect(nothing?.searchParams.get('error')).toBe('invalid_scope');
  });

  it('an app of user/ scopes gets no patient and sees what the person sees', async () => {
    const flow = new Flow(hub, await addApp(hub, 'user/Patient.rs'));
    const page = await flow.consentPage({ scope: 'user/Patient.rs' });
    expect(page.html).not.toContain('Which patient?');
    const code = (await flow.browser.allow(page)).left!.searchParams.get('code')!;
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    expect(tokens.patient).toBeUndefined();
    const status = (path: string) => flow.read(path, tokens.access_token);
    expect([await status('Patient/anna'), await status('Patient/ben'), await status('Patient/cora')]).toEqual([
      200, 200, 404,
    ]);
    expect(await status('Observation/anna-mood')).toBe(403);
  });

  it('a scope with a search opens what it finds and nothing else of the type', async () => {
    const scope = 'launch/patient patient/Observation.rs?category=survey';
    const flow = new Flow(hub, await addApp(hub, scope));
    const tokens = await flow.tokens({ scope });
    expect(tokens.scope).toBe(scope);
    const status = (path: string) => flow.read(path, tokens.access_token);
    expect([await status('Observation/anna-mood'), await status('Observation/anna-pulse')]).toEqual([200, 404]);
    expect([await status('Observation/ben-mood'), await status('Patient/anna')]).toEqual([404, 403]);
  });

  it('what cannot be read is refused in words: a parameter that comes twice, a body that is too long, in an unknown encoding', async () => {
    const token = `${hub.origin}/oauth2/token`;
    const long = await fetch(token, { method: 'POST', body: new URLSearchParams({ grant_type: 'x'.repeat(40_000) }) });
    expect([long.status, ((await long.json()) as { error: string }).error]).toEqual([413, 'invalid_request']);
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'rot13' };
    const twice = await fetch(token, { method: 'POST', body: new URLSearchParams('grant_type=a&grant_type=b') });
    expect([twice.status, ((await twice.json()) as { error: string }).error]).toEqual([400, 'invalid_request']);
    const odd = await fetch(token, { method: 'POST', headers, body: 'a=b' });
    expect([odd.status, ((await odd.json()) as { error: string }).error]).toEqual([415, 'invalid_request']);
  });

  describe('sign-in', () => {
    it('a form that is not from this browser’s page changes nothing', async () => {
      const victim = new Flow(hub, app);
      const page = await victim.consentPage();
      const other = await new Flow(hub, app).consentPage();
      const foreign = /name="csrf" value="([^"]+)"/.exec(other.html)![1]!;
      const fields = { decision: 'allow', patient: 'anna' };
      for (const csrf of ['', foreign]) {
        const refused = await victim.browser.submit(page, '/oauth2/consent', { ...fields, csrf });
        expect([refused.status, refused.left]).toEqual([403, undefined]);
      }
      const body = new URLSearchParams({
        ...fields,
        csrf: /name="csrf" value="([^"]+)"/.exec(page.html)![1]!,
        request: victim.address().split('?')[1]!,
      });
      const crossSite = await victim.browser.open('/oauth2/consent', {
        method: 'POST',
        body,
        headers: { 'sec-fetch-site': 'cross-site' },
      });
      expect([crossSite.status, crossSite.left]).toEqual([403, undefined]);
    });

    it('signing in gives a new cookie: one that was planted before is nobody’s (session fixation)', async () => {
      const flow = new Flow(hub, app);
      const first = await flow.browser.open(flow.address());
      const planted = new Map(flow.browser.cookies);
      expect((await flow.browser.signIn(first, 'doc', PASSWORD)).html).toContain('Allow access');
      expect(flow.browser.cookies.get('handoff')).not.toBe(planted.get('handoff'));
      const attacker = new WebBrowser(hub.origin);
      attacker.cookies.set('handoff', planted.get('handoff')!);
      expect((await attacker.open(flow.address())).html).toContain('Sign in');
    });

    it('the session ends when the person signs out, and by itself', async () => {
      const flow = new Flow(hub, app);
      const page = await flow.consentPage();
      const former = new Map(flow.browser.cookies);
      expect((await flow.browser.submit(page, '/oauth2/sign-out')).html).toContain('Password');
      const again = new WebBrowser(hub.origin);
      again.cookies.set('handoff', former.get('handoff')!);
      expect((await again.open(flow.address())).html).toContain('Password');
      const later = new Flow(hub, app);
      await later.consentPage();
      hub.clock.ms += 3_601_000;
      expect((await later.browser.open(later.address())).html).toContain('Password');
    });

    it.each([
      ['prompt=login', { prompt: 'login' }],
      ['an age that is over', { max_age: '0' }],
    ])('who is signed in proves himself again for %s, once', async (_what, changes) => {
      const flow = new Flow(hub, app);
      await flow.consentPage();
      const page = await flow.browser.open(flow.address(changes));
      expect(page.html).toContain('Password');
      expect((await flow.browser.signIn(page, 'doc', PASSWORD)).html).toContain('Allow access');
      expect((await flow.browser.open(flow.address({ max_age: '60' }))).html).toContain('Allow access');
    });

    it('of many guesses at once only a few are looked at', async () => {
      const flow = new Flow(hub, app);
      const page = await flow.browser.open(flow.address());
      const guesses = Array.from({ length: 12 }, (_, n) => flow.browser.signIn(page, 'someone', `guess ${n}`));
      const statuses = (await Promise.all(guesses)).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 429)).toHaveLength(5);
      hub.clock.ms += 60_000;
    });

    it('a wrong password and an unknown name get the same answer; after five the name waits', async () => {
      const attempt = async (name: string, password: string) => {
        const flow = new Flow(hub, app);
        const page = await flow.browser.signIn(await flow.browser.open(flow.address()), name, password);
        return [page.status, /role="alert">([^<]*)/.exec(page.html)?.[1]];
      };
      const wrong = await attempt('nurse', 'not the password');
      expect(wrong).toEqual([403, 'The name or the password is wrong.']);
      expect(await attempt('nobody', 'not the password')).toEqual(wrong);
      for (let n = 0; n < 4; n++) expect((await attempt('nurse', `guess ${n}`))[0]).toBe(403);
      expect((await attempt('nurse', PASSWORD))[0]).toBe(429);
      hub.clock.ms += 31_000;
      expect((await attempt('nurse', PASSWORD))[0]).toBe(200);
    });
  });
});
