import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BOTS as modules } from '../../bots/registry.ts';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { makeAccessAdmin } from '../api/access.ts';
import { makeAccessTokens } from '../api/access-token.ts';
import { makeApp } from '../api/app.ts';
import { type Authenticate, makeAuthenticate } from '../api/authenticate.ts';
import { fhirRouter } from '../api/fhir-router.ts';
import { hl7OverHttp } from '../api/hl7-http.ts';
import { makeMetrics } from '../api/metrics.ts';
import { oauthRouter } from '../api/oauth.ts';
import { opsRouter } from '../api/ops.ts';
import { type Config, splitAddress } from '../config/load.ts';
import { DatabaseError } from '../database/command.ts';
import { FLOW_LIMITS, type Flow, startFlow } from '../flow/hub-flow.ts';
import { compileMaps } from '../mapping/map-message.ts';
import { type Actor, HUB } from '../model/actor.ts';
import { FAILURES, failureOf } from '../model/failure.ts';
import type { FlowLog } from '../model/flow.ts';
import type { NotReady } from '../model/readiness.ts';
import type { Applied, Store } from '../model/store.ts';
import { directoryResources } from '../rules/directory.ts';
import { type FhirService, makeFhirService } from '../server/service.ts';
import { makeStore } from '../server/store.ts';
import type { UnmergeArgs } from '../server/unmerge.ts';
import { TransportError } from '../transport/transport-error.ts';
import { PREVIEW } from './gather-commands.ts';
import { loadHubKey } from './key.ts';
import { Listeners } from './listeners.ts';
import { LiveConfig } from './live-config.ts';
import type { Log } from './log.ts';
import { loadMirrors } from './mirror-load.ts';
import { obligations } from './obligations.ts';
import { issuersOf, openDatabases } from './open.ts';
import { startOperations } from './operations.ts';
import { requireCases } from './partner-cases.ts';
import { readiness } from './readiness.ts';
import { indexedByOlderRules, reindexOf } from './reindex.ts';
import { renderPort } from './render-port.ts';
import { requireKnown } from './require-known.ts';
import { isRelayed, mirrorTriggers, routeJob } from './route-job.ts';
import { makeBots } from './run-bot.ts';
import { safetyPolicy } from './safety-policy.ts';
import { Senders } from './send-port.ts';
import { oauthDeps } from './sign-in.ts';
import { classify, translatePort } from './translate-port.ts';

/** A running hub. */
export interface Hub {
  /** Where it really listens: FHIR base and feed → address. */
  readonly fhirBase: string;
  readonly feeds: Readonly<Record<string, string>>;
  /** Takes a changed configuration whole or throws and keeps the old one. Address and database of the hub itself need a restart. */
  reload(config: Config): Promise<void>;
  /** Takes nothing new, finishes what is under way as far as `drainMs` of the settings allows. What is on disk goes on at the next start. */
  stop(): Promise<void>;
}

const clock = { now: Date.now };
const OPERATOR: Actor = { kind: 'operator', id: 'operator', scopes: [] };

