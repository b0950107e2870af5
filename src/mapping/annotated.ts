import type { Json } from '../model/json.ts';

/** A value and the extensions of its primitive (`_element`): the original text of a time that was resolved in the partner's zone. */
export class Annotated {
  readonly value: Json;
  readonly extension: readonly Json[];

  constructor(value: Json, extension: readonly Json[]) {
    this.value = value;
    this.extension = extension;
  }
}

/** More than one value out of one repetition (a name and its nickname). Only for rows that take every repetition. */
export class Several {
  readonly values: readonly Json[];

  constructor(values: readonly Json[]) {
    this.values = values;
  }
}
