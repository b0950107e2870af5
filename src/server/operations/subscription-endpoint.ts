import { BlockList, isIP } from 'node:net';

/** What operators allow beyond public https endpoints. */
export interface EndpointPolicy {
  /** `http:` too. For tests and closed networks. */
  readonly allowHttp: boolean;
  /** Addresses that are not public. */
  readonly allowPrivate: boolean;
}

export const STRICT_ENDPOINTS: EndpointPolicy = { allowHttp: false, allowPrivate: false };

/** Networks that are nobody's on the internet: this host, this site, metadata services, documentation, multicast. Rule: RFC 6890. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv4');
/** Only 2000::/3 is routed on the internet; of it these are not, or hide an IPv4 address. */
for (const [network, bits] of [
  ['2001:db8::', 32],
  ['2001::', 32],
  ['2002::', 16],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv6');
const GLOBAL6 = new BlockList();
GLOBAL6.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address belongs to the internet. Ask it again for what a name resolves to at each connection: names can be moved. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !PRIVATE.check(address, 'ipv4');
  if (family !== 6) return false;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPublicAddress(mapped);
  return GLOBAL6.check(address, 'ipv6') && !PRIVATE.check(address, 'ipv6');
}

const LOCAL_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain)\.?$/i;

/** What is wrong with an endpoint a client named, in plain words; undefined: nothing that can be told without resolving it. */
export function endpointFault(endpoint: string, policy: EndpointPolicy): string | undefined {
  if (endpoint.length > 2000 || !URL.canParse(endpoint)) return 'the endpoint is no URL';
  const url = new URL(endpoint);
  if (url.protocol !== 'https:' && !(policy.allowHttp && url.protocol === 'http:')) return 'the endpoint is not https';
  if (url.username || url.password || url.hash) return 'credentials and fragments do not belong in an endpoint';
  if (policy.allowPrivate) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) ? !isPublicAddress(host) : LOCAL_NAME.test(host) || !host.includes('.'))
    return 'the endpoint is not on the internet';
  return undefined;
}

/** What decides where a request goes and where it ends, and who it is for the hub, is never taken from a subscription. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'upgrade',
  'expect',
  'trailer',
  'te',
  'keep-alive',
  'cookie',
]);

/** `Name: value` lines of a channel; undefined where one is not such a line or sets what it may not. */
export function channelHeaders(lines: readonly string[]): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  if (lines.length > 20) return undefined;
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e]{0,4000})$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || OWN_HEADERS.has(name)) return undefined;
    headers[name] = match![2]!;
  }
  return headers;
}
