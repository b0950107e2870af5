import assert from 'node:assert/strict';
import { type Check, identified, made, only } from './api.ts';

/** Conditional interactions. Source: FHIR R4 http.html#cond-update, #ccreate. */
export const CONDITIONAL: readonly Check[] = [
  {
    name: 'conditional create, update, patch and delete; several matches are 412',
    run: async (api) => {
      const query = `identifier=urn:conformance:${api.run}|cond`;
      const one = await api.ask('POST Patient', identified(api, 'cond'), { 'if-none-exist': query });
      const two = await api.ask('POST Patient', identified(api, 'cond'), { 'if-none-exist': query });
      assert.deepEqual([one.status, two.status, two.body.id], [201, 200, one.body.id]);
      assert.equal(
        (await api.ask(`PUT Patient?${query}`, identified(api, 'cond', { gender: 'male' }))).body.id,
        one.body.id,
      );
      const patch = [{ op: 'replace', path: '/gender', value: 'female' }];
      assert.equal(
        (await api.ask(`PATCH Patient?${query}`, patch, { 'content-type': 'application/json-patch+json' })).body.gender,
        'female',
      );
      await made(api, identified(api, 'cond'));
      for (const method of ['DELETE', 'PUT'])
        assert.equal(
          (await api.ask(`${method} Patient?${query}`, method === 'PUT' ? identified(api, 'cond') : undefined)).status,
          412,
        );
      assert.equal((await api.ask('POST Patient', identified(api, 'cond'), { 'if-none-exist': query })).status, 412);
    },
  },
  {
    name: '32 concurrent conditional creates make one resource; who comes between may be told of a conflict',
    run: async (api) => {
      const query = `identifier=urn:conformance:${api.run}|race`;
      const replies = await Promise.all(
        Array.from({ length: 32 }, () => api.ask('POST Patient', identified(api, 'race'), { 'if-none-exist': query })),
      );
      const taken = replies.filter(({ status }) => status === 200 || status === 201);
      assert.equal(new Set(taken.map(({ body }) => body.id)).size, 1);
      assert.equal((await api.ask(`GET Patient?${query}&_summary=count`)).body.total, 1);
      const conflicts = replies.filter(({ status }) => status === 409 || status === 412);
      assert.equal(taken.length + conflicts.length, replies.length);
    },
  },
  {
    name: '32 concurrent conditional creates of different identities all succeed',
    run: async (api) => {
      const replies = await Promise.all(
        Array.from({ length: 32 }, (_, i) =>
          api.ask('POST Patient', identified(api, `apart-${i}`), { 'if-none-exist': only(api, `apart-${i}`) }),
        ),
      );
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([201]));
      assert.equal(new Set(replies.map(({ body }) => body.id)).size, 32);
    },
  },
  {
    name: 'conditional update creates where nothing matches; conditional delete takes the one that does',
    run: async (api) => {
      const query = only(api, 'cond-new');
      const reply = await api.ask(`PUT Patient?${query}`, identified(api, 'cond-new'));
      assert.equal(reply.status, 201);
      assert.ok([200, 204].includes((await api.ask(`DELETE Patient?${query}`)).status));
      assert.equal((await api.ask(`GET Patient/${reply.body.id}`)).status, 410);
    },
  },
];
