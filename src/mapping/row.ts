import type { Json } from '../model/json.ts';
import type { Annotated, Several } from './annotated.ts';
import type { Node } from './node.ts';
import type { Scope } from './scope.ts';

/** One v2 data type as one FHIR data type. `parts`: what of a composite reaches the value; the rest is loss. */
export interface DataMap {
  /** As the guide writes it: `CX[Identifier]`. */
  readonly name: string;
  readonly parts: 'all' | readonly number[];
  readonly read: (node: Node, scope: Scope) => Json | Annotated | Several | undefined;
}

/** `every`: a repeating element, stated whole. `first`: one value, further repetitions are loss. */
export interface As {
  readonly arity: 'every' | 'first';
  readonly map: DataMap;
}

export const every = (map: DataMap): As => ({ arity: 'every', map });
export const first = (map: DataMap): As => ({ arity: 'first', map });

/** When a row applies. Paths are `PID-29` or `PID-13.2` of the same segment. */
export type Condition =
  | { readonly valued: string }
  | { readonly absent: string }
  | { readonly path: string; readonly isOneOf: readonly string[] }
  | { readonly path: string; readonly isNoneOf: readonly string[] }
  | { readonly event: readonly string[] }
  | { readonly all: readonly Condition[] };

export const valued = (path: string): Condition => ({ valued: path });
export const absent = (path: string): Condition => ({ absent: path });
export const isOneOf = (path: string, ...isOneOf: string[]): Condition => ({ path, isOneOf });
export const isNoneOf = (path: string, ...isNoneOf: string[]): Condition => ({ path, isNoneOf });
export const onEvent = (...event: string[]): Condition => ({ event });

/** An element of a resource type, or a place below it, or one slot of it. */
export type ElementPath<T> = T extends unknown
  ? (keyof T & string) | `${keyof T & string}.${string}` | `${keyof T & string}[${string}]` | `_${keyof T & string}`
  : never;

/**
 * One field of a segment as one element of a resource. `to` may name a slot (`communication[PID-15]`); a repeating row without
 * one has its own field as slot, so that two fields which share an element do not wipe each other.
 */
export interface Row<T> {
  readonly from: string;
  readonly to: ElementPath<T>;
  readonly as: As;
  readonly when?: Condition;
  readonly overFhir?: true;
  readonly note?: string;
}

/** A field that code of the message map reads (keys, references, times that need several fields): which element, and who does it. */
export interface HandRow<T> {
  readonly from: string;
  readonly to: ElementPath<T>;
  readonly by: string;
}

/** Why content of a field is not carried. `structural`: it only orders or frames the message and holds nothing of its own. */
export interface Decision {
  readonly from: string;
  /** The element the guide names, when the decision is against that one only. */
  readonly to?: string;
  readonly not: 'structural' | 'contradicts-r4' | 'unsafe' | 'duplicate' | 'superseded' | 'out-of-scope';
  readonly why: string;
}

/** All that becomes of one segment in one resource. */
export interface SegmentMap<T = never> {
  /** As the guide writes it: `PID[Patient]`. */
  readonly name: string;
  readonly segment: string;
  readonly rows: readonly Row<T>[];
  /** Elements that hold because the segment is there at all, whatever its fields say: `intent`. */
  readonly states?: readonly string[];
  readonly hand?: readonly HandRow<T>[];
  readonly decisions?: readonly Decision[];
}
