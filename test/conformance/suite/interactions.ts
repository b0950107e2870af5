import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Check, identified, ids, isOutcome, made } from './api.ts';

/** Interactions on one resource. Source: FHIR R4 http.html. */
export const INTERACTIONS: readonly Check[] = [
  {
    name: 'create: 201, Location with version, ETag, Last-Modified',
    run: async (api) => {
      const reply = await api.ask('POST Patient', identified(api, 'create'));
      assert.equal(reply.status, 201);
      assert.match(
        reply.headers.get('location') ?? '',
        new RegExp(`/Patient/${reply.body.id}/_history/${reply.body.meta.versionId}$`),
      );
      assert.equal(reply.headers.get('etag'), `W/"${reply.body.meta.versionId}"`);
      assert.ok(!Number.isNaN(Date.parse(reply.headers.get('last-modified') ?? '')));
    },
  },
  {
    name: 'create ignores a client id',
    run: async (api) => assert.notEqual((await made(api, identified(api, 'own-id', { id: 'mine' }))).id, 'mine'),
  },
  {
    name: 'read, vread, 404 for unknown ids, versions and types',
    run: async (api) => {
      const { id, meta } = await made(api, identified(api, 'read'));
      assert.equal((await api.ask(`GET Patient/${id}`)).body.id, id);
      assert.equal((await api.ask(`GET Patient/${id}/_history/${meta.versionId}`)).status, 200);
      for (const path of [`Patient/${randomUUID()}`, `Patient/${id}/_history/999`, `Nonsense/${id}`]) {
        const reply = await api.ask(`GET ${path}`);
        assert.equal(reply.status, 404, path);
        isOutcome(reply);
      }
    },
  },
  {
    name: 'conditional read: If-None-Match and If-Modified-Since answer 304',
    run: async (api) => {
      const { id, meta } = await made(api, identified(api, 'conditional-read'));
      assert.equal(
        (await api.ask(`GET Patient/${id}`, undefined, { 'if-none-match': `W/"${meta.versionId}"` })).status,
        304,
      );
      const later = new Date(Date.now() + 60_000).toUTCString();
      assert.equal((await api.ask(`GET Patient/${id}`, undefined, { 'if-modified-since': later })).status, 304);
    },
  },
  {
    name: 'update: new version; If-Match guards it; a missing or other id is 400',
    run: async (api) => {
      const first = await made(api, identified(api, 'update'));
      const second = await api.ask(
        `PUT Patient/${first.id}`,
        { ...first, gender: 'other' },
        { 'if-match': `W/"${first.meta.versionId}"` },
      );
      assert.equal(second.status, 200);
      assert.notEqual(second.body.meta.versionId, first.meta.versionId);
      assert.equal(
        (
          await api.ask(
            `PUT Patient/${first.id}`,
            { ...first, gender: 'male' },
            { 'if-match': `W/"${first.meta.versionId}"` },
          )
        ).status,
        412,
      );
      assert.equal((await api.ask(`PUT Patient/${first.id}`, identified(api, 'update'))).status, 400);
      assert.equal((await api.ask(`PUT Patient/${first.id}`, { ...first, id: 'other' })).status, 400);
    },
  },
  {
    name: 'update creates under a client id',
    run: async (api) => {
      const id = randomUUID();
      assert.equal((await api.ask(`PUT Patient/${id}`, { ...identified(api, 'upsert'), id })).status, 201);
    },
  },
  {
    name: 'Prefer: return=minimal, representation, OperationOutcome',
    run: async (api) => {
      const prefer = async (value: string) =>
        (await api.ask('POST Patient', identified(api, `prefer-${value}`), { prefer: `return=${value}` })).body
          ?.resourceType;
      assert.deepEqual(
        [await prefer('minimal'), await prefer('representation'), await prefer('OperationOutcome')],
        [undefined, 'Patient', 'OperationOutcome'],
      );
    },
  },
  {
    name: 'JSON Patch',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'patch'));
      const reply = await api.ask(`PATCH Patient/${id}`, [{ op: 'add', path: '/gender', value: 'other' }], {
        'content-type': 'application/json-patch+json',
      });
      assert.deepEqual([reply.status, reply.body.gender], [200, 'other']);
    },
  },
  {
    name: 'delete: gone (410), no longer found, history kept, can be brought back',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'delete'));
      assert.ok([200, 204].includes((await api.ask(`DELETE Patient/${id}`)).status));
      assert.equal((await api.ask(`GET Patient/${id}`)).status, 410);
      assert.deepEqual(ids(await api.ask(`GET Patient?_id=${id}`)), []);
      assert.equal((await api.ask(`PUT Patient/${id}`, { ...identified(api, 'delete'), id })).status, 201);
      const methods = (await api.ask(`GET Patient/${id}/_history`)).body.entry.map(
        (e: { request: { method: string } }) => e.request.method,
      );
      assert.deepEqual(methods, ['PUT', 'DELETE', 'POST']);
    },
  },
];
