import type { Parameters } from '@medplum/fhirtypes';
import { searchsetWith } from '../bundle-text.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { ignoredEntry, isStrict } from '../search-interaction.ts';
import { nameOnly } from '../search-request.ts';
import { resourceIn } from '../write-interactions.ts';

/** What every address takes. Rule: FHIR R4 http.html#parameters. */
const COMMON: ReadonlySet<string> = new Set(['_format', '_pretty']);

/**
 * Runs an operation that knows these parameters. Others are refused under strict handling (400); otherwise the answer names them: a
 * searchset in an entry as a search does, any other by a `Warning`, for it has no place of its own. Rule: FHIR R4 search.html#lenient.
 */
export async function withKnown(
  request: FhirRequest,
  known: readonly string[],
  run: () => Promise<FhirResponse>,
): Promise<FhirResponse> {
  const unknown = namesIn(request).filter((name) => !known.includes(name) && !COMMON.has(name));
  if (unknown.length === 0) return run();
  const told = unknown.map(nameOnly);
  if (isStrict(request)) throw refuse(400, 'not-supported', `unknown parameter: ${told.join(', ')}`);
  const { body, headers, ...response } = await run();
  return {
    ...response,
    headers: { ...headers, warning: `299 - "not known and ignored: ${told.join(', ')}"` },
    ...(body === undefined ? {} : { body: searchsetWith(body, ignoredEntry(unknown)) }),
  };
}

function namesIn(request: FhirRequest): string[] {
  const { method, query, headers, body } = request;
  const names = query.map(([name]) => name);
  if (method !== 'POST' || !body) return [...new Set(names)];
  if ((headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
    return [...new Set([...names, ...new URLSearchParams(body).keys()])];
  const resource = resourceIn(request);
  const parts: unknown = resource.resourceType === 'Parameters' ? resource.parameter : undefined;
  const given = Array.isArray(parts) ? (parts as NonNullable<Parameters['parameter']>) : [];
  return [...new Set([...names, ...given.flatMap((part) => (typeof part?.name === 'string' ? part.name : []))])];
}
