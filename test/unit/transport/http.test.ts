import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Attempt, FhirRequest, Transport } from '../../../src/model/transport.ts';
import { fhirRest } from '../../../src/transport/out/fhir-rest.ts';
import { type Hl7HttpOptions, hl7Http } from '../../../src/transport/out/http.ts';
import type { HttpTransportOptions } from '../../../src/transport/out/http-transport.ts';
import { authority } from '../../partners/certificates.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Endpoint {
  readonly url: string;
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
  connections: number;
}

type Answer = (response: ServerResponse, body: string, request: IncomingMessage) => void;

async function endpoint(
  answer: Answer,
  tls?: { key: string; cert: string; ca?: string; requestCert?: boolean },
): Promise<Endpoint> {
  const requests: Endpoint['requests'] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      answer(response, body, request);
    });
  };
  const server: Server = tls ? createTlsServer({ ...tls, rejectUnauthorized: true }, listener) : createServer(listener);
  const sockets = new Set<Socket>();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const made: Endpoint = { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/fhir/R4`, requests, connections: 0 };
  server.on('connection', (socket: Socket) => {
    made.connections += 1;
    sockets.add(socket);
  });
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return made;
}

const SETTINGS = { connectTimeoutMs: 2000, answerMaxBytes: 10_000, atOnceMax: 4, waitingMax: 10, now: () => 0 };

function kept<T extends Transport<never>>(transport: T): T {
  closers.unshift(() => transport.close());
  return transport;
}

const fhir = (url: string, options: Partial<HttpTransportOptions> = {}) =>
  kept(fhirRest({ url, ...SETTINGS, ...options }));

const hl7 = (url: string, options: Partial<Hl7HttpOptions> = {}) =>
  kept(
    hl7Http({
      url,
      ...SETTINGS,
      matchAck: (ack) => {
        const [, code, controlId] = /MSA\|(\w+)\|(\w*)/.exec(Buffer.from(ack).toString()) ?? [];
        return code === undefined ? undefined : { code, ...(controlId ? { controlId } : {}) };
      },
      ...options,
    }),
  );

const TASK: FhirRequest = { method: 'PUT', path: 'Task/1', body: Buffer.from('{"resourceType":"Task"}') };
const put = (to: Transport<FhirRequest>, timeoutMs = 2000, request = TASK) =>
  to.send(request, { controlId: 'X', timeoutMs });
const post = (to: Transport, timeoutMs = 2000) => to.send(Buffer.from('MSH|1'), { controlId: 'ONE', timeoutMs });

function outcome(attempt: Attempt): string {
  if ('code' in attempt) return `${attempt.kind} ${attempt.code}`;
  return attempt.kind === 'answered'
    ? `answered ${attempt.status} ${Buffer.from(attempt.ack).toString()}`
    : attempt.kind;
}

describe('a FHIR interaction', () => {
  test('goes to the path below the base, with its conditions, and gives status, body, place and version', async () => {
    const partner = await endpoint((response) => {
      response
        .writeHead(201, { 'content-type': 'application/fhir+json', location: 'Task/1/_history/1', etag: 'W/"1"' })
        .end('{}');
    });
    const request: FhirRequest = {
      ...TASK,
      method: 'POST',
      path: 'Task',
      ifNoneExist: 'identifier=a|b',
      headers: { 'X-Hook': 'yes' },
    };
    expect(await put(fhir(partner.url), 2000, request)).toEqual({
      kind: 'answered',
      status: 201,
      ack: Buffer.from('{}'),
      contentType: 'application/fhir+json',
      location: 'Task/1/_history/1',
      etag: 'W/"1"',
    });
    const [seen] = partner.requests;
    expect(seen).toMatchObject({ method: 'POST', url: '/fhir/R4/Task', body: '{"resourceType":"Task"}' });
    expect(seen?.headers).toMatchObject({
      'if-none-exist': 'identifier=a|b',
      'x-hook': 'yes',
      'content-type': 'application/fhir+json',
    });
  });

  test('a transaction goes to the base itself; a hook without payload is an empty POST', async () => {
    const partner = await endpoint((response) => response.end());
    const to = fhir(partner.url);
    await put(to, 2000, { method: 'POST', path: '', body: Buffer.from('{}') });
    await put(to, 2000, { method: 'POST', path: '' });
    expect(partner.requests.map(({ url, body, headers }) => [url, body, headers['content-length']])).toEqual([
      ['/fhir/R4', '{}', '2'],
      ['/fhir/R4', '', '0'],
    ]);
    expect(partner.connections).toBe(1);
  });

  test.each([200, 302, 307, 404, 409, 412, 422, 429, 500, 503])(
    'status %i is an answer, and never followed or repeated',
    async (status) => {
      const elsewhere = await endpoint((response) => response.end('followed'));
      const partner = await endpoint((response) => response.writeHead(status, { location: elsewhere.url }).end('told'));
      expect(outcome(await put(fhir(partner.url)))).toBe(`answered ${status} told`);
      expect([partner.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
    },
  );

  test.each([
    ['seconds', '120', 120_000],
    ['a date', new Date(60_000).toUTCString(), 60_000],
    ['nonsense', 'soon', undefined],
  ])('Retry-After in %s is told in milliseconds', async (_, header, expected) => {
    const partner = await endpoint((response) => response.writeHead(503, { 'retry-after': header }).end());
    const attempt = await put(fhir(partner.url));
    expect(attempt.kind === 'answered' && attempt.retryAfterMs).toBe(expected);
  });

  test.each(['../admin', 'Task/../../../x', '../R4b/Task', '%2e%2e/x'])(
    'a path that leads out of the endpoint (%s) is not sent',
    async (path) => {
      const partner = await endpoint((response) => response.end());
      expect(outcome(await put(fhir(partner.url), 2000, { ...TASK, path }))).toBe('not-sent transport.request-invalid');
      expect(partner.requests).toEqual([]);
    },
  );

  test.each(['Transfer-Encoding', 'Host', 'content-length'])('the header %s cannot be set', async (name) => {
    const partner = await endpoint((response) => response.end());
    const request = { ...TASK, headers: { [name]: '5' } };
    expect(outcome(await put(fhir(partner.url), 2000, request))).toBe('not-sent transport.request-invalid');
    expect(partner.requests).toEqual([]);
  });

  test('a header that would split the request is not sent', async () => {
    const partner = await endpoint((response) => response.end());
    const request = { ...TASK, ifNoneExist: 'a\r\nx: y' };
    expect(outcome(await put(fhir(partner.url), 2000, request))).toBe('not-sent transport.request-invalid');
  });
});

describe('what is not known is not called known', () => {
  test('nobody listens: not sent', async () => {
    const gone = await endpoint((response) => response.end());
    await closers.pop()!();
    expect(outcome(await put(fhir(gone.url)))).toBe('not-sent transport.connect-refused');
  });

  test('no answer in time, and a connection that breaks after the request: unknown', async () => {
    const silent = await endpoint(() => undefined);
    expect(outcome(await put(fhir(silent.url), 50))).toBe('unknown transport.ack-timeout');
    const resetting = await endpoint((_, __, request) => request.socket.resetAndDestroy());
    expect(outcome(await put(fhir(resetting.url)))).toBe('unknown transport.reset');
    const closing = await endpoint((_, __, request) => request.socket.destroy());
    expect(outcome(await put(fhir(closing.url)))).toBe('unknown transport.reset');
    expect([silent, resetting, closing].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });

  const half: Answer = (response, _, request) => {
    response.writeHead(201, { 'content-length': '100' });
    response.write('half', () => request.socket.destroy());
  };
  const huge: Answer = (response) => response.writeHead(201).end(Buffer.alloc(20_000, 0x41));

  test('FHIR: a status is an answer although its body is lost or too long', async () => {
    expect(outcome(await put(fhir((await endpoint(half)).url)))).toBe('answered 201 ');
    expect(outcome(await put(fhir((await endpoint(huge)).url)))).toBe('answered 201 ');
    const slow = await endpoint((response) => response.writeHead(201).write('slow'));
    expect(outcome(await put(fhir(slow.url), 500))).toBe('answered 201 ');
  });

  test('HL7: an ACK that is lost or too long is unknown', async () => {
    expect(outcome(await post(hl7((await endpoint(half)).url)))).toBe('unknown transport.half-answer');
    expect(outcome(await post(hl7((await endpoint(huge)).url)))).toBe('unknown transport.answer-too-long');
    const slow = await endpoint((response) => response.writeHead(200).write('slow'));
    expect(outcome(await post(hl7(slow.url), 500))).toBe('unknown transport.half-answer');
  });

  test('after each of these the next request is answered', async () => {
    let times = 0;
    const partner = await endpoint((response, _, request) => {
      times += 1;
      if (times === 1) request.socket.resetAndDestroy();
      else if (times === 3) huge(response, '', request);
      else response.end('well');
    });
    const to = fhir(partner.url);
    await put(to);
    expect(outcome(await put(to))).toBe('answered 200 well');
    await put(to);
    expect(outcome(await put(to))).toBe('answered 200 well');
  });
});

describe('HL7 over HTTP', () => {
  test('is posted as application/hl7-v2 and answered by the ACK', async () => {
    const partner = await endpoint((response) => response.end('MSH|\rMSA|AA|ONE\r'));
    expect(outcome(await post(hl7(partner.url)))).toBe('answered 200 MSH|\rMSA|AA|ONE\r');
    expect(partner.requests[0]).toMatchObject({ method: 'POST', url: '/fhir/R4', body: 'MSH|1' });
    expect(partner.requests[0]?.headers['content-type']).toBe('application/hl7-v2');
  });

  const answers: [string, number, string, string][] = [
    ['a refusal with an error status', 400, 'MSH|\rMSA|AR|ONE\r', 'answered 400 MSH|\rMSA|AR|ONE\r'],
    ['an ACK for another message', 200, 'MSH|\rMSA|AA|TWO\r', 'mismatched'],
    ['an ACK for no message', 200, 'MSH|\rMSA|AA|\r', 'mismatched'],
    ['a page', 200, '<html>', 'unknown transport.answer-garbled'],
    ['an error page', 502, '<html>', 'answered 502 <html>'],
    ['nothing', 200, '', 'unknown transport.answer-garbled'],
  ];
  test.each(answers)('%s', async (_, status, body, expected) => {
    const partner = await endpoint((response) => response.writeHead(status).end(body));
    expect(outcome(await post(hl7(partner.url)))).toBe(expected);
  });
});

describe('authorization', () => {
  const seenBy = (partner: Endpoint) => partner.requests.map(({ headers }) => headers.authorization);

  test('bearer and basic', async () => {
    const partner = await endpoint((response) => response.end());
    await put(fhir(partner.url, { authorization: { kind: 'bearer', token: 'secret' } }));
    await put(fhir(partner.url, { authorization: { kind: 'basic', user: 'hub', password: 'pass:word' } }));
    expect(seenBy(partner)).toEqual(['Bearer secret', `Basic ${Buffer.from('hub:pass:word').toString('base64')}`]);
  });

  async function withTokens(tokenAnswer: Answer, answer: Answer = (response) => response.end()) {
    const tokens = await endpoint(tokenAnswer);
    const partner = await endpoint(answer);
    const clock = { ms: 0 };
    const authorization = {
      kind: 'client-credentials',
      tokenUrl: tokens.url,
      clientId: 'h b',
      clientSecret: 's',
      scope: 'system/*.c',
    } as const;
    return { tokens, partner, clock, to: fhir(partner.url, { authorization, now: () => clock.ms }) };
  }

  let issued = 0;
  const issue: Answer = (response) => {
    issued += 1;
    response.end(JSON.stringify({ access_token: `t${issued}`, token_type: 'Bearer', expires_in: 300 }));
  };

  test('one token serves all requests until shortly before it expires', async () => {
    issued = 0;
    const { to, clock, tokens, partner } = await withTokens(issue);
    await Promise.all([put(to), put(to), put(to)]);
    clock.ms = 260_000;
    await put(to);
    clock.ms = 271_000;
    await put(to);
    expect(seenBy(partner)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2']);
    expect(tokens.requests[0]).toMatchObject({
      method: 'POST',
      body: 'grant_type=client_credentials&scope=system%2F*.c',
    });
    expect(seenBy(tokens)[0]).toBe(`Basic ${Buffer.from('h%20b:s').toString('base64')}`);
  });

  test('a token the partner no longer takes is not used again; the refusal itself is the answer', async () => {
    issued = 0;
    const { to } = await withTokens(issue, (response, _, request) => {
      response.writeHead(request.headers.authorization === 'Bearer t1' ? 401 : 200).end();
    });
    expect([outcome(await put(to)), outcome(await put(to))]).toEqual(['answered 401 ', 'answered 200 ']);
  });

  test.each<[string, Answer]>([
    ['refuses', (response) => response.writeHead(401).end('{"error":"invalid_client"}')],
    ['answers no JSON', (response) => response.end('<html>')],
    ['gives no token', (response) => response.end('{}')],
    ['gives a token that is no header', (response) => response.end('{"access_token":"a\\r\\nb"}')],
    ['breaks', (_, __, request) => request.socket.destroy()],
  ])('a token endpoint that %s: nothing is sent', async (_, tokenAnswer) => {
    const { to, partner } = await withTokens(tokenAnswer);
    expect(outcome(await put(to))).toBe('not-sent transport.token-refused');
    expect(partner.requests).toEqual([]);
  });
});

describe('limits, order and closing', () => {
  test('no more requests at once than allowed, the urgent one first among those that wait, one too many is not sent', async () => {
    const open: (() => void)[] = [];
    const partner = await endpoint((response) => open.push(() => response.end()));
    const to = fhir(partner.url, { atOnceMax: 1, waitingMax: 1 });
    const send = (path: string, urgent = false) =>
      to.send({ ...TASK, path }, { controlId: 'X', timeoutMs: 2000, urgent });
    const sent = [send('a'), send('b'), send('c'), send('urgent', true)];
    expect(outcome(await sent[2]!)).toBe('not-sent transport.busy');
    for (let at = 0; at < 3; at += 1) {
      while (open.length <= at) await new Promise((resolve) => setTimeout(resolve, 2));
      open[at]!();
    }
    await Promise.all(sent);
    expect(partner.requests.map(({ url }) => url.split('/').pop())).toEqual(['a', 'urgent', 'b']);
  });

  test('closing lets requests on their way be answered and sends no other', async () => {
    const partner = await endpoint((response) => void setTimeout(() => response.end('well'), 30));
    const to = fhir(partner.url);
    const first = put(to);
    while (partner.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await to.close();
    expect(outcome(await first)).toBe('answered 200 well');
    expect(outcome(await put(to))).toBe('not-sent transport.closed');
  });

  test.each(['ftp://partner.example', 'no url', 'http://user:secret@partner.example'])(
    'the endpoint URL %s is refused at start',
    (url) => {
      expect(() => fhirRest({ url, ...SETTINGS })).toThrow(
        expect.objectContaining({ code: 'transport.request-invalid' }),
      );
    },
  );
});

describe('https', () => {
  const ours = authority();
  const good = ours.issue({ name: 'partner', for: ['127.0.0.1'] });

  test('the certificate must be vouched for and carry the name', async () => {
    const partner = await endpoint((response) => response.end('well'), good);
    expect(outcome(await put(fhir(partner.url, { tls: { ca: ours.cert } })))).toBe('answered 200 well');
    expect(outcome(await put(fhir(partner.url)))).toBe('not-sent transport.tls-certificate');
    expect(outcome(await put(fhir(partner.url, { tls: { ca: ours.cert, serverName: 'other.example' } })))).toBe(
      'not-sent transport.tls-certificate',
    );
    expect(partner.requests).toHaveLength(1);
  });

  test('credentials of our own that cannot be used are refused at start', () => {
    const make = () => fhirRest({ url: 'https://127.0.0.1', ...SETTINGS, tls: { key: 'no', cert: 'no' } });
    expect(make).toThrow(expect.objectContaining({ code: 'transport.tls-credentials' }));
  });

  test('a certificate of our own is shown where the partner requires one', async () => {
    const partner = await endpoint((response) => response.end('well'), { ...good, ca: ours.cert, requestCert: true });
    const own = ours.issue({ name: 'hub' });
    expect(outcome(await put(fhir(partner.url, { tls: { ca: ours.cert, ...own } })))).toBe('answered 200 well');
    expect(outcome(await put(fhir(partner.url, { tls: { ca: ours.cert } })))).toMatch(/tls-refused|transport\.reset/);
    expect(partner.requests).toHaveLength(1);
  });
});
