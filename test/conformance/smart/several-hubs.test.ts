import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../../unit/server/support/test-store.ts';
import { type HttpHub, startHttpHub } from '../http-server.ts';
import { addApp, Flow, type SmartHub, startSmartHub, type Tokens } from './smart-hub.ts';

describe.each(ENGINES)('several hubs of one database, on %s', (engine) => {
  let one: SmartHub;
  let other: HttpHub;
  beforeAll(async () => {
    one = await startSmartHub(engine);
    other = await startHttpHub(engine, one.clock, [], one.hub);
  });
  afterAll(async () => {
    await other?.close();
    await one?.close();
  });

  it('what one gave is good at the other: session, code, tokens, signature', async () => {
    const app = await addApp(one);
    const here = new Flow(one, app);
    const code = (await here.allowed()).get('code')!;
    const there = new Flow(other, app);
    const tokens = (await (await there.redeem(code, { code_verifier: here.verifier })).json()) as Tokens;
    expect(await there.read('Patient/anna', tokens.access_token)).toBe(200);
    expect(await here.read('Patient/anna', tokens.access_token)).toBe(200);
    for (const { origin } of [one, other]) {
      const keys = createRemoteJWKSet(new URL(`${origin}/oauth2/jwks`));
      const { payload } = await jwtVerify(tokens.id_token!, keys, { currentDate: new Date(one.clock.ms) });
      expect(payload.sub).toBe(decodeJwt(tokens.id_token!).sub);
    }
    there.browser.cookies.set('handoff', here.browser.cookies.get('handoff')!);
    expect((await there.browser.open(there.address())).html).toContain('Allow access');
    // The form of one hub is sent to the other.
    const page = await here.browser.open(here.address());
    const moved = await there.browser.submit(page, '/oauth2/consent', { decision: 'deny' });
    expect(moved.status).toBe(303);
    expect((await here.refresh(tokens.refresh_token)).status).toBe(200);
    expect((await there.refresh(tokens.refresh_token)).status).toBe(400);
    expect(await here.read('Patient/anna', tokens.access_token)).toBe(401);
  });
});
