import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpHub, startHttpHub } from './http-server.ts';

const TYPE = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const INSTANCE = 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS';
const ASK = 'GET, HEAD, POST, OPTIONS';
const READ = 'GET, HEAD, OPTIONS';
const FORM = 'POST, OPTIONS';

/** What HTTP itself asks of the FHIR API, on a real socket. */
describe('the edges of HTTP', () => {
  let hub: HttpHub;
  let authorization = '';
  let id = '';
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: object) =>
    fetch(path === '' ? hub.base : `${hub.base}/${path}`, {
      method,
      headers: { authorization, ...(body ? { 'content-type': 'application/fhir+json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  beforeAll(async () => {
    hub = await startHttpHub();
    const made = await hub.admin.addClient({ name: 'app', scope: 'system/*.cruds', organization: 'org-a' });
    const token = (await (await hub.token(made.client_id, made.client_secret!)).json()) as { access_token: string };
    authorization = `Bearer ${token.access_token}`;
    const answer = await ask('POST', 'Patient', {}, { resourceType: 'Patient', name: [{ family: 'Edge' }] });
    id = ((await answer.json()) as { id: string }).id;
  });
  afterAll(() => hub?.close());

  it.each([
    ['DELETE', '', ASK],
    ['PUT', 'metadata', READ],
    ['POST', '_history', READ],
    ['GET', '_search', FORM],
    ['PROPFIND', 'Patient', TYPE],
    ['GET', 'Patient/_search', FORM],
    ['DELETE', 'Patient/_history', READ],
    ['GET', 'Patient/$validate', FORM],
    ['PUT', 'Patient/$match', FORM],
    ['DELETE', 'ValueSet/$expand', ASK],
    ['HEAD', '$export', 'GET, POST, OPTIONS'],
    ['POST', '$export-status/x', 'GET, HEAD, DELETE, OPTIONS'],
    ['DELETE', '$export-file/x/0', READ],
    ['POST', 'Patient/x', INSTANCE],
    ['PUT', 'AuditEvent/access-1', READ],
    ['POST', 'Patient/x/_history', READ],
    ['DELETE', 'Patient/x/_history/1', READ],
    ['DELETE', 'Patient/x/$everything', ASK],
    ['PUT', 'Patient/x/$validate', ASK],
    ['POST', 'Patient/x/Observation', READ],
    ['GET', 'Patient/x/Observation/_search', FORM],
  ])('%s %s is 405, and Allow tells what the address takes', async (method, path, allow) => {
    const refused = await ask(method, path);
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(await refused.json()).toMatchObject({ issue: [{ code: 'not-supported' }] });
    const options = await ask('OPTIONS', path);
    expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allow, '']);
  });

  it.each(['Nothing', 'Patient/x/$nothing', 'Patient/x/y/z', 'Practitioner/x/Nothing', '$nothing'])(
    '%s is no address: 404 to every method',
    async (path) => {
      for (const method of ['GET', 'PUT', 'OPTIONS', 'PROPFIND']) expect((await ask(method, path)).status).toBe(404);
    },
  );

  it('OPTIONS wants a token as every other method does', async () => {
    expect((await fetch(`${hub.base}/Patient`, { method: 'OPTIONS' })).status).toBe(401);
  });

  it('Accept is negotiated, and _format goes before it', async () => {
    const answer = async (accept: string, query = '') => {
      const { status, headers } = await ask('GET', `Patient/${id}${query}`, { accept });
      return [status, headers.get('content-type')];
    };
    const fhir = 'application/fhir+json; charset=utf-8';
    expect(await answer('application/fhir+xml;q=1, application/fhir+json;q=0.2')).toEqual([200, fhir]);
    expect(await answer('application/json')).toEqual([200, 'application/json; charset=utf-8']);
    expect(await answer('application/fhir+json;q=0')).toEqual([406, fhir]);
    expect(await answer('application/fhir+json;q=0, */*;q=0')).toEqual([406, fhir]);
    expect(await answer('*/*;q=0', '?_format=json')).toEqual([200, fhir]);
    expect(await answer('application/fhir+json', '?_format=xml')).toEqual([406, fhir]);
  });
});
