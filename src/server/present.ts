import { parseExact, stringifyExact } from '../fhir/exact-json.ts';
import { outcome } from '../fhir/outcome.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { type FhirRequest, type FhirResponse, jsonResponse, outcomeResponse } from './exchange.ts';
import { showRows } from './mask.ts';
import type { Row } from './rows.ts';
import type { Subset } from './subset.ts';

export const etagOf = (version: number): string => `W/"${version}"`;

/** ETag and Last-Modified of one version. */
export function versionHeaders(row: Pick<Row, 'version' | 'last_updated'>): Record<string, string> {
  return { etag: etagOf(row.version), 'last-modified': new Date(row.last_updated).toUTCString() };
}

export const locationOf = (base: string, row: Pick<Row, 'type' | 'id' | 'version'>): string =>
  `${base}/${row.type}/${row.id}/_history/${row.version}`;

/** JSON text of rows as this reader gets them, shortened where asked, by row id. */
export async function textsOf(context: Context, rows: readonly Row[], subset?: Subset): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for (const [rid, { text, resource }] of await showRows(context, rows)) {
    texts.set(rid, subset ? stringifyExact(subset((resource ?? parseExact(text)) as FhirResource)) : text);
  }
  return texts;
}

/** What a write answers: the resource, nothing, or an outcome, as `Prefer` asks. Rule: FHIR R4 http.html#ops. */
export async function writeResponse(
  context: Context,
  request: Pick<FhirRequest, 'headers'>,
  status: number,
  row: Row,
): Promise<FhirResponse> {
  const headers = {
    ...versionHeaders(row),
    location: locationOf(context.base, row),
    'content-location': locationOf(context.base, row),
  };
  const prefer = /return=(minimal|representation|OperationOutcome)/.exec(request.headers.prefer ?? '')?.[1];
  if (prefer === 'minimal') return { status, headers };
  if (prefer === 'OperationOutcome') return outcomeResponse(status, outcome(), headers);
  return jsonResponse(status, (await textsOf(context, [row])).get(row.rid)!, headers);
}
