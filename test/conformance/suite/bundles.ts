import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Check, identified, ids, isOutcome, made, observation, only } from './api.ts';

/** Transactions and batches. Source: FHIR R4 http.html#transaction. */
export const BUNDLES: readonly Check[] = [
  {
    name: 'transaction: temporary ids, conditional references, reads after writes',
    run: async (api) => {
      const known = await made(api, identified(api, 'tx-known'));
      const urn = `urn:uuid:${randomUUID()}`;
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { request: { method: 'GET', url: `Patient?${only(api, 'tx-new')}` } },
          { resource: observation(urn), request: { method: 'POST', url: 'Observation' } },
          {
            resource: observation(`Patient?identifier=urn:conformance:${api.run}|tx-known`),
            request: { method: 'POST', url: 'Observation' },
          },
          { fullUrl: urn, resource: identified(api, 'tx-new'), request: { method: 'POST', url: 'Patient' } },
        ],
      });
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      const [search, one, two] = reply.body.entry;
      assert.equal(search.resource.entry.length, 1);
      const patient = ids(await api.ask(`GET Patient?${only(api, 'tx-new')}`))[0];
      // What became of an entry is in its response; the resource itself goes along only where the server likes (http.html#transaction-response).
      const subjectOf = async ({ response }: { response: { location: string } }) =>
        (await api.ask(`GET ${/Observation\/[^/]+/.exec(response.location)?.[0]}`)).body.subject.reference;
      assert.equal(await subjectOf(one), `Patient/${patient}`);
      assert.equal(await subjectOf(two), `Patient/${known.id}`);
    },
  },
  {
    name: 'transaction: a conditional reference that finds nothing undoes all',
    run: async (api) => {
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { resource: identified(api, 'tx-none'), request: { method: 'POST', url: 'Patient' } },
          {
            resource: observation(`Patient?${only(api, 'nobody')}`),
            request: { method: 'POST', url: 'Observation' },
          },
        ],
      });
      assert.ok(reply.status >= 400, `${reply.status}`);
      isOutcome(reply);
      assert.deepEqual(ids(await api.ask(`GET Patient?${only(api, 'tx-none')}`)), []);
    },
  },
  {
    name: 'transaction: one bad entry undoes all and is named',
    open: 'how much is checked at a write, and how it is told, is for the server to decide (validation.html)',
    run: async (api) => {
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { resource: identified(api, 'tx-undone'), request: { method: 'POST', url: 'Patient' } },
          { resource: { resourceType: 'Observation' }, request: { method: 'POST', url: 'Observation' } },
        ],
      });
      assert.ok(reply.status >= 400);
      assert.match(JSON.stringify(reply.body), /entry\[1\]/);
      assert.deepEqual(ids(await api.ask(`GET Patient?identifier=urn:conformance:${api.run}|tx-undone`)), []);
    },
  },
  {
    name: 'batch: each entry has its own answer',
    run: async (api) => {
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [
          { resource: identified(api, 'batch'), request: { method: 'POST', url: 'Patient' } },
          { request: { method: 'GET', url: `Patient/${randomUUID()}` } },
        ],
      });
      assert.deepEqual(
        reply.body.entry.map((e: { response: { status: string } }) => e.response.status.slice(0, 3)),
        ['201', '404'],
      );
    },
  },
  {
    name: 'transaction: If-None-Exist, conditional update and delete, If-Match',
    run: async (api) => {
      const known = await made(api, identified(api, 'tx-cond'));
      const gone = await made(api, identified(api, 'tx-gone'));
      const entry = [
        {
          resource: identified(api, 'tx-cond'),
          request: { method: 'POST', url: 'Patient', ifNoneExist: only(api, 'tx-cond') },
        },
        { request: { method: 'DELETE', url: `Patient?${only(api, 'tx-gone')}` } },
        {
          resource: identified(api, 'tx-put', { gender: 'other' }),
          request: { method: 'PUT', url: `Patient?${only(api, 'tx-put')}` },
        },
      ];
      const reply = await api.ask('POST ', { resourceType: 'Bundle', type: 'transaction', entry });
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      const statuses = reply.body.entry.map(({ response }: { response: { status: string } }) =>
        response.status.slice(0, 3),
      );
      assert.deepEqual([statuses[0], statuses[2]], ['200', '201']);
      assert.equal((await api.ask(`GET Patient/${gone.id}`)).status, 410);
      const stale = {
        resource: { ...identified(api, 'tx-cond'), id: known.id },
        request: { method: 'PUT', url: `Patient/${known.id}`, ifMatch: 'W/"99"' },
      };
      const refused = await api.ask('POST ', { resourceType: 'Bundle', type: 'transaction', entry: [stale] });
      assert.equal(refused.status, 412);
    },
  },
  {
    name: 'transaction of 500 entries that refer to one another',
    run: async (api) => {
      const urn = `urn:uuid:${randomUUID()}`;
      const entry = [
        { fullUrl: urn, resource: identified(api, 'tx-many'), request: { method: 'POST', url: 'Patient' } },
        ...Array.from({ length: 499 }, () => ({
          resource: observation(urn),
          request: { method: 'POST', url: 'Observation' },
        })),
      ];
      const reply = await api.ask('POST ', { resourceType: 'Bundle', type: 'transaction', entry });
      assert.equal(reply.status, 200);
      const found = await api.ask(
        `GET Observation?patient.identifier=urn:conformance:${api.run}|tx-many&_summary=count`,
      );
      assert.equal(found.body.total, 499);
    },
  },
];
