import type { Definitions } from '../fhir/definitions.ts';
import type { Actor } from '../model/actor.ts';
import type { IndexRows } from './index-rows.ts';
import { refuse } from './refusal.ts';
import { meetsAll } from './search-match.ts';
import { type AnyCondition, parseSearch } from './search-request.ts';

export type Operation = 'c' | 'r' | 'u' | 'd' | 's';

interface Scope {
  readonly type: string;
  readonly operations: string;
  readonly query: string | undefined;
}

const SCOPE = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]+)\.([a-z*]+)(?:\?(.+))?$/;
const VERSION_1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/**
 * The scopes of an actor that count: a person's token holds `user/…`, every other actor `system/…`. `patient/…` needs a launch
 * context, which no token has yet, and opens nothing. Rule: SMART App Launch 2.2 scopes-and-launch-context.
 */
function scopesOf(actor: Actor): Scope[] {
  const context = actor.kind === 'user' ? 'user' : 'system';
  return actor.scopes.flatMap((text) => {
    const match = SCOPE.exec(text);
    if (!match || match[1] !== context) return [];
    return [{ type: match[2]!, operations: VERSION_1[match[3]!] ?? match[3]!, query: match[4] }];
  });
}

/** What the scopes let an actor do with a type: everything, nothing, or what meets one of these sets of conditions. */
export type Permission = 'all' | 'none' | readonly (readonly AnyCondition[])[];

export class Scopes {
  readonly #definitions: Definitions;
  readonly #scopes: readonly Scope[];
  readonly #known = new Map<string, Permission>();

  constructor(definitions: Definitions, actor: Actor) {
    this.#definitions = definitions;
    this.#scopes = scopesOf(actor);
  }

  permission(type: string, operation: Operation): Permission {
    const key = `${operation}${type}`;
    let found = this.#known.get(key);
    if (found === undefined) {
      found = this.#find(type, operation);
      this.#known.set(key, found);
    }
    return found;
  }

  /** Throws 403 when no scope allows the operation on any resource of the type. It names the scope that is missing. */
  require(type: string, operation: Operation): void {
    if (this.permission(type, operation) === 'none') {
      throw refuse(403, 'forbidden', `the token has no scope for ${type}.${operation}`);
    }
  }

  /** Whether the operation is allowed on this very resource. */
  allows(type: string, id: string, operation: Operation, index: () => IndexRows): boolean {
    const permission = this.permission(type, operation);
    if (permission === 'all' || permission === 'none') return permission === 'all';
    const rows = index();
    return permission.some((conditions) => meetsAll(conditions, type, id, rows));
  }

  #find(type: string, operation: Operation): Permission {
    const fitting = this.#scopes.filter(
      (scope) => (scope.type === '*' || scope.type === type) && scope.operations.includes(operation),
    );
    if (fitting.length === 0) return 'none';
    if (fitting.some(({ query }) => query === undefined)) return 'all';
    return fitting.map(
      ({ query }) => parseSearch(this.#definitions, type, [...new URLSearchParams(query)], true).conditions,
    );
  }
}
