import express, { type Router } from 'express';
import type { Answer } from '../flow/answer.ts';
import type { Actor } from '../model/actor.ts';
import { failureOf } from '../model/failure.ts';
import type { Feed, Partner } from '../model/partner.ts';
import type { Authenticate } from './authenticate.ts';

export interface Hl7HttpDeps {
  readonly authenticate: Authenticate;
  readonly feed: (id: string) => { readonly feed: Feed; readonly partner: Partner } | undefined;
  readonly ingest: (bytes: Uint8Array, feedId: string, peer: string) => Promise<Answer>;
  readonly bodyMaxBytes: number;
}

const MEDIA = ['application/hl7-v2', 'x-application/hl7-v2+er7', 'application/hl7-v2+er7', 'text/plain'];
const HTTP_OF_ACK: Readonly<Record<string, number>> = { AA: 200, CA: 202, AE: 422, CE: 422, AR: 400, CR: 400 };

/**
 * POST /hl7/:feed. The ACK says what the feed's policy says; 'AA' under `received` means "on disk", no more. A sender that wants
 * no accept ACK (MSH-15) learns from the status alone. 5xx is our own trouble: send it again; 4xx will not be taken as it is.
 */
export function hl7OverHttp({ authenticate, feed, ingest, bodyMaxBytes }: Hl7HttpDeps): Router {
  const router = express.Router();
  router.post('/hl7/:feed', express.raw({ type: MEDIA, limit: bodyMaxBytes }), async (request, response) => {
    const actor = await authenticate(request.headers.authorization);
    if (!actor)
      return void response.set('www-authenticate', 'Bearer realm="handoff"').status(401).json(fault('auth.required'));
    const source = feed(request.params.feed);
    if (!source || !maySend(actor, source.partner)) return void response.status(404).json(fault('feed.unknown'));
    if (!Buffer.isBuffer(request.body)) return void response.status(415).json(fault('hl7.media-type'));
    const answer = await ingest(request.body, source.feed.id, request.socket.remoteAddress ?? '');
    response.once('finish', () => answer.settled?.(true));
    response.once('close', () => response.writableFinished || answer.settled?.(false));
    const status = answer.http ?? HTTP_OF_ACK[answer.code ?? ''] ?? 503;
    response.status(status);
    if (status >= 500) response.set('retry-after', '5');
    if (answer.bytes) response.set('content-type', 'application/hl7-v2').end(answer.bytes);
    else if (answer.code === undefined) response.json(fault('hub.internal'));
    else response.end();
  });
  return router;
}

/** A feed belongs to its partner: an operator, or a client of that partner's organization. */
const maySend = (actor: Actor, partner: Partner): boolean =>
  actor.kind === 'operator' || (actor.kind === 'client' && actor.organization === partner.organization);

const OWN: Readonly<Record<string, string>> = {
  'auth.required': 'a token is needed',
  'feed.unknown': 'no such feed for this client',
  'hl7.media-type': 'the body must be application/hl7-v2',
};

const fault = (code: string) => ({ code, text: OWN[code] ?? failureOf(code).text });
