import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { hl7OverHttp } from '../../../src/api/hl7-http.ts';
import type { Answer } from '../../../src/flow/answer.ts';
import type { Actor } from '../../../src/model/actor.ts';
import { FEED, PARTNER } from '../../flow/flow-kit.ts';

const ACK = Buffer.from('MSH|^~\\&|HUB\rMSA|AR|1\r');
const engine: Actor = { kind: 'client', id: 'e', organization: PARTNER.organization, scopes: [] };

async function post(answer: Answer): Promise<Response> {
  const router = hl7OverHttp({
    authenticate: async () => engine,
    feed: () => ({ feed: FEED, partner: PARTNER }),
    ingest: async () => answer,
    bodyMaxBytes: 1000,
  });
  const server = express().use(router).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/hl7-v2', connection: 'close' };
  const response = await fetch(`http://127.0.0.1:${port}/hl7/x`, { method: 'POST', headers, body: 'MSH|' });
  server.close();
  return response;
}

describe('HL7 over HTTP', () => {
  it.each<[string, Answer, number, boolean, boolean]>([
    ['AA is 200', { bytes: ACK, code: 'AA', after: 'keep' }, 200, true, false],
    ['CA is 202', { bytes: ACK, code: 'CA', after: 'keep' }, 202, true, false],
    ['AE is 422', { bytes: ACK, code: 'AE', after: 'keep' }, 422, true, false],
    ['a message refused for good is 4xx', { bytes: ACK, code: 'AR', http: 400, after: 'keep' }, 400, true, false],
    ['our own trouble is 503: later', { bytes: ACK, code: 'AR', http: 503, after: 'keep' }, 503, true, true],
    ['stored, and no ACK wanted, is 202 without a body', { code: 'CA', after: 'keep' }, 202, false, false],
    ['refused, and no ACK wanted, is still refused', { code: 'CR', http: 503, after: 'keep' }, 503, false, true],
    ['no answer at all is 503: later', { after: 'close' }, 503, true, true],
  ])('%s', async (_, answer, status, hasBody, isLater) => {
    const response = await post(answer);
    expect(response.status).toBe(status);
    expect((await response.text()).length > 0).toBe(hasBody);
    expect(response.headers.has('retry-after')).toBe(isLater);
  });
});
