import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpHub, startHttpHub } from '../http-server.ts';

describe('discovery', () => {
  let hub: HttpHub;
  beforeAll(async () => {
    hub = await startHttpHub();
  });
  afterAll(() => hub?.close());
  const json = async (address: string) => (await (await fetch(address)).json()) as Record<string, never>;

  it('every endpoint that is listed is served, by the method it is for', async () => {
    const found = await json(`${hub.base}/.well-known/smart-configuration`);
    const names = Object.keys(found).filter((name) => name.endsWith('_endpoint') || name === 'jwks_uri');
    expect(names.sort()).toEqual([
      'authorization_endpoint',
      'introspection_endpoint',
      'jwks_uri',
      'revocation_endpoint',
      'token_endpoint',
    ]);
    const statuses: Record<string, number> = {};
    for (const name of names) {
      const method = name === 'authorization_endpoint' || name === 'jwks_uri' ? 'GET' : 'POST';
      statuses[name] = (await fetch(found[name]!, { method })).status;
    }
    expect(statuses).toEqual({
      authorization_endpoint: 400,
      introspection_endpoint: 401,
      jwks_uri: 200,
      revocation_endpoint: 401,
      token_endpoint: 400,
    });
  });

  it('SMART, OpenID Connect and the CapabilityStatement say the same', async () => {
    const smart = await json(`${hub.origin}/.well-known/smart-configuration`);
    const openid = await json(`${hub.origin}/.well-known/openid-configuration`);
    for (const [name, value] of Object.entries(smart)) if (name !== 'capabilities') expect(openid[name]).toEqual(value);
    const statement = (await json(`${hub.base}/metadata`)) as unknown as {
      rest: { security: { extension: { extension: { url: string; valueUri: string }[] }[] } }[];
    };
    const uris = statement.rest[0]!.security.extension[0]!.extension.map(({ url, valueUri }) => [url, valueUri]);
    expect(Object.fromEntries(uris)).toEqual({
      authorize: smart.authorization_endpoint,
      token: smart.token_endpoint,
      introspect: smart.introspection_endpoint,
      revoke: smart.revocation_endpoint,
    });
  });

  it('the published key is public', async () => {
    const { keys } = (await json(`${hub.origin}/oauth2/jwks`)) as unknown as { keys: Record<string, string>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  });
});
