import assert from 'node:assert/strict';
import { type Check, identified, linkOf, made } from './api.ts';

/** History. Source: FHIR R4 http.html#history. */
export const HISTORY: readonly Check[] = [
  {
    name: 'history of an instance, a type and the system',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'history'));
      for (const path of [
        `Patient/${id}/_history`,
        'Patient/_history?_count=5',
        '_history?_count=5',
        'Patient/_history?_since=2020-01-01T00:00:00Z&_count=2',
      ]) {
        const reply = await api.ask(`GET ${path}`);
        assert.deepEqual([reply.status, reply.body.type, reply.body.entry.length > 0], [200, 'history', true], path);
      }
    },
  },
  {
    name: 'history pages, and says which interaction made each version',
    run: async (api) => {
      const first = await made(api, identified(api, 'history-pages'));
      for (const gender of ['male', 'female'])
        await api.ask(`PUT Patient/${first.id}`, { ...identified(api, 'history-pages'), id: first.id, gender });
      const page = await api.ask(`GET Patient/${first.id}/_history?_count=2`);
      assert.equal(page.body.entry.length, 2);
      const rest = await api.ask(`GET ${linkOf(page, 'next')}`);
      const all = [...page.body.entry, ...rest.body.entry];
      assert.deepEqual(
        all.map(({ request }: { request: { method: string } }) => request.method),
        ['PUT', 'PUT', 'POST'],
      );
    },
  },
];
