import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { TransportError } from './transport-error.ts';

/** PEM. What is absent is not checked. */
interface Credentials {
  readonly key?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly ca?: string | Buffer;
}

/** Throws `transport.tls-credentials` unless they load and fit together; whether they are in date is for the other side to say. */
export function checkCredentials({ key, cert, ca }: Credentials): void {
  if ((key === undefined) !== (cert === undefined)) {
    throw new TransportError('transport.tls-credentials', 'a key and its certificate come together');
  }
  try {
    if (ca !== undefined) readAuthorities(String(ca));
    createSecureContext({ ...(key ? { key } : {}), ...(cert ? { cert } : {}), ...(ca ? { ca } : {}) });
  } catch (error) {
    // The library's message names the fault, not the key.
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new TransportError('transport.tls-credentials', `key, certificate or ca cannot be used: ${reason}`, error);
  }
}

/** OpenSSL ignores an authority it cannot read, and then every partner is a stranger. */
function readAuthorities(pem: string): void {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!certificates) throw new Error('the ca holds no certificate');
  for (const certificate of certificates) new X509Certificate(certificate);
}
