import { describe, expect, it } from 'vitest';
import { checkApp, checkScopes } from '../../../../src/api/smart/registration.ts';

const app = (redirect: string, isPublic = false) => ({
  name: 'app',
  scope: 'openid',
  redirectUris: [redirect],
  public: isPublic,
});

describe('registration of an app', () => {
  it.each([
    ['https', 'https://app.example/cb', false],
    ['a loopback address', 'http://127.0.0.1:4000/cb', false],
    ['a private-use scheme of a public app', 'com.example.app:/cb', true],
  ])('takes %s', (_what, redirect, isPublic) => {
    expect(() => checkApp(app(redirect, isPublic))).not.toThrow();
  });

  it.each([
    ['plain http', 'http://app.example/cb', false],
    ['a fragment', 'https://app.example/cb#x', false],
    ['user information', 'https://a:b@app.example/cb', false],
    ['a script', 'javascript:alert(1)', true],
    ['data', 'data:text/html,x', true],
    ['a scheme without a domain', 'app:/cb', true],
    ['a private-use scheme of an app with a secret', 'com.example.app:/cb', false],
    ['no address', 'cb', false],
  ])('refuses %s', (_what, redirect, isPublic) => {
    expect(() => checkApp(app(redirect, isPublic))).toThrow('redirect URI');
  });

  it('an app has no organization of its own, and a public one no key', () => {
    expect(() => checkApp({ ...app('https://a.example'), organization: 'org-a' })).toThrow('organization');
    expect(() => checkApp({ ...app('https://a.example', true), jwks: '{}' })).toThrow('key');
    expect(() => checkApp({ ...app('https://a.example'), redirectUris: [] })).toThrow('redirect URIs');
  });

  it('an app’s scopes are those of people, a client’s its own', () => {
    expect(() => checkScopes(['openid', 'launch/patient', 'patient/*.rs', 'user/Task.u'], true)).not.toThrow();
    expect(() => checkScopes(['system/*.rs'], true)).toThrow('scope');
    expect(() => checkScopes(['system/*.rs'], false)).not.toThrow();
    for (const scope of ['patient/*.rs', 'openid', 'system/Patient.sr', ''])
      expect(() => checkScopes([scope], false)).toThrow('scope');
  });
});
