import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Flow, PASSWORD, REDIRECT, role, type Tokens } from '../conformance/smart/smart-hub.ts';
import { Cli, freePorts, handoff, temporaryFolder } from './network.ts';

describe('an app of a running hub', () => {
  let home = '';
  let port = 0;
  let env: Readonly<Record<string, string>> = {};
  let hub: Cli;
  beforeEach(async () => {
    home = temporaryFolder();
    port = await freePorts();
    env = { HANDOFF_CONFIG: join(home, 'handoff.yaml') };
    const partner = { id: 'clinic', name: 'Clinic', organization: 'org-a', zone: 'America/Chicago' };
    const settings = {
      http: `127.0.0.1:${port}`,
      database: `sqlite:${join(home, 'data')}`,
      keyFile: join(home, 'hub.key'),
      partners: [partner],
    };
    writeFileSync(env.HANDOFF_CONFIG!, stringify(settings));
    hub = new Cli(['start'], env);
    await hub.ready(port);
  });
  afterEach(async () => {
    hub.signal('SIGKILL');
    await hub.ended;
    rmSync(home, { recursive: true, force: true });
  });

  const made = async (args: readonly string[], input?: string) => {
    const { code, out, err } = await new Cli(args, env, input === undefined ? {} : { input }).ended;
    expect([code, err.includes(PASSWORD)]).toEqual([0, false]);
    return JSON.parse(out) as Record<string, string>;
  };

  test('registered, signed in to and ended from the command line; what it was given survives a crash', async () => {
    const origin = `http://127.0.0.1:${port}`;
    const base = `${origin}/fhir/R4`;
    const operator = await made(['client', 'add', 'operator', '--scope', 'system/*.cruds']);
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...operator });
    const token = await fetch(`${origin}/oauth2/token`, { method: 'POST', body: form });
    const { access_token } = (await token.json()) as Tokens;
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/fhir+json' };
    for (const resource of [
      { resourceType: 'Practitioner', id: 'doc', active: true },
      role('doc', true),
      { resourceType: 'Patient', id: 'anna', managingOrganization: { reference: 'Organization/org-a' } },
    ]) {
      const address = `${base}/${resource.resourceType}/${resource.id}`;
      expect((await fetch(address, { method: 'PUT', headers, body: JSON.stringify(resource) })).status).toBe(201);
    }
    const user = ['user', 'add', 'doc', '--role', 'PractitionerRole/doc-role', '--password-stdin'];
    expect(Object.keys(await made(user, `${PASSWORD}\n`)).sort()).toEqual(['name', 'token']);
    const scope = 'launch/patient openid fhirUser offline_access patient/*.rs';
    const app = await made(['client', 'add', 'diary', '--scope', scope, '--redirect', REDIRECT, '--public']);
    expect(Object.keys(app)).toEqual(['client_id']);

    const flow = new Flow({ origin, base }, app.client_id!);
    const code = (await flow.allowed()).get('code')!;
    hub.signal('SIGKILL');
    await hub.ended;
    hub = new Cli(['start'], env);
    await hub.ready(port);
    const tokens = (await (await flow.redeem(code)).json()) as Tokens;
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(200);
    expect((await flow.browser.open(flow.address())).html).toContain('Allow access');

    expect((await handoff(['client', 'end', operator.client_id!], env)).code).toBe(0);
    expect((await fetch(`${origin}/oauth2/token`, { method: 'POST', body: form })).status).toBe(401);
    expect((await handoff(['user', 'end', 'doc'], env)).code).toBe(0);
    expect(await flow.read('Patient/anna', tokens.access_token)).toBe(401);
    expect((await flow.refresh(tokens.refresh_token)).status).toBe(400);
    expect((await flow.browser.open(flow.address())).html).toContain('Password');
  });

  test('a password that is too short and an address that is not safe are refused with a code', async () => {
    const user = ['user', 'add', 'doc', '--role', 'PractitionerRole/doc-role', '--password-stdin'];
    expect(await new Cli(user, env, { input: 'short\n' }).ended).toMatchObject({
      code: 1,
      err: expect.stringContaining('ops.password'),
    });
    const app = ['client', 'add', 'bad', '--scope', 'openid', '--redirect', 'http://app.example/cb'];
    expect(await handoff(app, env)).toMatchObject({ code: 1, err: expect.stringContaining('ops.client') });
  });
});
