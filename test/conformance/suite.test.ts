import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exports, startExports } from '../../src/server/operations/exports.ts';
import { ENGINES } from '../unit/server/support/test-store.ts';
import { type HttpHub, startHttpHub } from './http-server.ts';
import { type Api, apiOf } from './suite/api.ts';
import { CHECKS } from './suite.ts';

describe.each(ENGINES)('the conformance suite against this server on %s', (engine) => {
  let hub: HttpHub;
  let api: Api;
  let exports: Exports;
  beforeAll(async () => {
    hub = await startHttpHub(engine);
    const { client_id, client_secret } = await hub.admin.addClient({
      name: 'suite',
      scope: 'system/*.cruds',
      organization: 'org-a',
    });
    const { access_token } = (await (await hub.token(client_id, client_secret!)).json()) as { access_token: string };
    exports = startExports({ database: hub.hub.database, clock: { now: Date.now }, pollMs: 20 });
    api = apiOf({ base: hub.base, authorization: `Bearer ${access_token}` });
  });
  afterAll(async () => {
    await exports?.stop();
    await hub?.close();
  });

  it.each(CHECKS.map((check) => [check.name, check] as const))('%s', (_name, check) => check.run(api));

  it('deletes all it wrote', async () => {
    expect(await api.cleanUp()).toEqual([]);
    expect((await api.ask('GET Patient?_summary=count')).body.total).toBe(0);
  });
});
