import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/flow/attempt.ts';
import type { Endpoint } from '../../../src/model/partner.ts';
import type { Attempt } from '../../../src/model/transport.ts';
import { CLINIC_ENDPOINT } from '../../flow/mini-hub.ts';

const FHIR: Endpoint = { ...CLINIC_ENDPOINT, transport: { kind: 'fhir', url: 'http://x.invalid', headers: {} } };
const MIRROR: Endpoint = {
  ...CLINIC_ENDPOINT,
  transport: {
    kind: 'mirror',
    url: 'http://x.invalid',
    headers: {},
    types: ['Patient'],
    update: 'conditional',
    purpose: 'TREAT',
  },
};
const ack = (code: string, controlId = 'C1', err = ''): Attempt => ({
  kind: 'answered',
  ack: Buffer.from(`MSH|^~\\&|A|B|C|D|20260105||ACK|1|T|2.5.1\rMSA|${code}|${controlId}\r${err}`),
});
const http = (status: number): Attempt => ({ kind: 'answered', ack: Buffer.from('{}'), status });
const told = (attempt: Attempt, endpoint = CLINIC_ENDPOINT): string => {
  const verdict = judge(attempt, endpoint, 'C1');
  return verdict.kind === 'sent' ? 'sent' : `${verdict.kind} ${verdict.code}`;
};

describe('what came back', () => {
  it.each([
    ['AA', ack('AA'), 'sent'],
    ['CA', ack('CA'), 'sent'],
    ['AE: this content never', ack('AE'), 'answered ack.error'],
    ['CE: this content never', ack('CE'), 'answered ack.error'],
    ['AR: not now', ack('AR'), 'answered ack.rejected'],
    ['CR: not now', ack('CR'), 'answered ack.rejected'],
    ['AR for the version: never', ack('AR', 'C1', 'ERR|||203|E\r'), 'answered ack.rejected-header'],
    ['AA to another message', ack('AA', 'C2'), 'ambiguous ack.mismatched'],
    ['AA to no message', ack('AA', ''), 'ambiguous ack.mismatched'],
    ['no ACK code', ack('ZZ'), 'ambiguous ack.unreadable'],
    ['no HL7', { kind: 'answered', ack: Buffer.from('<html>') } as Attempt, 'ambiguous ack.unreadable'],
    [
      'nothing in time',
      { kind: 'unknown', code: 'transport.ack-timeout', message: '' } as Attempt,
      'ambiguous transport.ack-timeout',
    ],
    [
      'nobody there',
      { kind: 'not-sent', code: 'transport.connect-refused', message: '' } as Attempt,
      'not-sent transport.connect-refused',
    ],
  ])('by HL7: %s', (_, attempt, verdict) => {
    expect(told(attempt)).toBe(verdict);
  });

  it.each([
    [200, 'sent'],
    [201, 'sent'],
    [400, 'answered ack.status-client'],
    [401, 'answered ack.status-server'],
    [409, 'answered ack.conflict'],
    [422, 'answered ack.status-client'],
    [429, 'answered ack.status-server'],
    [503, 'answered ack.status-server'],
  ])('by FHIR: status %i', (status, verdict) => {
    expect(told(http(status), FHIR)).toBe(verdict);
  });

  const entry = (status: string, code = 'processing'): Attempt => {
    const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics: 'Doe' }] };
    const bundle = { resourceType: 'Bundle', type: 'transaction-response', entry: [{ response: { status, outcome } }] };
    return { kind: 'answered', ack: Buffer.from(JSON.stringify(bundle)), status: 200 };
  };
  it.each([
    ['201 Created', false, 'sent'],
    ['304', false, 'sent'],
    ['404 Not Found', false, 'answered ack.status-client'],
    ['404 Not Found', true, 'sent'],
    ['410', true, 'sent'],
    ['409 Conflict', false, 'answered ack.conflict'],
    ['409 Conflict', true, 'answered ack.conflict'],
    ['412', false, 'answered ack.status-client'],
    ['503', false, 'answered ack.status-server'],
    ['', false, 'answered ack.status-client'],
  ])('by the entries of a mirror: status %s, a removal: %s', (status, isRemoval, verdict) => {
    const given = judge(entry(status), MIRROR, 'C1', isRemoval);
    expect(given.kind === 'sent' ? 'sent' : `${given.kind} ${given.code}`).toBe(verdict);
  });

  it('of an OperationOutcome its issue codes reach the reason, and only what looks like one', () => {
    expect(judge(entry('422', 'business-rule'), MIRROR, 'C1')).toMatchObject({
      text: expect.stringMatching(/\(422 business-rule\)$/),
    });
    expect(judge(entry('422', 'John Doe'), MIRROR, 'C1')).toMatchObject({ text: expect.stringMatching(/\(422\)$/) });
  });

  it('a partner’s free text never reaches the reason: it may hold values', () => {
    const verdict = judge(ack('AE', 'C1', 'ERR||PID^1^8|103|E||||Sex X of John Doe\r'), CLINIC_ENDPOINT, 'C1');
    expect(verdict).toMatchObject({ text: expect.stringContaining('103 at PID[1]-8') });
    expect(JSON.stringify({ ...verdict, ack: undefined })).not.toContain('Doe');
  });
});
