import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ZodType } from 'zod';
import type { Partner } from '../model/partner.ts';
import { type ConfigFile, configSchema, databaseAddress, hostPort } from './schema.ts';

/** Settings of one hub, checked whole and frozen. `version` names the content: every journal row records it. */
export interface Config extends Omit<ConfigFile, 'partners' | 'baseUrl'> {
  readonly file: string;
  readonly version: string;
  readonly baseUrl: string;
  readonly partners: readonly Partner[];
}

/** A wrong setting: which file, which path in it, and why. The value is not repeated. */
export class ConfigError extends Error {
  readonly code: string = 'config.invalid';
  constructor(file: string, problems: readonly { readonly path: string; readonly reason: string }[]) {
    super(problems.map(({ path, reason }) => `${file}: ${path || '(whole file)'}: ${reason}`).join('\n'));
    this.name = 'ConfigError';
  }
}

export const DEFAULT_CONFIG_FILE = 'fixtures/demo/handoff.yaml';

/**
 * Reads `handoff.yaml` (HANDOFF_CONFIG) and the overrides HANDOFF_DATABASE, HANDOFF_HTTP, HANDOFF_MLLP.
 * `${NAME}` inside a text value is taken from the environment, so that secrets stay out of the file.
 * Throws ConfigError naming file, path and reason; success does not mean that addresses can be reached.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const file = env.HANDOFF_CONFIG ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [
      { path: '', reason: `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` },
    ]);
  }
  let raw: unknown;
  try {
    raw = parse(text) ?? {};
  } catch (error) {
    throw new ConfigError(file, [{ path: '', reason: (error as Error).message.split('\n')[0] ?? 'is not YAML' }]);
  }
  return checkConfig(file, raw, env);
}

/** Checks settings that were read already. Relative paths are relative to the working directory, TLS files to the file. */
export function checkConfig(file: string, raw: unknown, env: Readonly<Record<string, string | undefined>>): Config {
  const missing: { path: string; reason: string }[] = [];
  const expanded = expand(raw, env, '', missing);
  if (missing.length > 0) throw new ConfigError(file, missing);
  const parsed = configSchema.safeParse(expanded);
  if (!parsed.success) {
    throw new ConfigError(
      file,
      parsed.error.issues.map((issue) => ({ path: pathText(issue.path), reason: issue.message })),
    );
  }
  const settings = parsed.data;
  if (env.HANDOFF_DATABASE) settings.database = override(env.HANDOFF_DATABASE, 'HANDOFF_DATABASE', databaseAddress);
  if (env.HANDOFF_HTTP) settings.http = override(env.HANDOFF_HTTP, 'HANDOFF_HTTP', hostPort);
  if (env.HANDOFF_KEY_FILE) settings.keyFile = env.HANDOFF_KEY_FILE;
  const partners = settings.partners.map(toPartner(dirname(resolve(file))));
  checkNames(file, partners);
  if (env.HANDOFF_MLLP) overrideFirstFeed(partners, override(env.HANDOFF_MLLP, 'HANDOFF_MLLP', hostPort));
  const version = createHash('sha256')
    .update(JSON.stringify({ ...settings, partners }))
    .digest('hex')
    .slice(0, 16);
  return deepFreeze({ ...settings, file, version, baseUrl: settings.baseUrl ?? `http://${settings.http}`, partners });
}

