/** What a header needs of its segment; `Segment` has it. */
interface Readable {
  get(field: number, repetition?: number, component?: number): string | undefined;
  repetitions(field: number): { get(): string | undefined }[];
}

/** MSH read field by field on demand. Every getter is undefined when the message does not say it, or has no MSH. */
export class Header {
  readonly #segment: Readable | undefined;

  constructor(segment: Readable | undefined) {
    this.#segment = segment;
  }

  /** An HD field by its namespace id, else by its universal id. */
  #hd(field: number): string | undefined {
    return this.#segment?.get(field) ?? this.#segment?.get(field, 1, 2);
  }

  get sendingApplication(): string | undefined {
    return this.#hd(3);
  }
  get sendingFacility(): string | undefined {
    return this.#hd(4);
  }
  get receivingApplication(): string | undefined {
    return this.#hd(5);
  }
  get receivingFacility(): string | undefined {
    return this.#hd(6);
  }
  /** MSH-7 as it stands; `time.ts` resolves it. */
  get dateTime(): string | undefined {
    return this.#segment?.get(7);
  }
  get messageType(): string | undefined {
    return this.#segment?.get(9, 1, 1);
  }
  get triggerEvent(): string | undefined {
    return this.#segment?.get(9, 1, 2);
  }
  /** MSH-9.3 as stated; `structureOf` says which structure the message really has. */
  get structure(): string | undefined {
    return this.#segment?.get(9, 1, 3);
  }
  get controlId(): string | undefined {
    return this.#segment?.get(10);
  }
  get processingId(): string | undefined {
    return this.#segment?.get(11);
  }
  get version(): string | undefined {
    return this.#segment?.get(12);
  }
  get sequenceNumber(): string | undefined {
    return this.#segment?.get(13);
  }
  get acceptAck(): string | undefined {
    return this.#segment?.get(15);
  }
  get applicationAck(): string | undefined {
    return this.#segment?.get(16);
  }
  /** Repetitions of MSH-18; '' stands for an empty one (the first may be: "the default set"). */
  get charset(): string[] {
    return this.#segment?.repetitions(18).map((repetition) => repetition.get() ?? '') ?? [];
  }
}
