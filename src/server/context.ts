import type { Tx } from '../database/command.ts';
import type { Actor } from '../model/actor.ts';
import { EVERYTHING, type Purpose, type Visibility } from '../model/visibility.ts';
import type { Engine } from './engine.ts';
import { Scopes } from './scopes.ts';

export interface FhirLimits {
  readonly bundleEntriesMax: number;
  readonly pageMax: number;
  readonly pageDefault: number;
  readonly includedMax: number;
}

export const FHIR_LIMITS: FhirLimits = { bundleEntriesMax: 20_000, pageMax: 1000, pageDefault: 50, includedMax: 5000 };

/** Whether what a FHIR write refers to must lie in the store, or only be of a type that the element allows. */
export type ReferenceCheck = 'exists' | 'type';

/** One interaction at the store: who asks, what that one may see, when, and under which base its links stand. */
export interface Context {
  readonly tx: Tx;
  readonly engine: Engine;
  readonly actor: Actor;
  readonly visibility: Visibility;
  readonly scopes: Scopes;
  /** Milliseconds. */
  readonly at: number;
  /** Without a final slash. */
  readonly base: string;
  readonly limits: FhirLimits;
  readonly references: ReferenceCheck;
}

/** What an actor sees at an instant. An actor without organization that is neither hub nor operator sees shared rows only. */
export function visibilityOf(actor: Actor, at: number, purpose: Purpose = 'TREAT'): Visibility {
  if (actor.kind === 'hub' || actor.kind === 'operator') return EVERYTHING;
  return { kind: 'organization', organization: actor.organization ?? '-', purpose, at: new Date(at).toISOString() };
}

/** What a patient who signed in sees; undefined for everybody else. */
function patientView({ definitions }: Engine, { patient }: Actor): Visibility | undefined {
  return patient === undefined ? undefined : { kind: 'patient', patient, types: definitions.resourceTypes };
}

export function contextOf(
  tx: Tx,
  engine: Engine,
  call: {
    readonly actor: Actor;
    readonly at: number;
    readonly base: string;
    readonly visibility?: Visibility;
    readonly limits?: FhirLimits;
    readonly references?: ReferenceCheck;
  },
): Context {
  return {
    tx,
    engine,
    actor: call.actor,
    visibility: call.visibility ?? patientView(engine, call.actor) ?? visibilityOf(call.actor, call.at),
    scopes: new Scopes(engine.definitions, call.actor),
    at: call.at,
    base: call.base,
    limits: call.limits ?? FHIR_LIMITS,
    references: call.references ?? 'exists',
  };
}
