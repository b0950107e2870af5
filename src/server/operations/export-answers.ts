import { issue } from '../../fhir/outcome.ts';
import { failureOf } from '../../model/failure.ts';
import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse, refuseWith } from '../refusal.ts';
import { EXPORT_LIMITS, type ExportJob, loadJob, loadPart, loadParts } from './export-job.ts';
import { clientOf, EXPORT_STATUS } from './export-kick-off.ts';
import { readPart } from './export-rows.ts';
import { type Address, disclosed, executed } from './operation.ts';

const EXPORT_FILE = '$export-file';
const NDJSON = 'application/fhir+ndjson';

export const EXPORT_ADDRESSES: readonly Address[] = [
  {
    name: EXPORT_STATUS,
    methods: ['GET', 'HEAD', 'DELETE'],
    writes: ({ method }) => method === 'DELETE',
    run: status,
  },
  { name: EXPORT_FILE, methods: ['GET', 'HEAD'], writes: () => false, run: file },
];

/** An export of this client. 404 for anybody else's, a cancelled one and one whose time is over. */
async function ownJob(context: Context, id: string): Promise<ExportJob> {
  const job = await loadJob(context.tx, id);
  const over = job?.finishedAt !== undefined && job.finishedAt + EXPORT_LIMITS.keepMs <= context.at;
  if (!job || over || job.state === 'cancelled' || job.client !== clientOf(context))
    throw refuse(404, 'not-found', 'no such export');
  return job;
}

/** GET $export-status/[id]: 202 while it is planned, then the manifest; DELETE cancels. Rule: Bulk Data 2.0.0. */
async function status(context: Context, request: FhirRequest): Promise<FhirResponse> {
  const [, id = '', ...more] = request.path;
  if (more.length > 0) throw refuse(404, 'not-found', 'no such export');
  const job = await ownJob(context, id);
  if (request.method === 'DELETE') return cancel(context, job);
  if (job.state === 'failed') {
    const failure = failureOf(job.reasonCode ?? 'hub.internal');
    throw refuseWith(Math.max(failure.http, 500), [
      issue({ code: failure.outcome, failure: job.reasonCode ?? 'hub.internal', text: failure.text }),
    ]);
  }
  if (job.state === 'queued') {
    const progress = `${job.resources} resources, type ${Math.min(job.typeAt + 1, job.types.length)} of ${job.types.length}`;
    return { status: 202, headers: { 'x-progress': progress, 'retry-after': '1' } };
  }
  const manifest = await manifestOf(context, job);
  const expires = new Date((job.finishedAt ?? context.at) + EXPORT_LIMITS.keepMs).toUTCString();
  return { status: 200, headers: { 'content-type': 'application/json', expires }, body: JSON.stringify(manifest) };
}

async function cancel({ tx, at }: Context, { id }: ExportJob): Promise<FhirResponse> {
  tx.send("UPDATE export_job SET state = 'cancelled', finished_at = ? WHERE id = ?", [at, id]);
  tx.send('DELETE FROM export_part WHERE job = ?', [id]);
  tx.send('DELETE FROM export_patient WHERE job = ?', [id]);
  return { status: 202, headers: {} };
}

async function manifestOf({ tx, base }: Context, job: ExportJob) {
  const parts = await loadParts(tx, job.id);
  const listed = (kind: 'output' | 'deleted') =>
    parts.flatMap((part, number) =>
      part.kind === kind
        ? [
            {
              type: kind === 'deleted' ? 'Bundle' : part.type,
              url: `${base}/${EXPORT_FILE}/${job.id}/${number}`,
              ...(kind === 'output' ? { count: part.resources } : {}),
            },
          ]
        : [],
    );
  return {
    transactionTime: new Date(job.until).toISOString(),
    request: job.request,
    requiresAccessToken: true,
    output: listed('output'),
    deleted: listed('deleted'),
    error: [],
  };
}

/**
 * GET $export-file/[id]/[number]: read from the store now. What a consent has closed since is not in it, so a file may hold
 * less than the manifest counted.
 */
async function file(context: Context, request: FhirRequest): Promise<FhirResponse> {
  const [, id = '', number = '', ...more] = request.path;
  const job = await ownJob(context, id);
  const part =
    /^\d{1,7}$/.test(number) && more.length === 0 ? await loadPart(context.tx, id, Number(number)) : undefined;
  if (!part || job.state !== 'done') throw refuse(404, 'not-found', 'no such file of this export');
  context.scopes.require(part.type, 'r');
  const { text, rows } = await readPart(context, job, part);
  const audit = disclosed(context, rows, 'export');
  const response = { status: 200, headers: { 'content-type': NDJSON }, body: text, audit };
  return executed(context, response, { name: 'export', type: part.type });
}
