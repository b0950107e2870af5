import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Makes X.509 certificates for tests, so that they need no tool outside Node. Rule: RFC 5280, RFC 5758. */

const ECDSA_SHA256 = oid('1.2.840.10045.4.3.2');
const COMMON_NAME = oid('2.5.4.3');
const BASIC_CONSTRAINTS = oid('2.5.29.19');
const SUBJECT_ALT_NAME = oid('2.5.29.17');

export interface CertificateRequest {
  readonly name: string;
  /** DNS names and IPv4 addresses in the subject alternative name. */
  readonly for?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** PEM, as `tls` takes them. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;
const days = (count: number): Date => new Date(Date.now() + count * DAY_MS);

/** A certificate authority and what it issues. */
export function authority(name = 'Test authority'): Certificate & { issue(request: CertificateRequest): Certificate } {
  const own = keyPair();
  const cert = certificate({ name }, { name, key: own.privateKey }, own.publicKey, true);
  return {
    key: pemOf(own.privateKey),
    cert,
    issue(request) {
      const pair = keyPair();
      return {
        key: pemOf(pair.privateKey),
        cert: certificate(request, { name, key: own.privateKey }, pair.publicKey, false),
      };
    },
  };
}

function certificate(
  subject: CertificateRequest,
  issuer: { name: string; key: KeyObject },
  publicKey: KeyObject,
  ca: boolean,
): string {
  const { notBefore = days(-1), notAfter = days(1) } = subject;
  const algorithm = sequence(ECDSA_SHA256);
  const extensions = [
    ...(ca ? [extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.from([0xff]))))] : []),
    ...(subject.for ? [extension(SUBJECT_ALT_NAME, sequence(...subject.for.map(alternativeName)))] : []),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(subject.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign('sha256', body, createPrivateKey(issuer.key.export({ type: 'pkcs8', format: 'pem' })));
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function keyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function der(tag: number, content: Buffer): Buffer {
  const size = content.length;
  if (size < 0x80) return Buffer.concat([Buffer.from([tag, size]), content]);
  const sizeBytes = Buffer.from(size.toString(16).padStart(size > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | sizeBytes.length]), sizeBytes, content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(dotted: string): Buffer {
  const [first, second, ...others] = dotted.split('.').map(Number);
  const bytes = others.flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from([first! * 40 + second!, ...bytes]));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, der(0x04, value));
}

function alternativeName(name: string): Buffer {
  const address = name.split('.').map(Number);
  const isAddress = address.length === 4 && address.every((part) => part >= 0 && part <= 255);
  return isAddress ? der(0x87, Buffer.from(address)) : der(0x82, Buffer.from(name));
}

/** GeneralizedTime; RFC 5280 asks for UTCTime before 2050, and OpenSSL reads both. */
function time(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}
