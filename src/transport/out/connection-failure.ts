import type { Attempt, TransportCode } from '../../model/transport.ts';

const CONNECT_CODES: Readonly<Record<string, TransportCode>> = {
  ECONNREFUSED: 'transport.connect-refused',
  ETIMEDOUT: 'transport.connect-timeout',
  ENOTFOUND: 'transport.unreachable',
  EAI_AGAIN: 'transport.unreachable',
  EHOSTUNREACH: 'transport.unreachable',
  ENETUNREACH: 'transport.unreachable',
  EADDRNOTAVAIL: 'transport.unreachable',
  ECONNRESET: 'transport.reset',
  EPIPE: 'transport.reset',
};

/** OpenSSL's names for what is wrong with a certificate we were shown. */
const CERTIFICATE =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/;
/** The partner's alerts about our certificate: they end the handshake, so it read nothing of what followed. */
const OURS_REFUSED =
  /^ERR_SSL_.*ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

type NotSent = Extract<Attempt, { kind: 'not-sent' }>;

/** Why no connection came about, so that nothing was sent. `where` names the partner's address. */
export function connectFailure(error: NodeJS.ErrnoException, where: string): NotSent {
  const code = codeOf(error);
  return { kind: 'not-sent', code: connectCode(code), message: `${where}: ${code}` };
}

/**
 * What an exchange came to whose connection ended before a whole answer.
 * Only a partner that refused our certificate provably read nothing: with TLS 1.3 its refusal arrives after we wrote.
 */
export function lostAfterWrite(
  error: NodeJS.ErrnoException | undefined,
  halfAnswer: boolean,
  answeredBefore: boolean,
): Attempt {
  const code = error && codeOf(error);
  if (code && !answeredBefore && OURS_REFUSED.test(code))
    return { kind: 'not-sent', code: 'transport.tls-refused', message: code };
  if (halfAnswer)
    return { kind: 'unknown', code: 'transport.half-answer', message: 'the connection ended inside the answer' };
  if (code) return { kind: 'unknown', code: 'transport.reset', message: `the connection broke after sending: ${code}` };
  return {
    kind: 'unknown',
    code: 'transport.closed-by-partner',
    message: 'the partner ended the connection without an answer',
  };
}

/** Happy eyeballs gathers the failures of several addresses; they share their code or the first one speaks for all. */
export function codeOf(error: NodeJS.ErrnoException): string {
  if (error.code) return error.code;
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : error.name;
}

export function connectCode(code: string): TransportCode {
  const known = CONNECT_CODES[code];
  if (known) return known;
  if (OURS_REFUSED.test(code)) return 'transport.tls-refused';
  if (CERTIFICATE.test(code)) return 'transport.tls-certificate';
  return /SSL|TLS|EPROTO/.test(code) ? 'transport.tls-handshake' : 'transport.unreachable';
}
