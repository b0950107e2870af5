/** `system` absent: the value has none (`|code` finds it). `text`: what `:text` looks at. `type`: for `:of-type`. */
export interface TokenValue {
  readonly kind: 'token';
  readonly system?: string;
  readonly code?: string;
  readonly text?: string;
  readonly type?: readonly { readonly system?: string; readonly code?: string }[];
}

/** `folded` for the default and `:contains`, `text` for `:exact`. */
export interface StringValue {
  readonly kind: 'string';
  readonly text: string;
  readonly folded: string;
}

/** First and last millisecond (UTC), both included; open ends at TIME_MIN_MS and TIME_MAX_MS. */
export interface DateValue {
  readonly kind: 'date';
  readonly lo: number;
  readonly hi: number;
}

export interface NumberValue {
  readonly kind: 'number';
  readonly lo: number;
  readonly hi: number;
}

/** `canonical`: the same in UCUM base units, where the unit is a UCUM code that can be converted. */
export interface QuantityValue {
  readonly kind: 'quantity';
  readonly lo: number;
  readonly hi: number;
  readonly system?: string;
  readonly code?: string;
  readonly unit?: string;
  readonly canonical?: { readonly lo: number; readonly hi: number; readonly code: string };
}

/** A local target has `type` and `id`; another server's or a canonical one has `url`; a logical one `identifier`. */
export interface ReferenceValue {
  readonly kind: 'reference';
  readonly type?: string;
  readonly id?: string;
  readonly url?: string;
  readonly version?: string;
  readonly identifier?: { readonly system?: string; readonly value?: string };
  readonly display?: string;
}

export interface UriValue {
  readonly kind: 'uri';
  readonly uri: string;
}

/** `near` of Location. */
export interface PositionValue {
  readonly kind: 'position';
  readonly latitude: number;
  readonly longitude: number;
}

export type ComponentValue =
  | TokenValue
  | StringValue
  | DateValue
  | NumberValue
  | QuantityValue
  | ReferenceValue
  | UriValue
  | PositionValue;

export interface CompositeValue {
  readonly kind: 'composite';
  readonly parts: readonly ComponentValue[];
}

export type IndexValue = ComponentValue | CompositeValue;
