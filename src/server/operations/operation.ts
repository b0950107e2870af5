import { type AuditRecord, aboutOf } from '../audit.ts';
import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import type { Row } from '../rows.ts';

/** Where an operation was called. */
export interface Target {
  /** Absent at system level. */
  readonly type?: string;
  /** Only on an instance. */
  readonly id?: string;
}

/** One operation as it is served and as `metadata` lists it: there is no second list. */
export interface Operation {
  /** Without `$`. */
  readonly name: string;
  /** Canonical URL of its OperationDefinition. */
  readonly definition: string;
  /** Resource types it is offered on; none: system level only. */
  readonly types: readonly string[];
  readonly levels: readonly ('system' | 'type' | 'instance')[];
  /** What it may be asked with; whatever else is asked is unknown to it. */
  readonly parameters: readonly string[];
  /** POST is always taken. */
  readonly get: boolean;
  /** False: no HEAD beside GET, because an answer without its headers would have begun something. */
  readonly head?: false;
  /** Whether this call may change the store and so must run where it is written. */
  writes?(request: Pick<FhirRequest, 'method' | 'path' | 'query' | 'body'>): boolean;
  run(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse>;
}

/** An address of the server's own that is no resource: where asynchronous work is asked for. */
export interface Address {
  /** First path segment. */
  readonly name: string;
  readonly methods: readonly FhirRequest['method'][];
  readonly writes: (request: Pick<FhirRequest, 'method'>) => boolean;
  run(context: Context, request: FhirRequest): Promise<FhirResponse>;
}

/** The answer with one access record: who ran which operation on what. The hub's own accesses are not recorded. */
export function executed(
  { actor, at }: Context,
  response: FhirResponse,
  access: {
    readonly name: string;
    readonly type?: string;
    readonly target?: string;
    readonly person?: string;
    readonly owner?: string;
  },
): FhirResponse {
  if (actor.kind === 'hub') return response;
  const { name, ...what } = access;
  return {
    ...response,
    audit: [
      ...(response.audit ?? []),
      { at, actor, action: 'E', outcome: response.status, query: `$${name}`, ...what },
    ],
  };
}

/**
 * What of other organizations left with an answer: one record for each owner, person and type, so that an owner can tell who
 * had what of whom. Directory entries are everybody's. Rule: DOMAIN B9, PrivacyDisclosure.
 */
export function disclosed({ actor, at }: Context, rows: readonly Row[], name: string): AuditRecord[] {
  if (actor.kind === 'hub') return [];
  const records = new Map<string, AuditRecord>();
  const interaction = 'disclose' as const;
  for (const row of rows) {
    const { owner_org: owner, person, patient, type, id, shared } = row;
    if (owner === '' || owner === actor.organization || shared === 1) continue;
    const key = `${owner} ${patient ?? person} ${type}`;
    const known = records.get(key);
    const record: AuditRecord = { at, actor, action: 'R', outcome: 200, type, owner, query: `$${name}`, interaction };
    // Of several resources the patient and type stand for all.
    const target = known ? {} : { target: `${type}/${id}` };
    records.set(key, { ...record, ...target, ...aboutOf(row) });
  }
  return [...records.values()];
}
