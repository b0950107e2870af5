import assert from 'node:assert/strict';
import { type Check, identified, made } from './api.ts';

/** Headers, formats and what may be asked without a token. Source: FHIR R4 http.html. */
export const PROTOCOL: readonly Check[] = [
  {
    name: 'metadata needs no token and names R4',
    run: async (api) => {
      const reply = await fetch(`${api.base}/metadata`);
      assert.equal(reply.status, 200);
      assert.equal(((await reply.json()) as { fhirVersion: string }).fhirVersion, '4.0.1');
    },
  },
  {
    name: 'everything else needs one',
    run: async (api) => assert.equal((await fetch(`${api.base}/Patient`)).status, 401),
  },
  {
    name: 'formats: JSON by Accept and _format; others 406 and 415; HEAD',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'format'));
      assert.equal((await api.ask(`GET Patient/${id}?_format=json`)).status, 200);
      assert.equal((await api.ask(`GET Patient/${id}`, undefined, { accept: 'application/fhir+xml' })).status, 406);
      assert.equal(
        (await api.ask('POST Patient', '<Patient/>', { 'content-type': 'application/fhir+xml' })).status,
        415,
      );
      const head = await api.ask(`HEAD Patient/${id}`);
      assert.deepEqual([head.status, head.body, head.headers.get('etag')], [200, undefined, 'W/"1"']);
    },
  },
  {
    name: 'gzip where the client takes it; _format before Accept',
    run: async (api) => {
      const zipped = await api.raw('GET metadata', { 'accept-encoding': 'gzip' });
      assert.equal(zipped.headers.get('content-encoding'), 'gzip');
      const { id } = await made(api, identified(api, 'zip'));
      const reply = await api.ask(`GET Patient/${id}?_format=application/fhir%2Bjson`, undefined, {
        accept: 'text/html',
      });
      assert.deepEqual([reply.status, reply.body.id], [200, id]);
    },
  },
];
