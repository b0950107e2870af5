import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Registry } from 'prom-client';
import type { NotReady } from '../model/readiness.ts';
import { cors } from './cors.ts';

export interface AppDeps {
  readonly routers: readonly Router[];
  readonly fhir: Router;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly ops: Router;
  readonly metrics: Registry;
  /** Why no traffic should come; empty: all that must work does. */
  readonly notReady: () => Promise<readonly NotReady[]>;
  /** True for one who may read `/metrics`: the operator, or a client of the operator. */
  readonly mayScrape: (authorization: string | undefined) => Promise<boolean>;
}

/** The HTTP face: health, metrics, FHIR, OAuth2, HL7 over HTTP, operations. Unknown paths and failures are coded. */
export function makeApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', [...deps.trustedProxies]);
  app.use(helmet());
  app.use(cors(deps.corsOrigins));
  app.get('/healthz', (_request, response) => void response.json({ status: 'up' }));
  app.get('/readyz', async (_request, response) => {
    const reasons = await deps.notReady();
    response
      .status(reasons.length === 0 ? 200 : 503)
      .json({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons });
  });
  app.get('/metrics', async (request, response) => {
    if (!(await deps.mayScrape(request.headers.authorization))) {
      return void response
        .set('www-authenticate', 'Bearer realm="handoff operations"')
        .status(401)
        .json({ code: 'auth.operator', text: 'an operator token is needed' });
    }
    response.set('content-type', deps.metrics.contentType).end(await deps.metrics.metrics());
  });
  for (const router of deps.routers) app.use(router);
  app.use('/fhir/R4', deps.fhir);
  app.use('/ops', deps.ops);
  app.use((_request, response) => void response.status(404).json({ code: 'http.not-found', text: 'no such path' }));
  app.use((_error: unknown, _request: express.Request, response: express.Response, next: express.NextFunction) => {
    if (response.headersSent) return next(_error);
    response.status(500).json({ code: 'hub.internal', text: 'an internal failure' });
  });
  return app;
}
