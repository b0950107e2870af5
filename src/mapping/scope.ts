import { hubId } from '../fhir/ids.ts';
import { type SenderTime, senderTime } from '../hl7/time.ts';
import type { Message, Segment } from '../hl7/tree.ts';
import type { GroupAssertion, IdentityAssertion, Issue, NaturalKey, ParkedPart } from '../model/assertion.ts';
import type { MappedCode, Partner, Program } from '../model/partner.ts';
import type { Annotated } from './annotated.ts';
import { type Authority, authorityOf, issuerOf } from './authority.ts';
import { type ConceptTable, lookUp } from './concept-table.ts';
import { Draft } from './draft.ts';
import { fhirTime, type TimeKind } from './time.ts';

/** What a message is mapped with. Nothing here is read from a clock, a store or the environment. */
export interface MapContext {
  readonly partner: Partner;
  /** All partners: how an identifier that another organization issued finds its owner. */
  readonly partners: readonly Partner[];
  readonly hubKey: Parameters<typeof hubId>[0];
  /** ISO instant at which the message was received. */
  readonly receivedAt: string;
  /** SHA-256 (hex) of the message's bytes. */
  readonly bodyHash: string;
  /**
   * A patient without any identifier: `refuse` the message (a hub cannot tell whose it is), or key the patient to this one
   * `message` (the `handoff map` tool, where nothing is stored).
   */
  readonly unidentified: 'refuse' | 'message';
}

/** A reason why the whole message cannot be applied. Thrown inside mapping only, caught by `mapMessage`. */
export class Refusal extends Error {
  readonly code: string;
  readonly location: string | undefined;

  constructor(code: string, text: string, location?: string) {
    super(text);
    this.code = code;
    this.location = location;
  }
}

/** A row at work. */
export interface Traced {
  readonly segment: Segment;
  readonly field: number;
  readonly draft: Draft;
  readonly element: string;
  /** `PID[Patient] PID-7 → birthDate`. */
  readonly row: string;
}

/** Runs all rows of one segment map: states what the segment says about the resource. */
export type CompiledMap = (segment: Segment, draft: Draft, scope: Scope) => void;

/** A segment map as far as running it needs to know; `row.ts` has its type. */
export interface AnySegmentMap {
  readonly name: string;
  readonly segment: string;
  readonly rows: readonly unknown[];
}

/** One message while it is being mapped: who sent it, and all that has been stated so far. */
export class Scope {
  readonly context: MapContext;
  readonly message: Message;
  readonly type: string;
  readonly trigger: string;
  readonly issues: Issue[] = [];
  readonly groups: GroupAssertion[] = [];
  readonly identity: IdentityAssertion[] = [];
  readonly parked: ParkedPart[] = [];
  readonly program: Program | undefined;
  /** How times without an offset are read. */
  readonly sender: SenderTime;
  readonly #drafts = new Map<string, Draft>();
  #segment: Segment | undefined;
  #field = 0;

  /** Hears which row stated which element from which field; only `explain` listens. */
  trace: ((made: Traced) => void) | undefined;
  readonly #compiled: (map: AnySegmentMap) => CompiledMap;

  constructor(
    context: MapContext,
    message: Message,
    type: string,
    trigger: string,
    compiled: (map: AnySegmentMap) => CompiledMap,
  ) {
    this.#compiled = compiled;
    this.context = context;
    this.message = message;
    this.type = type;
    this.trigger = trigger;
    this.program = programOf(context.partner.programs, message);
    this.sender = senderTime(context.partner.zone, message.header.dateTime);
  }

  get partner(): Partner {
    return this.context.partner;
  }

  /** The sender's own Organization. */
  get owner(): string {
    return this.context.partner.organization;
  }

  get drafts(): IterableIterator<Draft> {
    return this.#drafts.values();
  }

