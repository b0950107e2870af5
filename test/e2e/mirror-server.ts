import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import express, { type Response } from 'express';

/** One way to treat the next request: answer so and do nothing, for the whole or (as a batch) for each entry, cut the line, do it and say nothing, do it and answer late, or do it late. */
export type Mood =
  | { readonly status: number; readonly retryAfterSec?: number; readonly body?: unknown }
  | { readonly entryStatus: string }
  | 'reset'
  | 'reset-after'
  | { readonly lateMs: number }
  | { readonly slowMs: number };

/** A FHIR server of a partner that takes transactions of conditional writes, and behaves as badly as it is told. */
export class MirrorServer {
  /** By `Type?criterion` or `Type/id`, whichever its client uses. */
  readonly held = new Map<string, Resource>();
  /** Every transaction that was carried out. */
  readonly done: Bundle[] = [];
  readonly askedAt: number[] = [];
  readonly moods: Mood[] = [];
  #server: Server | undefined;

  async start(): Promise<string> {
    const app = express();
    app.use(express.json({ type: 'application/fhir+json', limit: '10mb' }));
    app.post('/fhir', (request, response) => this.#take(request.body as Bundle, response));
    const server = createServer(app);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  #take(bundle: Bundle, response: Response): void {
    this.askedAt.push(Date.now());
    const mood = this.moods.shift();
    if (mood === 'reset') return void response.socket?.resetAndDestroy();
    if (typeof mood === 'object' && 'status' in mood) {
      if (mood.retryAfterSec !== undefined) response.set('retry-after', String(mood.retryAfterSec));
      return void response.status(mood.status).json(mood.body ?? { resourceType: 'OperationOutcome' });
    }
    if (typeof mood === 'object' && 'entryStatus' in mood) {
      const refused = (bundle.entry ?? []).map(() => ({ response: { status: mood.entryStatus } }));
      return void response.json({ resourceType: 'Bundle', type: 'batch-response', entry: refused });
    }
    if (typeof mood === 'object' && 'slowMs' in mood) {
      setTimeout(() => this.#carryOut(bundle, undefined, response), mood.slowMs);
      return;
    }
    this.#carryOut(bundle, mood, response);
  }

  #carryOut(bundle: Bundle, mood: 'reset-after' | { readonly lateMs: number } | undefined, response: Response): void {
    const entry = (bundle.entry ?? []).map((each) => ({ response: { status: this.#do(each) } }));
    this.done.push(bundle);
    if (mood === 'reset-after') return void response.socket?.resetAndDestroy();
    const answer = (): void => void response.json({ resourceType: 'Bundle', type: 'transaction-response', entry });
    if (mood) setTimeout(answer, mood.lateMs);
    else answer();
  }

  #do({ request, resource }: BundleEntry): string {
    const { method, url = '', ifNoneExist } = request ?? {};
    if (method === 'DELETE') return this.held.delete(url) ? '204' : '404';
    if (!resource) return '400';
    const key = method === 'POST' ? `${url}?${ifNoneExist}` : url;
    const known = this.held.has(key);
    if (!known || method === 'PUT') this.held.set(key, resource);
    return known ? '200' : '201';
  }
}
