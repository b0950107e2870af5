import type { Message } from '../hl7/tree.ts';
import type { ResourceAssertions } from '../model/assertion.ts';
import { parsePath, rowName } from './compile.ts';
import type { MappedMessage, Maps } from './map-message.ts';
import type { SegmentMap } from './row.ts';
import type { Traced } from './scope.ts';

export interface Origin {
  readonly by: string;
  readonly from: string;
}

/** Where the event of a message stands: what no field says, the event does. */
const EVENT = 'MSH[1]-9';

/** Which row, and which input, each element that one message states came from. */
export class Origins {
  readonly #message: Message;
  readonly #map: string;
  readonly #segments: readonly SegmentMap<never>[];
  /** `Type/id element` → the row that stated it. */
  readonly #traced = new Map<string, Origin>();
  /** `Type/id` → where what refers to it came from. */
  readonly #referred = new Map<string, Origin>();

  constructor(maps: Maps, message: Message, mapped: MappedMessage, traced: readonly Traced[]) {
    const map = maps.find(mapped.event);
    this.#message = message;
    this.#map = `message map ${map?.name ?? mapped.event}`;
    this.#segments = (map?.maps ?? []) as readonly SegmentMap<never>[];
    for (const { segment, field, draft, element, row } of traced) {
      const from = `${segment.name}[${segment.occurrence}]-${field}`;
      this.#traced.set(`${draft.type}/${draft.id} ${element}`, { by: row, from });
    }
    this.#follow(mapped.resources);
  }

  of(resource: ResourceAssertions, element: string): Origin {
    return (
      this.#known(resource, element) ??
      this.#byHand(resource.type, element) ??
      this.#patientOf(resource, element) ??
      this.#referred.get(`${resource.type}/${resource.id}`) ?? { by: this.#map, from: EVENT }
    );
  }

  ofLabels(): Origin {
    return { by: `${this.#map}: the program, or a field of confidentiality`, from: EVENT };
  }

  ofIdentity(): Origin {
    return this.#byHand('Patient', 'link') ?? { by: this.#map, from: EVENT };
  }

  /** Stated by a row; the note beside a primitive (`_birthDate`) by the row of its value. */
  #known({ type, id }: ResourceAssertions, element: string): Origin | undefined {
    const name = `${type}/${id}`;
    return this.#traced.get(`${name} ${element}`) ?? this.#traced.get(`${name} ${element.replace(/(^|\.)_/, '$1')}`);
  }

  /** Stated by code of the message map, as its tables say: from those of its fields that the message has. */
  #byHand(type: string, element: string): Origin | undefined {
    const all = this.#segments
      .filter(({ name }) => new RegExp(`\\[${type}\\b`).test(name))
      .flatMap((map) => (map.hand ?? []).map((row) => ({ map: map.name, row })))
      .filter(({ row }) => rootOf(row.to) === rootOf(element));
    // A row that names the very slot is the one; others speak of the element as a whole.
    const exact = all.filter(({ row }) => row.to === element);
    const rows = exact.length > 0 ? exact : all;
    const found = rows.flatMap(({ map, row }) => {
      const { segment, field } = parsePath(row.from);
      return this.#message
        .segments(segment)
        .filter((each) => each.field(field).hasContent)
        .map((each) => ({ by: `${rowName(map, row)} (${row.by})`, from: `${segment}[${each.occurrence}]-${field}` }));
    });
    if (found.length === 0) return undefined;
    const listed = (of: readonly string[], by: string) => [...new Set(of)].join(by);
    return {
      by: listed(
        found.map(({ by }) => by),
        '; ',
      ),
      from: listed(
        found.map(({ from }) => from),
        ', ',
      ),
    };
  }

  /** A reference to the patient comes from the number that names the patient. */
  #patientOf(resource: ResourceAssertions, element: string): Origin | undefined {
    const patient = /Patient\/[^"]+/.exec(this.#text(resource, element))?.[0];
    const number = patient === undefined ? undefined : this.#traced.get(`${patient} identifier[PID-3]`);
    return number === undefined ? undefined : { by: `${this.#map}: reference to the patient`, from: number.from };
  }

  #text({ elements }: ResourceAssertions, element: string): string {
    return JSON.stringify(elements.find((each) => each.element === element) ?? null);
  }

  /** People, places and organizations come from what refers to them; a place also from the place within it. */
  #follow(resources: readonly ResourceAssertions[]): void {
    for (let grown = true; grown; ) {
      grown = false;
      for (const resource of resources) {
        for (const { element } of resource.elements) {
          const origin = this.#known(resource, element) ?? this.#referred.get(`${resource.type}/${resource.id}`);
          const here = origin ?? this.#byHand(resource.type, element);
          if (here === undefined) continue;
          for (const [reference] of this.#text(resource, element).matchAll(/[A-Z][A-Za-z]+\/[0-9a-f-]{36}/g)) {
            if (this.#referred.has(reference) || reference.startsWith('Patient/')) continue;
            this.#referred.set(reference, { by: belonging(here.by), from: here.from });
            grown = true;
          }
        }
      }
    }
  }
}

const BELONGS = ', to which it belongs';
const belonging = (by: string): string => (by.endsWith(BELONGS) ? by : `${by}${BELONGS}`);

/** `participant[AIP/x]`, `period.start` and `_birthDate` → the element of the root they are in. */
const rootOf = (element: string): string => /^_?([A-Za-z]+)/.exec(element)?.[1] ?? element;
