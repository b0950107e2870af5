import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bot, Subscription } from '@medplum/fhirtypes';
import express, { type Request, type Response } from 'express';

const PROJECT = '6f1a2c30-0000-4000-8000-000000000001';
const CLIENT = '6f1a2c30-0000-4000-8000-000000000002';
/** As the server's cron check has it: five fields, no seconds. */
const CRON = /^(\S+ ){4}\S+$/;

type Stored<T> = T & { id: string; meta: { versionId: string } };

/**
 * What of a Medplum server the deployment of bots meets, and strict: whatever it does not know is an error that the test sees.
 * Rule: Medplum docs, Bot $deploy and Subscription extensions; a Bot made by the administration has its membership, one by POST has none.
 */
export class MedplumServer {
  readonly secret = 'synthetic-secret';
  readonly client = CLIENT;
  readonly bots = new Map<string, Stored<Bot>>();
  readonly subscriptions = new Map<string, Stored<Subscription>>();
  /** Bot id → file name and code. */
  readonly code = new Map<string, { filename: string; code: string }>();
  /** Every write, as `METHOD path`. */
  readonly writes: string[] = [];
  readonly unexpected: string[] = [];
  /** Answers the next deployment with 400. */
  failDeploy = false;
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer(this.#app());
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  #app() {
    const app = express();
    app.use(express.json({ type: ['application/json', 'application/fhir+json'], limit: '5mb' }));
    app.use(express.urlencoded());
    app.post('/oauth2/token', (request, response) => this.#token(request, response));
    app.use((request, response, next) => {
      if (request.headers.authorization === `Bearer ${TOKEN}`) return next();
      outcome(response, 401, 'login');
    });
    app.use((request, _response, next) => {
      if (request.method !== 'GET') this.writes.push(`${request.method} ${request.path}`);
      next();
    });
    app.get('/auth/me', (_request, response) => void response.json(ME));
    app.post('/admin/projects/:project/bot', (request, response) => this.#createBot(request, response));
    app.get('/fhir/R4/Bot', (request, response) => this.#searchBots(request, response));
    app.get('/fhir/R4/Bot/:id', (request, response) => give(response, this.bots.get(request.params.id)));
    app.put('/fhir/R4/Bot/:id', (request, response) => this.#updateBot(request, response));
    app.post('/fhir/R4/Bot/:id/\\$deploy', (request, response) => this.#deploy(request, response));
    app.get('/fhir/R4/Subscription', (request, response) => {
      const url = request.query.url;
      bundle(
        response,
        [...this.subscriptions.values()].filter(({ channel }) => channel?.endpoint === url),
      );
    });
    app.post('/fhir/R4/Subscription', (request, response) => this.#subscribe(request, response));
    app.delete('/fhir/R4/Subscription/:id', (request, response) => {
      this.subscriptions.delete(request.params.id);
      response.status(200).end();
    });
    app.use((request, response) => {
      this.unexpected.push(`${request.method} ${request.originalUrl}`);
      outcome(response, 404, 'not-found');
    });
    return app;
  }

  #token(request: Request, response: Response) {
    const { grant_type: grant, client_id: id, client_secret: secret } = request.body as Record<string, string>;
    const basic = `Basic ${Buffer.from(`${CLIENT}:${this.secret}`).toString('base64')}`;
    const known = request.headers.authorization === basic || (id === CLIENT && secret === this.secret);
    if (grant !== 'client_credentials' || !known) return void response.status(400).json({ error: 'invalid_request' });
    response.json({ token_type: 'Bearer', access_token: TOKEN, expires_in: 3600, ...ME });
  }

  #createBot(request: Request, response: Response) {
    const { name, description } = request.body as { name?: string; description?: string };
    if (request.params.project !== PROJECT) return outcome(response, 404, 'not-found');
    if (!name) return outcome(response, 400, 'invalid');
    const bot = { resourceType: 'Bot' as const, id: randomUUID(), meta: { versionId: '1' }, name };
    this.bots.set(bot.id, { ...bot, ...(description ? { description } : {}), runtimeVersion: 'awslambda' });
    response.status(201).json(this.bots.get(bot.id));
  }

  #searchBots(request: Request, response: Response): void {
    const { identifier, name } = request.query as Record<string, string | undefined>;
    if ((identifier === undefined) === (name === undefined)) this.unexpected.push(request.originalUrl);
    const [system, value] = (identifier ?? '').split('|');
    const found = [...this.bots.values()].filter((bot) =>
      identifier === undefined
        ? bot.name?.startsWith(name ?? '')
        : bot.identifier?.some((each) => each.system === system && each.value === value),
    );
    bundle(response, found);
  }

  #updateBot(request: Request, response: Response) {
    const bot = request.body as Stored<Bot>;
    const old = this.bots.get(String(request.params.id));
    if (!old || bot.id !== old.id || bot.resourceType !== 'Bot') return outcome(response, 400, 'invalid');
    if (bot.cronString !== undefined && !CRON.test(bot.cronString)) return outcome(response, 400, 'invalid');
    this.bots.set(old.id, { ...bot, meta: { versionId: String(Number(old.meta.versionId) + 1) } });
    response.json(this.bots.get(old.id));
  }

  #deploy(request: Request, response: Response) {
    const bot = this.bots.get(String(request.params.id));
    const { code, filename } = request.body as { code?: unknown; filename?: unknown };
    if (!bot || typeof code !== 'string' || typeof filename !== 'string') return outcome(response, 400, 'invalid');
    if (this.failDeploy) {
      this.failDeploy = false;
      return outcome(response, 400, 'invalid');
    }
    this.code.set(bot.id, { filename, code });
    const executableCode = { contentType: 'text/javascript', url: `Binary/${randomUUID()}`, title: filename };
    const meta = { versionId: String(Number(bot.meta.versionId) + 1) };
    this.bots.set(bot.id, { ...bot, executableCode, meta });
    response.json({ resourceType: 'OperationOutcome', issue: [{ severity: 'information', code: 'informational' }] });
  }

  #subscribe(request: Request, response: Response) {
    const given = request.body as Subscription;
    const bot = /^Bot\/(.+)$/.exec(given.channel?.endpoint ?? '')?.[1] ?? '';
    const right =
      given.resourceType === 'Subscription' &&
      given.status === 'active' &&
      given.reason &&
      /^[A-Z][A-Za-z]+(\?.+)?$/.test(given.criteria) &&
      given.channel.type === 'rest-hook' &&
      this.bots.has(bot);
    if (!right) return outcome(response, 400, 'invalid');
    const stored = { ...given, id: randomUUID(), meta: { versionId: '1' } };
    this.subscriptions.set(stored.id, stored);
    response.status(201).json(stored);
  }
}

const TOKEN = 'synthetic-token';
const ME = {
  project: { resourceType: 'Project', id: PROJECT, name: 'Synthetic' },
  profile: { resourceType: 'ClientApplication', id: CLIENT },
  membership: { resourceType: 'ProjectMembership', id: 'm', admin: true },
};

const outcome = (response: Response, status: number, code: string): void =>
  void response.status(status).json({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code, details: { text: code } }],
  });

const bundle = (response: Response, resources: readonly object[]): void =>
  void response.json({
    resourceType: 'Bundle',
    type: 'searchset',
    entry: resources.map((resource) => ({ resource })),
  });

function give(response: Response, resource: object | undefined): void {
  if (resource) response.json(resource);
  else outcome(response, 404, 'not-found');
}
