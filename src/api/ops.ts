import { timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Replay, Replayed } from '../flow/replay.ts';
import type { FlowStatus } from '../flow/status.ts';
import type { Feed } from '../model/partner.ts';
import type { NotReady } from '../model/readiness.ts';
import type { Reindex } from '../model/reindex.ts';
import type { AccessAdmin } from './access.ts';
import { AccessRefused } from './access-refused.ts';
import type { Authenticate } from './authenticate.ts';
import { reindexRouter } from './reindex-router.ts';

export interface OpsDeps {
  readonly authenticate: Authenticate;
  /** Bearer token of this machine's command line. */
  readonly operatorToken: string;
  readonly status: FlowStatus;
  readonly replay: Replay;
  readonly admin: AccessAdmin;
  readonly feeds: () => readonly Feed[];
  /** Two records of one human are of two: the undo of a merge. */
  readonly unmerge: (patient: string, other: string) => Promise<'apart' | 'unknown' | 'not-together'>;
  /** Issues recorded while a message was applied. */
  readonly issues: (journalId: string) => Promise<readonly unknown[]>;
  /** Queues all that stands in the store for the mirrors of a partner; undefined: it has none. */
  readonly loadMirrors: (partner: string) => Promise<{ readonly queued: number } | undefined>;
  readonly reindex: Reindex;
  /** As `/readyz` says it. */
  readonly notReady: () => Promise<readonly NotReady[]>;
  readonly now: () => number;
}

const id = z.coerce.number().int().positive();
const limit = z.coerce.number().int().min(1).max(500).default(50);
const messageQuery = z.object({
  state: z.enum(['received', 'claimed', 'applied', 'listed', 'parked']).optional(),
  feed: z.string().max(64).optional(),
  flagged: z.stringbool().optional(),
  parts: z.stringbool().optional(),
  before: id.optional(),
  limit,
});
const outboxQuery = z.object({
  state: z.enum(['queued', 'sending', 'sent', 'refused', 'unknown', 'parked']).optional(),
  recipient: z.string().max(130).optional(),
  before: id.optional(),
  limit,
});
const replayBody = z.strictObject({
  all: z.literal(true).optional(),
  ids: z.array(id).max(10_000).optional(),
  dryRun: z.boolean().default(false),
});
const patientId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/);
const unmergeBody = z.strictObject({ patient: patientId, other: patientId });
const reasonBody = z.strictObject({ reason: z.string().min(1).max(500) });
const clientBody = z.strictObject({
  name: z.string().min(1).max(200),
  scope: z.string().min(1).max(4000),
  organization: z.string().max(64).optional(),
  jwks: z.string().max(20_000).optional(),
  redirectUris: z.array(z.string().max(1000)).max(10).optional(),
  launchUri: z.string().max(1000).optional(),
  public: z.boolean().optional(),
});
const userName = z.string().min(1).max(200);
const userBody = z.strictObject({
  name: userName,
  practitionerRole: z.string().min(1).max(64),
  password: z.string().max(1000).optional(),
});
const patientBody = z.strictObject({ name: userName, patient: patientId, password: z.string().max(1000) });

