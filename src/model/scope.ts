/** A SMART scope on resources: `patient/Observation.rs?category=vital-signs`. */
export interface ResourceScope {
  readonly context: 'system' | 'user' | 'patient';
  /** Resource type, or `*`. */
  readonly type: string;
  /** Of `cruds`, in this order. */
  readonly operations: string;
  /** Search that narrows it. */
  readonly query: string | undefined;
}

const SCOPE = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(\S+))?$/;
const VERSION_1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** Version 2, or version 1 in the letters of version 2; undefined for what is no scope on resources. Rule: SMART App Launch 2.2 scopes-and-launch-context. */
export function parseScope(text: string): ResourceScope | undefined {
  const [, context, type, letters, query] = SCOPE.exec(text) ?? [];
  if (context === undefined || type === undefined || letters === undefined) return undefined;
  return { context: context as ResourceScope['context'], type, operations: VERSION_1[letters] ?? letters, query };
}

export const scopeText = ({ context, type, operations, query }: ResourceScope): string =>
  `${context}/${type}.${operations}${query === undefined ? '' : `?${query}`}`;

/** The words of a scope parameter, each once. */
export const scopeWords = (text: string): string[] => [...new Set(text.split(' ').filter((word) => word !== ''))];

/** Whether all that the second scope opens is open under the first. */
export function coversScope(has: string, wanted: string): boolean {
  if (has === wanted) return true;
  const wide = parseScope(has);
  const narrow = parseScope(wanted);
  if (!wide || !narrow || wide.context !== narrow.context) return false;
  if (wide.type !== '*' && wide.type !== narrow.type) return false;
  if (![...narrow.operations].every((letter) => wide.operations.includes(letter))) return false;
  return wide.query === undefined || wide.query === narrow.query;
}

/** What both scopes open, under the context of the first; undefined: nothing. Both searches must be met. */
export function commonScope(a: ResourceScope, b: ResourceScope): ResourceScope | undefined {
  if (a.type !== b.type && a.type !== '*' && b.type !== '*') return undefined;
  const operations = [...a.operations].filter((letter) => b.operations.includes(letter)).join('');
  if (operations === '') return undefined;
  const queries = [...new Set([a.query, b.query].filter((query) => query !== undefined))];
  return {
    context: a.context,
    type: a.type === '*' ? b.type : a.type,
    operations,
    query: queries.length === 0 ? undefined : queries.join('&'),
  };
}