function override(value: string, name: string, shape: ZodType<string>): string {
  const { error } = shape.safeParse(value);
  if (error) throw new ConfigError('environment', [{ path: name, reason: error.issues[0]?.message ?? 'is not valid' }]);
  return value;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function toPartner(base: string): (partner: ConfigFile['partners'][number]) => Partner {
  return (partner) => {
    const feeds = partner.feeds.map((feed) => ({
      ...feed,
      partner: partner.id,
      transport: withFiles(feed.transport, base),
    }));
    const endpoints = partner.endpoints.map((endpoint) => ({
      ...endpoint,
      partner: partner.id,
      transport: withFiles(endpoint.transport, base),
    }));
    // Optional keys are absent rather than undefined after zod, which is what the model's exact types say.
    return { ...partner, feeds, endpoints } as unknown as Partner;
  };
}

/** TLS settings name PEM files; the configuration holds their content, so that a reload is whole or not at all. */
function withFiles<T extends { kind: string; tls?: unknown }>(transport: T, base: string): T {
  if (!transport.tls) return transport;
  const tls: Record<string, unknown> = { ...(transport.tls as Record<string, unknown>) };
  for (const key of ['key', 'cert', 'ca']) {
    const path = tls[key];
    if (typeof path !== 'string' || path.includes('-----BEGIN')) continue;
    try {
      tls[key] = readFileSync(resolve(base, path), 'utf8');
    } catch (error) {
      throw new ConfigError(path, [
        { path: `tls.${key}`, reason: `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` },
      ]);
    }
  }
  return { ...transport, tls };
}

function checkNames(file: string, partners: readonly Partner[]): void {
  const problems: { path: string; reason: string }[] = [];
  const once = (kind: string, names: readonly (readonly [string, string])[]): void => {
    const seen = new Set<string>();
    for (const [name, path] of names) {
      if (seen.has(name)) problems.push({ path, reason: `${kind} is used twice` });
      seen.add(name);
    }
  };
  once(
    'the partner id',
    partners.map((p, i) => [p.id, `partners[${i}].id`]),
  );
  once(
    'the organization',
    partners.map((p, i) => [p.organization, `partners[${i}].organization`]),
  );
  once(
    'the feed id',
    partners.flatMap((p, i) => p.feeds.map((f, j) => [f.id, `partners[${i}].feeds[${j}].id`] as const)),
  );
  once(
    'the endpoint id',
    partners.flatMap((p, i) => p.endpoints.map((e, j) => [e.id, `partners[${i}].endpoints[${j}].id`] as const)),
  );
  once(
    'the listening address',
    partners.flatMap((p, i) =>
      p.feeds.flatMap((f, j) =>
        f.transport.kind === 'mllp' && f.transport.port !== 0
          ? [[`${f.transport.host}:${f.transport.port}`, `partners[${i}].feeds[${j}].transport.port`] as const]
          : [],
      ),
    ),
  );
  once('the address of a mirror', partners.flatMap(mirrorAddresses));
  if (problems.length > 0) throw new ConfigError(file, problems);
}

/** Each once: a partner's own mirrors may share a server. Those of two partners may not, as each is told what only its own may know. */
function mirrorAddresses({ endpoints }: Partner, at: number): readonly (readonly [string, string])[] {
  const found = endpoints.flatMap(({ transport }, j) =>
    transport.kind === 'mirror'
      ? [[new URL(transport.url).href.replace(/\/+$/, ''), `partners[${at}].endpoints[${j}].transport.url`] as const]
      : [],
  );
  return [...new Map(found)];
}

function overrideFirstFeed(partners: Partner[], address: string): void {
  for (const partner of partners) {
    const at = partner.feeds.findIndex((feed) => feed.transport.kind === 'mllp');
    const feed = partner.feeds[at];
    if (feed?.transport.kind !== 'mllp') continue;
    const { host, port } = splitAddress(address);
    (partner.feeds as Writable<typeof partner.feeds>)[at] = { ...feed, transport: { ...feed.transport, host, port } };
    return;
  }
}

/** `host:port`, also `[::1]:8080`. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

function expand(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  path: string,
  missing: { path: string; reason: string }[],
): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) => {
      const found = env[name];
      if (found === undefined) missing.push({ path, reason: `the environment variable ${name} is not set` });
      return found ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item, i) => expand(item, env, `${path}[${i}]`, missing));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, expand(item, env, path ? `${path}.${key}` : key, missing)]),
    );
  }
  return value;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    '',
  );
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