/** `/ops`: what operators see and may do. No answer holds content of a message; every refusal is coded. */
export function opsRouter(deps: OpsDeps): Router {
  const { status, replay, admin } = deps;
  const router = express.Router();
  router.use(async (request, response, next) => {
    if (await isOperator(deps, request.headers.authorization)) return next();
    response
      .set('www-authenticate', 'Bearer realm="handoff operations"')
      .status(401)
      .json({ code: 'auth.operator', text: 'an operator token is needed' });
  });
  router.use(express.json({ limit: '1mb' }));
  router.get('/messages', async (request, response) => {
    const rows = await status.messages(present(messageQuery.parse(request.query)));
    response.json({ messages: rows.map(shown) });
  });
  router.get('/messages/:id', async (request, response) => {
    const row = await status.message(id.parse(request.params.id));
    if (!row) return void unknown(response);
    response.json({ ...shown(row), issues: await deps.issues(String(row.id)) });
  });
  router.post('/messages/:id/retry', async (request, response) => {
    await answer(response, status.retryMessage(id.parse(request.params.id)));
  });
  router.post('/messages/:id/dismiss', async (request, response) => {
    await answer(response, status.dismissMessage(id.parse(request.params.id), reasonBody.parse(request.body).reason));
  });
  router.post('/replay', async (request, response) => {
    const { all, ids, dryRun } = replayBody.parse(request.body);
    if ((all === true) === (ids !== undefined))
      return void response.status(400).json({ code: 'ops.request', text: 'either all or ids' });
    response.json(await summed(replay.run(all ? 'all' : (ids ?? []), 'operator', dryRun)));
  });
  router.post('/unmerge', async (request, response) => {
    const { patient, other } = unmergeBody.parse(request.body);
    const outcome = await deps.unmerge(patient, other);
    if (outcome === 'unknown') unknown(response);
    else await answer(response, Promise.resolve(outcome === 'apart'));
  });
  router.get('/outbox', async (request, response) => {
    response.json({ rows: await status.outbox(present(outboxQuery.parse(request.query))) });
  });
  router.post('/outbox/:id/retry', async (request, response) => {
    await answer(response, status.retryRow(id.parse(request.params.id)));
  });
  router.post('/outbox/:id/dismiss', async (request, response) => {
    const { reason } = reasonBody.parse(request.body);
    await answer(response, status.dismissRow(id.parse(request.params.id), reason, deps.now()));
  });
  router.get('/jobs', async (request, response) => {
    const { state, limit: count } = z
      .object({ state: z.enum(['queued', 'running', 'done', 'parked']).optional(), limit })
      .parse(request.query);
    response.json({ jobs: await status.jobs(present({ state, limit: count }) as Parameters<FlowStatus['jobs']>[0]) });
  });
  router.post('/jobs/:id/retry', async (request, response) => {
    await answer(response, status.retryJob(id.parse(request.params.id)));
  });
  router.get('/status', async (_request, response) => {
    const notReady = await deps.notReady();
    const feeds = deps.feeds().map((feed) => ({ feed: feed.id, ...status.gate(feed) }));
    try {
      const [counts, links, mirrors, { left }] = await Promise.all([
        status.counts(),
        status.links(),
        status.mirrors(),
        deps.reindex.begin({}),
      ]);
      // Searches may miss what is indexed by older rules until `handoff reindex` has run.
      response.json({ notReady, ...counts, links, mirrors, indexedByOlderRules: left, feeds });
    } catch (error) {
      // Without its database the hub has no numbers, but it knows why.
      if (notReady.length === 0) throw error;
      response.status(503).json({ notReady, feeds });
    }
  });
  router.use('/reindex', reindexRouter(deps.reindex));
  router.post('/mirror', async (request, response) => {
    const { partner } = z.strictObject({ partner: z.string().max(64) }).parse(request.body);
    const loaded = await deps.loadMirrors(partner);
    if (!loaded) return void response.status(404).json({ code: 'ops.not-found', text: 'no mirror of such a partner' });
    response.status(202).json(loaded);
  });
  router.post('/clients', async (request, response) => {
    const body = present(clientBody.parse(request.body));
    try {
      response.status(201).json(await admin.addClient(body));
    } catch (error) {
      refused(response, error);
    }
  });
  router.get('/clients', async (_request, response) => void response.json({ clients: await admin.clients() }));
  router.delete('/clients/:id', async (request, response) => {
    await admin.revokeClient(request.params.id);
    response.status(204).end();
  });
  router.post('/users', async (request, response) => {
    const body = present(userBody.parse(request.body));
    try {
      response.status(201).json(await admin.addUser(body));
    } catch (error) {
      refused(response, error);
    }
  });
  router.post('/patients', async (request, response) => {
    const body = patientBody.parse(request.body);
    try {
      response.status(201).json(await admin.addPatient(body));
    } catch (error) {
      refused(response, error);
    }
  });
  router.delete('/users/:name', async (request, response) => {
    await admin.revokeUser(request.params.name);
    response.status(204).end();
  });
  router.use((_request, response) => void unknown(response));
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    if (error instanceof z.ZodError) {
      const text = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join('; ');
      return void response.status(400).json({ code: 'ops.request', text });
    }
    const { status: http } = error as { status?: number };
    if (http !== undefined && http >= 400 && http < 500)
      return void response.status(http).json({ code: 'ops.request', text: 'the request cannot be read' });
    response.status(500).json({ code: 'hub.internal', text: 'an internal failure' });
  });
  return router;
}

async function isOperator(
  { authenticate, operatorToken }: OpsDeps,
  authorization: string | undefined,
): Promise<boolean> {
  const given = Buffer.from(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '');
  const own = Buffer.from(operatorToken);
  if (given.length === own.length && timingSafeEqual(given, own)) return true;
  return (await authenticate(authorization))?.kind === 'operator';
}

/** Without members that were not asked for: the exact optional types below want them absent. */
function present<T extends object>(query: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as never;
}

type Row = Awaited<ReturnType<FlowStatus['messages']>>[number];

function shown(row: Row) {
  const { reason, receivedAt, settledAt, ...rest } = row;
  return {
    ...rest,
    id: String(row.id),
    receivedAt: new Date(receivedAt).toISOString(),
    ...(settledAt === undefined ? {} : { settledAt: new Date(settledAt).toISOString() }),
    reason: reason ? [reason.code, reason.location, reason.text].filter(Boolean).join(' ') : waits(row),
  };
}

/** Why a row that has not failed is not applied yet. */
function waits({ state, blockers }: Row): string | null {
  if (state !== 'received') return null;
  return blockers > 0
    ? 'flow.waits-for-lane an earlier message of this patient goes first; it may be parked'
    : 'flow.queued its turn comes';
}

function refused(response: Response, error: unknown): void {
  if (!(error instanceof AccessRefused)) throw error;
  response.status(422).json({ code: error.code, text: error.message });
}

function unknown(response: Response): void {
  response.status(404).json({ code: 'ops.not-found', text: 'no such thing' });
}

async function answer(response: Response, done: Promise<boolean>): Promise<void> {
  if (await done) response.json({ done: true });
  else response.status(409).json({ code: 'ops.state', text: 'it is not in a state in which this can be done' });
}

async function summed(run: AsyncIterable<Replayed>) {
  const total = { replayed: 0, changed: 0, parked: 0, unchanged: 0, late: 0 };
  const notable: Replayed[] = [];
  for await (const each of run) {
    total.replayed++;
    if (each.outcome === 'applied' || each.outcome === 'would-change') total.changed++;
    else if (each.outcome === 'parked' || each.outcome === 'would-park') total.parked++;
    else if (each.outcome === 'late') total.late++;
    else total.unchanged++;
    if (each.outcome !== 'unchanged' && each.outcome !== 'listed' && notable.length < 1000) notable.push(each);
  }
  return { ...total, notable };
}
