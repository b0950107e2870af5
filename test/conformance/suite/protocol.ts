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
    open: 'who must say who he is, is for the server to decide (security.html)',
    run: async (api) => assert.equal((await fetch(`${api.base}/Patient`)).status, 401),
  },
  {
    name: 'formats: JSON by Accept and _format; XML is given, or 406 and 415; HEAD',
    run: async (api) => {
      const { id, meta } = await made(api, identified(api, 'format'));
      assert.equal((await api.ask(`GET Patient/${id}?_format=json`)).status, 200);
      const xml = await api.ask(`GET Patient/${id}`, undefined, { accept: 'application/fhir+xml' });
      const isGiven = xml.status === 200 && /xml/.test(xml.headers.get('content-type') ?? '');
      assert.ok(isGiven || xml.status === 406, `${xml.status}`);
      const patient = '<Patient xmlns="http://hl7.org/fhir"/>';
      const written = await api.ask('POST Patient', patient, { 'content-type': 'application/fhir+xml' });
      assert.equal(written.status, isGiven ? 201 : 415);
      const head = await api.ask(`HEAD Patient/${id}`);
      assert.deepEqual([head.status, head.body, head.headers.get('etag')], [200, undefined, `W/"${meta.versionId}"`]);
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
