import { afterAll, beforeAll, describe, it } from 'vitest';
import { ENGINES } from '../unit/server/support/test-store.ts';
import { type HttpHub, startHttpHub } from './http-server.ts';
import { type Api, apiOf, CHECKS } from './suite.ts';

describe.each(ENGINES)('the conformance suite against this server on %s', (engine) => {
  let hub: HttpHub;
  let api: Api;
  beforeAll(async () => {
    hub = await startHttpHub(engine);
    const { client_id, client_secret } = await hub.admin.addClient({
      name: 'suite',
      scope: 'system/*.cruds',
      organization: 'org-a',
    });
    const { access_token } = (await (await hub.token(client_id, client_secret!)).json()) as { access_token: string };
    api = apiOf({ base: hub.base, authorization: `Bearer ${access_token}` });
  });
  afterAll(() => hub?.close());

  it.each(CHECKS.map((check) => [check.name, check] as const))('%s', (_name, check) => check.run(api));
});
