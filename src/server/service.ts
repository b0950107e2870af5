import { DatabaseError } from '../database/command.ts';
import { issue, outcome } from '../fhir/outcome.ts';
import type { Actor } from '../model/actor.ts';
import type { Clock } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import { failureOf } from '../model/failure.ts';
import type { AuditRecord } from './audit.ts';
import type { FhirLimits, ReferenceCheck } from './context.ts';
import { type FhirCall, type FhirRequest, type FhirResponse, outcomeResponse } from './exchange.ts';
import { refusalOf } from './refusal.ts';
import { isWrite } from './route.ts';

/** The FHIR server as HTTP and the bots in this process use it. */
export interface FhirService {
  /** Base of every link it gives. */
  readonly base: string;
  /** Never rejects: every failure is an OperationOutcome. A positive answer to a write means it is durable, and that its audit is. */
  handle(request: FhirRequest, actor: Actor): Promise<FhirResponse>;
}

export interface FhirServiceDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly base: string;
  readonly limits?: FhirLimits;
  readonly references?: ReferenceCheck;
}

/** Reads run in a reader, writes in the writer; accesses are recorded durably before their answer leaves, many in one commit. */
export function makeFhirService({ database, clock, base, limits, references }: FhirServiceDeps): FhirService {
  const audit = new AuditQueue(database);
  return {
    base,
    async handle(request, actor) {
      const call: FhirCall = {
        request,
        actor,
        at: clock.now(),
        base,
        ...(limits ? { limits } : {}),
        ...(references ? { references } : {}),
      };
      try {
        const work = isWrite(request) ? database.write<FhirResponse> : database.read<FhirResponse>;
        const { audit: records, ...response } = await work('fhir.handle', call);
        if (records && records.length > 0) await audit.append(records);
        return request.method === 'HEAD' ? withoutBody(response) : response;
      } catch (error) {
        return failed(error);
      }
    },
  };
}

const withoutBody = ({ body, ...response }: FhirResponse): FhirResponse => ({
  ...response,
  headers:
    body === undefined ? response.headers : { ...response.headers, 'content-length': String(Buffer.byteLength(body)) },
});

function failed(error: unknown): FhirResponse {
  const refusal = refusalOf(error);
  if (refusal) return outcomeResponse(refusal.status, refusal.outcome, refusal.headers);
  const code = error instanceof DatabaseError ? error.code : 'hub.internal';
  const failure = failureOf(code);
  const headers: Record<string, string> = failure.http === 503 ? { 'retry-after': '1' } : {};
  return outcomeResponse(
    failure.http,
    outcome(issue({ code: failure.outcome, failure: code, text: failure.text })),
    headers,
  );
}

/** Accesses waiting for the commit that makes them durable. One commit is under way at a time; what comes meanwhile shares the next. */
class AuditQueue {
  readonly #database: Database;
  #waiting: { readonly records: readonly AuditRecord[]; resolve(): void; reject(error: unknown): void }[] = [];
  #running = false;

  constructor(database: Database) {
    this.#database = database;
  }

  append(records: readonly AuditRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#database.write(
          'audit.append',
          batch.flatMap(({ records }) => records),
        );
        for (const each of batch) each.resolve();
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    this.#running = false;
  }
}
