import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { makeAccessAdmin } from '../../src/api/access.ts';
import { makeAccessTokens } from '../../src/api/access-token.ts';
import { makeAuthenticate } from '../../src/api/authenticate.ts';
import { cors } from '../../src/api/cors.ts';
import { fhirRouter } from '../../src/api/fhir-router.ts';
import { oauthRouter } from '../../src/api/oauth.ts';
import { oauthDeps } from '../../src/hub/sign-in.ts';
import type { Clock } from '../../src/model/clock.ts';
import { makeFhirService } from '../../src/server/service.ts';
import { HUB_KEY, openTestStore } from '../unit/server/support/test-store.ts';

export interface HttpHub {
  readonly origin: string;
  readonly base: string;
  readonly admin: ReturnType<typeof makeAccessAdmin>;
  readonly hub: Omit<Awaited<ReturnType<typeof openTestStore>>, 'reopen'>;
  token(id: string, secret: string, scope?: string): Promise<Response>;
  close(): Promise<void>;
}

export const SMART_LIMITS = { accessTokenSec: 300, sessionSec: 3600, offlineSec: 86_400 };

/** The FHIR API on a real socket over an embedded store, as main wires it; over a given `store` it is a second hub of that database. */
export async function startHttpHub(
  engine: 'sqlite' | 'postgres' = 'sqlite',
  clock: Clock = { now: Date.now },
  corsOrigins: readonly string[] = [],
  store?: HttpHub['hub'],
  requestsPerSecond = 5000,
): Promise<HttpHub> {
  const hub = store ?? (await openTestStore(engine));
  const app = express();
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const base = `${origin}/fhir/R4`;
  const { database } = hub;
  const tokensKey = Buffer.from(HUB_KEY, 'hex');
  const tokens = makeAccessTokens(tokensKey, clock);
  const service = makeFhirService({ database, clock, base });
  const authenticate = makeAuthenticate({ database, clock, tokens });
  const shared = { database, clock, service, authenticate, tokens, tokensKey, origin };
  app.use(cors(corsOrigins));
  app.use(oauthRouter(await oauthDeps({ ...shared, limits: SMART_LIMITS })));
  app.use(
    '/fhir/R4',
    fhirRouter({ service, authenticate, clock, limits: { bodyMaxBytes: 1_000_000, requestsPerSecond } }),
  );
  return {
    origin,
    base,
    hub,
    admin: makeAccessAdmin({ database, clock, newId: randomUUID }),
    token: (id, secret, scope) =>
      fetch(`${origin}/oauth2/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) }),
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (!store) await hub.close();
    },
  };
}
