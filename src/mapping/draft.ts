import { choiceOf } from '../fhir/choice.ts';
import type { ElementAssertion, NaturalKey, ResourceAssertions } from '../model/assertion.ts';
import type { Json } from '../model/json.ts';
import { Annotated, Several } from './annotated.ts';

/** What one message states about one resource, while it is being read. The last statement about an element wins within a message. */
export class Draft {
  readonly type: string;
  readonly id: string;
  readonly key: NaturalKey;
  readonly owner: string;
  readonly patient: string | undefined;
  readonly #elements = new Map<string, ElementAssertion>();
  #defaults: Map<string, Json> | undefined;
  #choices: Map<string, string> | undefined;
  #labels: { system: string; code: string }[] | undefined;

  constructor(id: string, key: NaturalKey, owner: string, patient: string | undefined) {
    this.type = key.type;
    this.id = id;
    this.key = key;
    this.owner = owner;
    this.patient = patient;
  }

  get reference(): { readonly reference: string } {
    return { reference: `${this.type}/${this.id}` };
  }

  /** States one value. A primitive that once carried an extension loses it unless this value has one. */
  set(element: string, value: Json | Annotated | Several | undefined, overFhir?: true): void {
    if (value === undefined) return;
    if (value instanceof Several) {
      this.set(element, value.values[0], overFhir);
      return;
    }
    if (value instanceof Annotated) {
      this.#put({ element, op: 'set', value: value.value }, overFhir);
      this.#put({ element: underscored(element), op: 'set', value: { extension: value.extension } }, overFhir);
      return;
    }
    this.#put({ element, op: 'set', value }, overFhir);
    if (ANNOTATED.has(element)) this.#put({ element: underscored(element), op: 'delete' }, overFhir);
  }

  /** States the whole list of a repeating element or of one slot of it. */
  snapshot(element: string, value: readonly Json[], overFhir?: true): void {
    this.#put({ element, op: 'snapshot', value }, overFhir);
  }

  /** Adds to the list that this message states. */
  append(element: string, item: Json | undefined): void {
    if (item === undefined) return;
    const stated = this.#elements.get(element);
    if (stated?.op === 'snapshot') this.#put({ ...stated, value: [...stated.value, item] });
    else this.#put({ element, op: 'snapshot', value: [item] });
  }

  delete(element: string, overFhir?: true): void {
    this.#put({ element, op: 'delete' }, overFhir);
    if (ANNOTATED.has(element)) this.#put({ element: underscored(element), op: 'delete' }, overFhir);
  }

  /** Takes back what this message stated about an element, as if it had not mentioned it. */
  withdraw(element: string): void {
    this.#elements.delete(element);
    this.#elements.delete(underscored(element));
  }

  /** Holds only while no source has said anything about the element. */
  default(element: string, value: Json): void {
    this.#defaults ??= new Map();
    this.#defaults.set(element, value);
  }

  /** A default of which, within this message as among messages, the least text holds. */
  lowest(element: string, value: string): void {
    const known = this.#defaults?.get(element);
    if (typeof known !== 'string' || value < known) this.default(element, value);
  }

  label(labels: readonly { readonly system: string; readonly code: string }[]): void {
    this.#labels = [...(this.#labels ?? []), ...labels];
  }

  has(element: string): boolean {
    return this.#elements.has(element);
  }

  /** The value this message states so far; undefined when it states none or a delete. */
  value(element: string): Json | undefined {
    const stated = this.#elements.get(element);
    return stated === undefined || stated.op === 'delete' ? undefined : (stated.value as Json);
  }

  /** Of one choice a message states one type: the last. */
  #choose(element: string): void {
    const choice = choiceOf(element);
    if (choice === undefined) return;
    this.#choices ??= new Map();
    const before = this.#choices.get(choice[0]);
    this.#choices.set(choice[0], choice[1]);
    if (before === undefined || before === choice[1]) return;
    for (const known of this.#elements.keys()) if (choiceOf(known)?.[1] === before) this.#elements.delete(known);
  }

  #put(assertion: ElementAssertion, overFhir?: true): void {
    if (assertion.op !== 'delete') this.#choose(assertion.element);
    this.#elements.set(assertion.element, overFhir ? { ...assertion, overFhir } : assertion);
  }

  finish(labels: ResourceAssertions['labels'], program: string | undefined): ResourceAssertions {
    const { type, id, key, owner, patient } = this;
    const own = this.#labels;
    return {
      type,
      id,
      key,
      owner,
      labels: own === undefined ? labels : distinct([...labels, ...own]),
      elements: [...this.#elements.values()],
      ...(program !== undefined && { program }),
      ...(patient !== undefined && { patient }),
      ...(this.#defaults !== undefined && {
        defaults: [...this.#defaults].map(([element, value]) => ({ element, value })),
      }),
    };
  }
}

/** Elements whose time is written with its original text beside it. */
const ANNOTATED = new Set([
  'abatementDateTime',
  'authoredOn',
  'birthDate',
  'collection.collectedDateTime',
  'created',
  'date',
  'deceasedDateTime',
  'effectiveDateTime',
  'effectivePeriod.end',
  'effectivePeriod.start',
  'end',
  'executionPeriod.start',
  'issued',
  'occurrenceDateTime',
  'onsetDateTime',
  'performedDateTime',
  'performedPeriod.end',
  'performedPeriod.start',
  'period.end',
  'period.start',
  'receivedTime',
  'recorded',
  'recordedDate',
  'sent',
  'start',
  'whenPrepared',
]);

function underscored(element: string): string {
  const dot = element.lastIndexOf('.');
  return dot < 0 ? `_${element}` : `${element.slice(0, dot)}._${element.slice(dot + 1)}`;
}

function distinct(labels: readonly { readonly system: string; readonly code: string }[]) {
  return [...new Map(labels.map((label) => [`${label.system}|${label.code}`, label])).values()];
}
