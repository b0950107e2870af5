import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { DOCUMENT_OPERATIONS } from './document-operation.ts';
import { EXPORT_ADDRESSES } from './export-answers.ts';
import { EXPORT_OPERATIONS } from './export-kick-off.ts';
import { EXTRACT_OPERATIONS } from './extract-operation.ts';
import { MATCH_OPERATIONS } from './match-operation.ts';
import type { Address, Operation, Target } from './operation.ts';
import { POPULATE_OPERATIONS } from './populate-operation.ts';
import { SUBSCRIPTION_OPERATIONS } from './subscription-operations.ts';
import { TERMINOLOGY_OPERATIONS } from './terminology-operations.ts';
import { withKnown } from './unknown-parameters.ts';

/** Every operation of this folder. The routes serve and `metadata` lists what stands here. */
export const SERVED: readonly Operation[] = [
  ...TERMINOLOGY_OPERATIONS,
  ...MATCH_OPERATIONS,
  ...DOCUMENT_OPERATIONS,
  ...POPULATE_OPERATIONS,
  ...EXTRACT_OPERATIONS,
  ...EXPORT_OPERATIONS,
  ...SUBSCRIPTION_OPERATIONS,
];

/** Addresses beside the resources. */
const ADDRESSES: readonly Address[] = [...EXPORT_ADDRESSES];

type Called = Pick<FhirRequest, 'method' | 'path' | 'query' | 'body'>;

interface Found {
  readonly operation: Operation;
  readonly target: Target;
}

function find({ path }: Pick<FhirRequest, 'path'>): Found | undefined {
  const last = path.at(-1);
  if (last === undefined || !last.startsWith('$') || path.length > 3) return undefined;
  const level = (['system', 'type', 'instance'] as const)[path.length - 1]!;
  const [type, id] = path;
  const operation = SERVED.find(
    ({ name, levels, types }) =>
      `$${name}` === last && levels.includes(level) && (level === 'system' || types.includes(type!)),
  );
  if (!operation) return undefined;
  return { operation, target: level === 'system' ? {} : { type: type!, ...(level === 'instance' ? { id: id! } : {}) } };
}

const addressOf = ({ path }: Pick<FhirRequest, 'path'>): Address | undefined =>
  ADDRESSES.find(({ name }) => name === path[0]);

/** The methods that an operation or address of this folder takes; undefined: the path is none of them. */
export function methodsOfOperation(path: readonly string[]): readonly FhirRequest['method'][] | undefined {
  const address = addressOf({ path });
  if (address) return address.methods;
  const found = find({ path });
  if (!found) return undefined;
  const { get, head } = found.operation;
  return [...(get ? (['GET'] as const) : []), ...(get && head !== false ? (['HEAD'] as const) : []), 'POST'];
}

/** Whether an operation of this folder must run where the store is written; undefined: the request is none of them. */
export function operationWrites(request: Called): boolean | undefined {
  const address = addressOf(request);
  if (address) return address.writes(request);
  const found = find(request);
  return found && (found.operation.writes?.(request) ?? false);
}

/** The answer of an operation of this folder; undefined: the request is none of them. */
export function operate(context: Context, request: FhirRequest): Promise<FhirResponse> | undefined {
  const address = addressOf(request);
  if (address) return address.run(context, request);
  const found = find(request);
  if (!found) return undefined;
  const { operation, target } = found;
  return withKnown(request, operation.parameters, () => operation.run(context, request, target));
}
