import type { Element } from '../hl7/element.ts';

/** A repetition of a field, or one component of it read as a composite of its own (then its sub-components are the parts). */
export class Node {
  readonly element: Element;
  readonly #component: number;

  constructor(element: Element, component = 0) {
    this.element = element;
    this.#component = component;
  }

  /** Text of the n-th part, trimmed; undefined when it is absent, empty, blank or `""`. */
  get(part: number): string | undefined {
    const text = this.#component === 0 ? this.element.get(part) : this.element.get(this.#component, part);
    if (text === undefined) return undefined;
    const trimmed = text.trim();
    return trimmed === '' ? undefined : trimmed;
  }

  /** The n-th part as a composite; sub-components have no parts of their own. */
  part(part: number): Node {
    return this.#component === 0 ? new Node(this.element, part) : this;
  }

  /** Text of a simple type: the first leaf. */
  get text(): string | undefined {
    return this.get(1);
  }

  /** The whole repetition as one text, component separators kept as characters: for FT, TX and ST that were not escaped. */
  get whole(): string | undefined {
    const text = this.#component === 0 ? this.element.text : this.element.component(this.#component).text;
    return text === undefined || text.trim() === '' ? undefined : text;
  }

  get isDelete(): boolean {
    return this.element.isDelete;
  }
}