/** Starts everything or throws and leaves nothing running. Resolves when messages and requests are taken. */
export async function startHub(config: Config, log: Log): Promise<Hub> {
  const key = loadHubKey(config.keyFile);
  const maps = compileMaps(DEFINITIONS);
  requireKnown(config, maps);
  const notKept = (code: string): void => log.warn({ event: 'passed-cases-not-kept', code }, 'golden cases run again');
  await requireCases(config, maps, notKept);
  const databases = await openDatabases(config, key);
  const live = new LiveConfig(config);
  let flow: Flow | undefined;
  const started: (() => Promise<void>)[] = [];
  const notReady = readiness(
    databases.watches,
    () => flow?.status.refusal(),
    () => databases.store.read('store.issues', ''),
  );
  const metrics = makeMetrics(
    () => flow?.status,
    () => live.feeds(),
    notReady,
  );
  const flowLog: FlowLog = (code, facts) => {
    metrics.codes.inc({ code });
    log.info({ code, ...facts }, wordsOf(code));
  };
  try {
    const store = makeStore(databases.store, clock);
    const { limits } = config;
    const service = makeFhirService({
      database: databases.store,
      clock,
      base: `${config.baseUrl}/fhir/R4`,
      limits: {
        bundleEntriesMax: limits.bundleEntriesMax,
        pageMax: limits.pageMax,
        pageDefault: Math.min(50, limits.pageMax),
        includedMax: 5_000,
      },
      references: config.server.references,
    });
    const older = await indexedByOlderRules(databases.store);
    if (older > 0) log.warn({}, `${older} resources are indexed by older rules; run handoff reindex`);
    await seed(store, config);
    const bots = makeBots(modules, { service, store, now: clock.now });
    const operations = startOperations({
      database: databases.store,
      base: service.base,
      runBot: bots.run,
      log: flowLog,
      now: clock.now,
      endpoints: config.subscriptions,
    });
    started.push(() => operations.stop());
    let translate = translatePort(maps, live.partners(), key.ids, live.version());
    let senders = new Senders(live.partners(), flowLog);
    flow = await startFlow({
      journalDb: databases.journal,
      storeDb: databases.store,
      config: live,
      store,
      preview: (unit) => preview(databases.store, unit),
      translate: {
        get version() {
          return translate.version;
        },
        translate: (inbound) => translate.translate(inbound),
      },
      classify,
      runBot: operations.runBot,
      route: routeJob({ database: databases.store, store, partners: () => live.partners() }),
      gather: (event) =>
        databases.store.read('hub.gather', {
          references: event.resources,
          ...(event.kind === 'mirror' ? { follow: true } : { recipient: event.organization }),
          ...(event.person === undefined ? {} : { person: event.person }),
        }),
      render: renderPort(() => live.partners()),
      send: { send: (endpoint, payload, options) => senders.send(endpoint, payload, options) },
      ...obligations({ database: databases.store, store, service, now: clock.now }),
      auditReplay: (entry) => auditReplay(databases.store, entry),
      onLink: ({ recipient, state, code }) => log.warn({ partner: recipient, state, code }, 'partner link'),
      crons: [
        ...modules.flatMap((bot) =>
          bot.cron === undefined ? [] : [{ name: bot.name, schedule: bot.cron, run: () => bots.tick(bot) }],
        ),
        {
          name: 'purge-grants',
          schedule: '45 */5 * * * *',
          run: () => databases.store.write<void>('grant.purge', { at: clock.now() }),
        },
      ],
      ...(databases.home === undefined ? {} : { freeBytes: () => freeBytes(databases.home as string) }),
      now: clock.now,
      random: Math.random,
      log: flowLog,
      limits: FLOW_LIMITS,
    });
    const listeners = new Listeners(flow, metrics, flowLog);
    const http = await listenHttp(config, key.operatorToken, {
      databases,
      flow,
      live,
      service,
      metrics,
      notReady,
      tokensKey: key.tokens,
    });
    try {
      await listeners.follow(live);
    } catch (error) {
      await closeHttp(http.server);
      await flow.stop(0);
      throw error;
    }
    const running = flow;
    return {
      fhirBase: `${http.origin}/fhir/R4`,
      get feeds() {
        return listeners.addresses();
      },
      async reload(next) {
        for (const name of ['http', 'database', 'keyFile'] as const) {
          if (next[name] !== live.current[name]) throw new Error(`${next.file}: ${name}: needs a restart`);
        }
        if (JSON.stringify(mirrorTriggers(next.partners)) !== JSON.stringify(mirrorTriggers(live.partners()))) {
          throw new Error(`${next.file}: partners[].endpoints[].transport.types: needs a restart`);
        }
        if (JSON.stringify(issuersOf(next)) !== JSON.stringify(issuersOf(live.current))) {
          throw new Error(`${next.file}: partners[].issues: needs a restart`);
        }
        if (isRelayed(next.partners) !== isRelayed(live.partners())) {
          throw new Error(`${next.file}: partners[].endpoints[].relays: the first or last needs a restart`);
        }
        requireKnown(next, maps);
        await requireCases(next, maps, notKept);
        const before = { config: live.current, translate, senders };
        translate = translatePort(maps, next.partners, key.ids, next.version);
        senders = new Senders(next.partners, flowLog);
        live.replace(next);
        try {
          await listeners.follow(live);
          await seed(store, next);
        } catch (error) {
          const refused = senders;
          ({ translate, senders } = before);
          live.replace(before.config);
          await refused.close();
          await listeners.follow(live);
          throw error;
        }
        await before.senders.close();
      },
      async stop() {
        await listeners.close(live.current.drainMs);
        await closeHttp(http.server);
        await operations.stop();
        await running.stop(live.current.drainMs);
        await senders.close();
        await databases.close();
      },
    };
  } catch (error) {
    for (const stop of started) await stop();
    await databases.close();
    throw error;
  }
}

/** Fixed words for who reads the log; a code the failure table does not list speaks for itself. */
const wordsOf = (code: string): string => (Object.hasOwn(FAILURES, code) ? failureOf(code).text : code);

