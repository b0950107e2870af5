import type { Definitions } from '../fhir/definitions.ts';
import { isAccessId } from './access-log.ts';
import type { FhirRequest } from './exchange.ts';
import { methodsOfOperation } from './operations/registry.ts';

type Method = FhirRequest['method'];

const READ: readonly Method[] = ['GET', 'HEAD'];
const FORM: readonly Method[] = ['POST'];
const ASK: readonly Method[] = ['GET', 'HEAD', 'POST'];
const INSTANCE: readonly Method[] = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'];
const TYPE: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The methods that an address takes; undefined: there is no such address. `path` is decoded. Rule: FHIR R4 http.html#summary. */
export function methodsAt(definitions: Definitions, path: readonly string[]): readonly Method[] | undefined {
  const [type, second, third, fourth] = path;
  if (type === undefined) return ASK;
  const operation = methodsOfOperation(path);
  if (operation) return operation;
  if (path.length > 4) return undefined;
  if (second === undefined && (type === 'metadata' || type === '_history')) return READ;
  if (second === undefined && (type === '_search' || type === '$validate')) return FORM;
  if (!definitions.isResourceType(type)) return undefined;
  if (second === undefined) return TYPE;
  if (third === undefined) return belowType(type, second);
  if (third === '_history') return READ;
  if (fourth === undefined && (third === '$validate' || (third === '$everything' && type === 'Patient'))) return ASK;
  const isMember = definitions.compartmentNames.includes(type) && (third === '*' || definitions.isResourceType(third));
  if (isMember && fourth === undefined) return READ;
  return isMember && fourth === '_search' ? FORM : undefined;
}

function belowType(type: string, second: string): readonly Method[] | undefined {
  if (second === '_search' || second === '$validate') return FORM;
  if (second === '_history' || (type === 'AuditEvent' && isAccessId(second))) return READ;
  return /^[$_]/.test(second) ? undefined : INSTANCE;
}
