import type { Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { makeBrowsers } from '../../../../src/api/smart/browser.ts';

const key = Buffer.alloc(32, 7);

/** What was set on the answer to a request with this cookie header. */
const cookieSet = (origin: string, cookie?: string) => {
  const sent: string[] = [];
  const response = { set: (_name: string, value: string) => sent.push(value) } as unknown as Response;
  const browser = makeBrowsers({ key, origin }).of({ headers: { cookie } } as Request, response);
  return { set: sent[0], browser };
};

describe('the cookie of the sign-in pages', () => {
  it('is for this host only, not for scripts, and over TLS where the hub has it', () => {
    expect(cookieSet('https://hub.example').set).toMatch(
      /^__Host-handoff=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(cookieSet('http://127.0.0.1:8080').set).toMatch(/^handoff=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('is kept while it is well formed; over TLS one without the prefix is not looked at', () => {
    const value = 'a'.repeat(43);
    const kept = cookieSet('https://hub.example', `x=1; __Host-handoff=${value}`);
    expect([kept.browser.cookie, kept.set]).toEqual([value, undefined]);
    for (const header of [`handoff=${value}`, '__Host-handoff=short', `__Host-handoff=${'a'.repeat(42)}"`])
      expect(cookieSet('https://hub.example', header).browser.cookie).not.toBe(value);
  });

  it('every hub of one key knows the form tokens of the others; another key does not', () => {
    const value = `handoff=${'b'.repeat(43)}`;
    const { browser } = cookieSet('http://one.example', value);
    const request = { headers: { cookie: value } } as Request;
    const other = makeBrowsers({ key, origin: 'http://one.example' });
    expect(other.isGenuine(request, other.of(request, {} as Response), browser.csrf)).toBe(true);
    const stranger = makeBrowsers({ key: Buffer.alloc(32, 8), origin: 'http://one.example' });
    expect(stranger.isGenuine(request, stranger.of(request, {} as Response), browser.csrf)).toBe(false);
  });
});
