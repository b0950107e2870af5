import type { OperationOutcome } from '@medplum/fhirtypes';
import type { Actor } from '../model/actor.ts';
import type { AuditRecord } from './audit.ts';
import type { FhirLimits, ReferenceCheck } from './context.ts';

/** One FHIR interaction as HTTP frames it, whether it came by a socket, in a Bundle or from a bot in this process. */
export interface FhirRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Decoded path segments after the base: `['Patient', '1', '_history']`. */
  readonly path: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  /** The query as it was sent; absent: written anew from `query`. */
  readonly queryText?: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text, or the form of a POST _search. */
  readonly body?: string;
}

export interface FhirResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; absent for none. */
  readonly body?: string;
  /** Accesses to record before the answer leaves. Writes have recorded theirs in their own transaction. */
  readonly audit?: readonly AuditRecord[];
}

/** A request with who makes it, as it crosses to where the data is. */
export interface FhirCall {
  readonly request: FhirRequest;
  readonly actor: Actor;
  /** Milliseconds. */
  readonly at: number;
  /** Base of links, without a final slash. */
  readonly base: string;
  readonly limits?: FhirLimits;
  readonly references?: ReferenceCheck;
}

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

export function jsonResponse(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): FhirResponse {
  return { status, headers: { 'content-type': FHIR_JSON, ...headers }, body };
}

export function outcomeResponse(
  status: number,
  outcome: OperationOutcome,
  headers: Readonly<Record<string, string>> = {},
): FhirResponse {
  return jsonResponse(status, JSON.stringify(outcome), headers);
}