/** What the settings say of organizations and safety numbers, as resources, so that bots and apps find it in the store. */
async function seed(store: Store, config: Config): Promise<void> {
  for (const resource of directoryResources(config.partners, safetyPolicy(config.safety)))
    await store.put(resource, HUB);
}

async function preview(
  database: { write<R>(command: string, args: unknown): Promise<R> },
  unit: unknown,
): Promise<Applied> {
  try {
    await database.write('hub.preview', { unit, at: clock.now() });
  } catch (error) {
    if (error instanceof DatabaseError && error.code === PREVIEW) return error.detail as Applied;
    throw error;
  }
  throw new Error('a preview ended without its result');
}

async function auditReplay(
  database: { write<R>(command: string, args: unknown): Promise<R> },
  entry: { readonly by: string; readonly messages: 'all' | readonly number[]; readonly dryRun: boolean },
): Promise<void> {
  const which = entry.messages === 'all' ? 'all' : entry.messages.slice(0, 100).join(',');
  await database.write('audit.append', [
    {
      at: clock.now(),
      actor: { kind: 'operator', id: entry.by, scopes: [] },
      action: 'E',
      outcome: 0,
      query: `replay ${which}${entry.dryRun ? ' dry' : ''}`,
    },
  ]);
}

async function freeBytes(home: string): Promise<number> {
  const { bavail, bsize } = await statfs(home);
  return bavail * bsize;
}

interface HttpParts {
  readonly databases: Awaited<ReturnType<typeof openDatabases>>;
  readonly flow: Flow;
  readonly live: LiveConfig;
  readonly service: FhirService;
  readonly metrics: ReturnType<typeof makeMetrics>;
  readonly notReady: () => Promise<readonly NotReady[]>;
  readonly tokensKey: Buffer;
}

async function listenHttp(
  config: Config,
  operatorToken: string,
  parts: HttpParts,
): Promise<{ server: Server; origin: string }> {
  const { databases, flow, live, service, metrics, notReady } = parts;
  const database = databases.store;
  const tokens = makeAccessTokens(parts.tokensKey, clock, config.accessTokenSec);
  const authenticate = makeAuthenticate({ database, clock, tokens });
  const admin = makeAccessAdmin({ database, clock, newId: randomUUID });
  const { limits, signIn, accessTokenSec } = config;
  const oauth = await oauthDeps({
    database,
    clock,
    service,
    authenticate,
    tokens,
    tokensKey: parts.tokensKey,
    origin: config.baseUrl,
    limits: { ...signIn, accessTokenSec },
  });
  const app = makeApp({
    routers: [
      oauthRouter(oauth),
      hl7OverHttp({
        authenticate,
        feed: (id) => live.feed(id),
        ingest: (bytes, feedId, peer) => flow.ingest(bytes, feedId, peer),
        bodyMaxBytes: limits.bodyMaxBytes,
      }),
    ],
    fhir: fhirRouter({ service, authenticate, clock, limits }),
    corsOrigins: config.corsOrigins,
    trustedProxies: config.trustedProxies,
    ops: opsRouter({
      authenticate,
      operatorToken,
      status: flow.status,
      replay: flow.replay,
      admin,
      feeds: () => live.feeds(),
      unmerge: (patient, other) =>
        database.write('store.unmerge', { patient, other, by: OPERATOR, at: clock.now() } satisfies UnmergeArgs),
      issues: (journalId) => database.read('store.issues', journalId),
      loadMirrors: async (partner) => {
        const loaded = await loadMirrors(database, live.partners(), partner, clock.now());
        for (const recipient of loaded?.recipients ?? []) flow.queued(recipient);
        return loaded;
      },
      reindex: reindexOf(database),
      notReady,
      now: clock.now,
    }),
    metrics: metrics.registry,
    notReady,
    mayScrape: (authorization) => mayScrape(authenticate, operatorToken, authorization),
  });
  const { host, port } = splitAddress(config.http);
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 30_000 }, app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'transport.port-in-use' : 'transport.listen-failed';
      reject(new TransportError(code, `${config.http} cannot be opened: ${error.code ?? error.name}`, error));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return { server, origin: port === 0 ? `http://${host}:${address.port}` : config.baseUrl };
}

async function mayScrape(
  authenticate: Authenticate,
  operatorToken: string,
  authorization: string | undefined,
): Promise<boolean> {
  return authorization === `Bearer ${operatorToken}` || (await authenticate(authorization))?.kind === 'operator';
}

async function closeHttp(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), 5_000);
  await closed;
  clearTimeout(cut);
}
