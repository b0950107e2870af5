import type { Definitions } from '../fhir/definitions.ts';
import type { Actor } from '../model/actor.ts';
import { parseScope } from '../model/scope.ts';
import { isDirectoryType } from './directory-types.ts';
import type { IndexRows } from './index-rows.ts';
import { refuse } from './refusal.ts';
import { meetsAll } from './search-match.ts';
import { type AnyCondition, parseSearch } from './search-request.ts';

export type Operation = 'c' | 'r' | 'u' | 'd' | 's';

interface Scope {
  /** Set for `patient/…`: the launch patient. */
  readonly patient: string | undefined;
  readonly type: string;
  readonly operations: string;
  readonly query: string | undefined;
}

/**
 * The scopes of an actor that count: a person's token holds `user/…`, and `patient/…` where an app was launched for a patient;
 * every other actor `system/…`. Rule: SMART App Launch 2.2 scopes-and-launch-context.
 */
function scopesOf(actor: Actor): Scope[] {
  return actor.scopes.flatMap((text): Scope[] => {
    const scope = parseScope(text);
    if (!scope) return [];
    const launch = scope.context === 'patient' && actor.kind === 'user' ? actor.launchPatient : undefined;
    // Whatever its words, a patient's token opens what is about him: former versions may have been about somebody else.
    const patient = actor.patient ?? launch;
    const counts = launch !== undefined || scope.context === (actor.kind === 'user' ? 'user' : 'system');
    return counts ? [{ patient, type: scope.type, operations: scope.operations, query: scope.query }] : [];
  });
}

/** An app that may know who signed in may read that entry. Rule: SMART App Launch 2.2, "Scopes for requesting identity data". */
function selfScope({ app, scopes, patient, practitioner, practitionerRole }: Actor): Scope[] {
  if (app === undefined || !scopes.includes('openid') || !scopes.includes('fhirUser')) return [];
  if (patient !== undefined) return [{ patient, type: 'Patient', operations: 'r', query: `_id=${patient}` }];
  const [type, id] =
    practitioner === undefined ? ['PractitionerRole', practitionerRole] : ['Practitioner', practitioner];
  return id === undefined ? [] : [{ patient: undefined, type: type!, operations: 'r', query: `_id=${id}` }];
}

/** One way in which a scope opens part of a type. */
export interface Limit {
  /** Only what is about this patient's person; of directory types what is about nobody. Absent: about anybody. */
  readonly patient: string | undefined;
  /** All must be met. */
  readonly conditions: readonly AnyCondition[];
}

/** What the scopes let an actor do with a type: everything, nothing, or what one of these limits lets through. */
export type Permission = 'all' | 'none' | readonly Limit[];

/** Whom a resource is about, seen from a launch: its patient's person, nobody, or anybody else too. */
export type Subject = 'launch' | 'nobody' | 'others';

export class Scopes {
  readonly #definitions: Definitions;
  readonly #scopes: readonly Scope[];
  /** The patient of a launch whose scopes are all about that patient. */
  readonly launch: string | undefined;
  readonly #known = new Map<string, Permission>();

  constructor(definitions: Definitions, actor: Actor) {
    this.#definitions = definitions;
    const own = scopesOf(actor);
    this.launch = own.every(({ patient }) => patient !== undefined) ? actor.launchPatient : undefined;
    this.#scopes = [...own, ...selfScope(actor)];
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

  /** Whether the operation is allowed on this very resource, as it reads. Conditions that need the store are not met. */
  allows(type: string, id: string, operation: Operation, subject: Subject, index: () => IndexRows): boolean {
    const permission = this.permission(type, operation);
    if (permission === 'all' || permission === 'none') return permission === 'all';
    const reads = operation === 'r' || operation === 's';
    const about = subject === 'launch' || (subject === 'nobody' && reads && isDirectoryType(type));
    return permission.some(
      ({ patient, conditions }) => (patient === undefined || about) && meetsAll(conditions, type, id, index()),
    );
  }

  #find(type: string, operation: Operation): Permission {
    const fitting = this.#scopes.filter(
      (scope) => (scope.type === '*' || scope.type === type) && scope.operations.includes(operation),
    );
    if (fitting.length === 0) return 'none';
    if (fitting.some(({ patient, query }) => patient === undefined && query === undefined)) return 'all';
    return fitting.map(({ patient, query }) => ({
      patient,
      conditions:
        query === undefined
          ? []
          : parseSearch(this.#definitions, type, [...new URLSearchParams(query)], true).conditions,
    }));
  }
}
