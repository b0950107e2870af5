import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openSqliteDatabase } from '../../src/database/sqlite.ts';
import { makeFhirService } from '../../src/server/service.ts';
import { makeStore } from '../../src/server/store.ts';
import { ENV } from '../unit/server/support/memory-store.ts';
import { patient } from '../unit/server/support/records.ts';
import { type HttpHub, startHttpHub } from './http-server.ts';

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

async function clientOf(hub: HttpHub, name: string): Promise<Ask> {
  const made = await hub.admin.addClient({ name, scope: 'system/*.cruds', organization: 'org-a' });
  const answer = await hub.token(made.client_id, made.client_secret!);
  const { access_token } = (await answer.json()) as { access_token: string };
  const authorization = `Bearer ${access_token}`;
  return (path, init) =>
    fetch(path === '' ? hub.base : `${hub.base}/${path}`, { ...init, headers: { authorization, ...init?.headers } });
}

describe('limits over HTTP', () => {
  const ended: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0)) await end();
  });

  it('a client that asks too often is told when to come again; others are not held up', async () => {
    const clock = { ms: Date.now(), now: () => clock.ms };
    const hub = await startHttpHub('sqlite', clock, [], undefined, 5);
    ended.push(() => hub.close());
    const [busy, calm] = [await clientOf(hub, 'busy'), await clientOf(hub, 'calm')];
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await busy('Patient')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    const refused = await busy('Patient');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'throttled' }] });
    expect((await calm('Patient')).status).toBe(200);
    clock.ms += Number(refused.headers.get('retry-after')) * 1000;
    expect((await busy('Patient')).status).toBe(200);
  });

  /** With one reader, so that what follows must be answered by the one that takes its place. */
  async function slowHub(readTimeoutMs: number): Promise<HttpHub> {
    const home = mkdtempSync(join(tmpdir(), 'handoff-limits-'));
    const worker = new URL('../../src/workers/store-worker.ts', import.meta.url);
    const database = await openSqliteDatabase({
      file: join(home, 'store.db'),
      worker,
      readers: 1,
      readTimeoutMs,
      env: ENV,
    });
    const clock = { ms: Date.now(), now: () => Date.now() };
    const fhir = makeFhirService({ database, clock, base: 'http://hub.test/fhir/R4' });
    const hub = await startHttpHub('sqlite', clock, [], {
      database,
      clock,
      fhir,
      store: makeStore(database, clock),
      close: () => database.close(),
    });
    ended.push(
      () => hub.close(),
      () => database.close(),
      () => rmSync(home, { recursive: true, force: true }),
    );
    return hub;
  }

  it('a query that exceeds its time is ended with a code, and the server goes on', async () => {
    const hub = await slowHub(1500);
    const ask = await clientOf(hub, 'app');
    const entry = Array.from({ length: 1500 }, (_, n) => ({
      resource: patient({ id: `p${n}`, name: [{ family: `${'Longname'.repeat(48)}${n}` }] }),
      request: { method: 'PUT', url: `Patient/p${n}` },
    }));
    const loaded = await ask('', {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
    });
    expect(loaded.status).toBe(200);
    // Each condition looks for many texts that no name has, and at last for one that every name has.
    const values = [...Array.from({ length: 480 }, (_, n) => `none${n}`), 'longname'].join(',');
    const slow = ask('Patient/_search', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(Array.from({ length: 40 }, () => ['family:contains', values])),
    });
    const behind = ask('Patient/p1');
    const ended = await slow;
    expect([ended.status, ended.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await ended.json()).toMatchObject({
      issue: [{ code: 'timeout', details: { coding: [{ code: 'database.timeout' }] } }],
    });
    expect((await behind).status).toBe(200);
    expect((await ask('Patient?family=longname&_count=1')).status).toBe(200);
    const write = { method: 'PUT', headers: { 'content-type': 'application/fhir+json' } };
    const again = await ask('Patient/p1', { ...write, body: JSON.stringify(patient({ id: 'p1' })) });
    expect(again.status).toBe(200);
  });
});
