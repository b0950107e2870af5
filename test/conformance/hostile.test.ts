import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpHub, startHttpHub } from './http-server.ts';

describe('hostile requests', () => {
  let hub: HttpHub;
  let authorization = '';
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${hub.base}/${path}`, {
      ...init,
      headers: { authorization, 'content-type': 'application/fhir+json', ...init.headers },
    });
  const patients = async () => ((await (await ask('Patient?_summary=count')).json()) as { total: number }).total;
  beforeAll(async () => {
    hub = await startHttpHub();
    const { client_id, client_secret } = await hub.admin.addClient({
      name: 'x',
      scope: 'system/*.cruds',
      organization: 'org-a',
    });
    const { access_token } = (await (await hub.token(client_id, client_secret!)).json()) as { access_token: string };
    authorization = `Bearer ${access_token}`;
  });
  afterAll(() => hub?.close());

  it('prototype keys, nested Bundles and strings of a megabyte are refused and change nothing', async () => {
    const before = await patients();
    const bodies = [
      '{"resourceType":"Patient","__proto__":{"admin":true}}',
      '{"resourceType":"Patient","constructor":{"prototype":{"x":1}}}',
      `{"resourceType":"Patient","gender":"${'x'.repeat(900_000)}"}`,
      `{"resourceType":"Patient","extension":${'[{"url":"a","extension":'.repeat(60)}[]${'}]'.repeat(60)}}`,
    ];
    for (const body of bodies) {
      const answer = await ask('Patient', { method: 'POST', body });
      expect([400, 422]).toContain(answer.status);
      expect(((await answer.json()) as { resourceType: string }).resourceType).toBe('OperationOutcome');
    }
    const bomb = { resourceType: 'Bundle', type: 'transaction', entry: Array.from({ length: 20_001 }, () => ({})) };
    expect((await ask('', { method: 'POST', body: JSON.stringify(bomb) })).status).toBe(413);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(await patients()).toBe(before);
  });

  it('a body that unpacks beyond the limit is refused', async () => {
    const zipped = gzipSync(Buffer.alloc(5_000_000, 32));
    const answer = await ask('Patient', { method: 'POST', body: zipped, headers: { 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(413);
  });

  it('bytes that are no UTF-8 are refused, not stored with a mark in their place', async () => {
    const before = await patients();
    const head = Buffer.from('{"resourceType":"Patient","name":[{"family":"');
    const body = Buffer.concat([head, Buffer.from([0xff, 0xfe]), Buffer.from('"}]}')]);
    expect((await ask('Patient', { method: 'POST', body })).status).toBe(400);
    const latin = { 'content-type': 'application/fhir+json; charset=iso-8859-1' };
    expect((await ask('Patient', { method: 'POST', body: '{"resourceType":"Patient"}', headers: latin })).status).toBe(
      415,
    );
    expect(await patients()).toBe(before);
    const named = '\ufeff{"resourceType":"Patient","name":[{"family":"Müller 😀"}]}';
    const type = { 'content-type': 'application/fhir+json; charset="UTF-8"' };
    const made = await ask('Patient', { method: 'POST', body: named, headers: type });
    expect(((await made.json()) as { name: { family: string }[] }).name[0]!.family).toBe('Müller 😀');
  });

  it('gzip is for those who take it', async () => {
    const encoding = async (accept: string) =>
      (await ask('metadata', { headers: { 'accept-encoding': accept } })).headers.get('content-encoding');
    expect(await encoding('gzip')).toBe('gzip');
    expect(await encoding('br, gzip;q=0.5')).toBe('gzip');
    expect(await encoding('gzip;q=0')).toBeNull();
  });

  it('SQL in every place is only text', async () => {
    const before = await patients();
    const nasty = "x'); DELETE FROM resource; --";
    for (const path of [
      `Patient?name=${encodeURIComponent(nasty)}`,
      `Patient?identifier=${encodeURIComponent(`${nasty}|${nasty}`)}`,
      `Patient?_id=${encodeURIComponent(nasty)}`,
      `Patient?_sort=${encodeURIComponent(nasty)}`,
      `Patient?_cursor=${Buffer.from(JSON.stringify([nasty])).toString('base64url')}`,
      `Patient?${encodeURIComponent(nasty)}=1`,
      `Patient?_has:Observation:${encodeURIComponent(nasty)}:code=1`,
      `Patient/${encodeURIComponent(nasty)}`,
      `${encodeURIComponent(nasty)}?name=x`,
    ]) {
      const answer = await ask(path);
      expect([path, answer.status < 500]).toEqual([path, true]);
      expect(await answer.text()).not.toContain('DELETE FROM');
    }
    expect(await patients()).toBe(before);
  });

  it('no answer to a random request is a 5xx, and every refusal is an OperationOutcome', {
    timeout: 60_000,
  }, async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'Patient',
        'Observation',
        '_history',
        '_search',
        '$everything',
        '$validate',
        'metadata',
        '1',
        '',
        '...',
        '%',
        '%00',
        '?',
        '*',
        '_id',
        'name:exact',
        '_include',
        '_has:Observation:patient:code',
        '_count',
        '-1',
        '1e9',
        '_sort',
        '-_id',
        '|',
        ',',
        '\\',
        'ge2026-13',
        '${x}',
      ),
      fc.string({ maxLength: 12 }),
    );
    const requests = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      path: fc.array(piece, { maxLength: 4 }),
      query: fc.array(fc.tuple(piece, piece), { maxLength: 3 }),
      body: fc.oneof(fc.constant(undefined), fc.json(), fc.string(), fc.constant('{"resourceType":"Patient"}')),
      headers: fc.dictionary(
        fc.constantFrom(
          'if-match',
          'if-none-match',
          'if-none-exist',
          'if-modified-since',
          'prefer',
          'accept',
          'content-type',
        ),
        fc.constantFrom(
          '*',
          'W/"1"',
          'x',
          'identifier=|',
          'name=',
          'return=minimal',
          'application/json-patch+json',
          'handling=strict',
        ),
      ),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, path, query, body, headers }) => {
        const search = new URLSearchParams(query).toString();
        const address = `${path.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`;
        const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD';
        // What leaves the API's own path is not its answer.
        if (!new URL(`${hub.base}/${address}`).href.startsWith(`${hub.base}/`)) return;
        const answer = await ask(address, { method, headers, ...(hasBody ? { body } : {}) });
        const text = await answer.text();
        expect([method, address, answer.status < 500]).toEqual([method, address, true]);
        if (answer.status >= 400 && text !== '') expect(JSON.parse(text).resourceType).toBe('OperationOutcome');
      }),
      { numRuns: 400 },
    );
  });
});