  /** Where reading is now, so that an issue can name it. */
  place(segment: Segment, field: number): void {
    this.#segment = segment;
    this.#field = field;
  }

  get location(): string | undefined {
    const segment = this.#segment;
    if (segment === undefined) return undefined;
    const place = `${segment.name}[${segment.occurrence}]`;
    return this.#field === 0 ? place : `${place}-${this.#field}`;
  }

  issue(code: string, text: string, severity: Issue['severity'] = 'warning'): void {
    const location = this.location;
    this.issues.push(location === undefined ? { severity, code, text } : { severity, code, location, text });
  }

  /** Parks one part of the message at the present place; the rest goes on. */
  park(part: string, code: string, text: string): void {
    const location = this.location;
    this.parked.push(location === undefined ? { part, code, text } : { part, code, location, text });
  }

  /** The draft of a resource with a natural key; the same key gives the same draft. */
  draft(key: NaturalKey, patient?: string): Draft {
    const id = this.idOf(key);
    const known = this.#drafts.get(`${key.type}/${id}`);
    if (known !== undefined) return known;
    const draft = new Draft(id, key, key.owner, patient);
    this.#drafts.set(`${key.type}/${id}`, draft);
    return draft;
  }

  /** The draft that a reference of this message names; undefined for none of this message's own. */
  stated(reference: string | undefined): Draft | undefined {
    return reference === undefined ? undefined : this.#drafts.get(reference);
  }

  /** Forgets a draft of this message: it turned out to have nothing to state. */
  drop(draft: Draft): void {
    this.#drafts.delete(`${draft.type}/${draft.id}`);
  }

  idOf(key: NaturalKey): string {
    return hubId(this.context.hubKey, key.type, key.owner, key.authority, key.value);
  }

  /** Runs a segment map's rows over a segment. */
  apply(map: AnySegmentMap, segment: Segment | undefined, draft: Draft): void {
    if (segment !== undefined) this.#compiled(map)(segment, draft, this);
  }

  /** A partner's code as a FHIR code; an unmapped one is an issue and gives nothing. */
  code(table: ConceptTable, value: string): MappedCode | undefined {
    const found = lookUp(table, value, this.partner);
    if (found === undefined) this.issue('map.code-unmapped', `no FHIR code for this value of table ${table.id}`);
    return found;
  }

  /** The identifier system of an assigner (HD). An unlisted one is an issue once per place, and still gives a system. */
  authority(namespace: string | undefined, universal?: string, type?: string): Authority | undefined {
    const found = authorityOf(this.partner, namespace, universal, type);
    if (found !== undefined && !found.listed) {
      this.issue('map.authority-unlisted', 'the partner table does not list this assigner', 'information');
    }
    return found;
  }

  /** The organization that issues identifiers of a system: another partner if one declares it, else the sender. */
  issuer(system: string): string {
    return issuerOf(this.context.partners, system)?.organization ?? this.owner;
  }

  /** A v2 time as a FHIR date, dateTime or instant, resolved in the partner's zone with its original text. */
  time(text: string, kind: TimeKind): string | Annotated | undefined {
    return fhirTime(text, kind, this.sender, (code, words) => this.issue(code, words));
  }
}

/** The program whose every listed field matches; the most specific one wins. */
function programOf(programs: readonly Program[], message: Message): Program | undefined {
  let best: Program | undefined;
  let most = -1;
  for (const program of programs) {
    const rules = Object.entries(program.match);
    if (rules.length <= most) continue;
    if (rules.every(([path, values]) => hasValue(message, path, values))) {
      best = program;
      most = rules.length;
    }
  }
  return best;
}

function hasValue(message: Message, path: string, values: readonly string[]): boolean {
  const dash = path.indexOf('-');
  if (dash < 0) return false;
  return message.segments(path.slice(0, dash)).some((segment) => {
    const text = segment.text(path.slice(dash + 1));
    return text !== undefined && values.includes(text.trim());
  });
}
