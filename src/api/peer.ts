import { isIP } from 'node:net';
import type { Request } from 'express';
import type { Peer } from '../model/actor.ts';
import { hashToken } from './access.ts';

/** Visible ASCII: what a client may name its request by. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
const BEARER = /^Bearer (\S{1,4096})$/;

/** What a token is called in the audit and at introspection: of no use to who reads it. */
export const tokenId = (token: string): string => hashToken(token).slice(0, 32);

/**
 * From where a request came: the socket's address or, where that is a proxy of `trustedProxies`, the nearest one in X-Forwarded-For
 * that is none. What that header says counts only if it is an address.
 */
export function peerOf(request: Pick<Request, 'ip' | 'socket' | 'headers'>): Peer {
  const requestId = request.headers['x-request-id'];
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  const address = addressIn(request.ip) ?? addressIn(request.socket.remoteAddress);
  return {
    ...(address === undefined ? {} : { address }),
    ...(typeof requestId === 'string' && REQUEST_ID.test(requestId) ? { requestId } : {}),
    ...(token === undefined ? {} : { token: tokenId(token) }),
  };
}

/** An IP address as it is written; an IPv4 one that came over an IPv6 socket as itself. */
function addressIn(text: string | undefined): string | undefined {
  if (text === undefined || isIP(text) === 0) return undefined;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text;
}
