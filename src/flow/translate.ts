import { failureOf } from '../model/failure.ts';
import type { FlowLog, Translated, TranslatePort } from '../model/flow.ts';
import type { ClaimedMessage, MessageOutcome, MessageReason, SettledMessage } from '../model/journal.ts';
import type { Feed, Partner } from '../model/partner.ts';
import type { ApplyUnit, Store } from '../model/store.ts';
import { backOffMs } from './back-off.ts';
import { Idle } from './idle.ts';
import type { Journal } from './journal.ts';
import type { Outcomes } from './outcomes.ts';
import { Pace } from './pace.ts';
import type { Urgent } from './urgent.ts';
import { type Urgency, WorkQueue } from './work-queue.ts';

export interface TranslateDeps {
  readonly journal: Journal;
  readonly outcomes: Outcomes;
  readonly store: Pick<Store, 'apply'>;
  readonly port: TranslatePort;
  readonly feed: (id: string) => { readonly feed: Feed; readonly partner: Partner } | undefined;
  /** Queues the application ACK of a message in enhanced mode; must be durable when it resolves. */
  readonly applicationAck: (message: ClaimedMessage, outcome: MessageOutcome) => Promise<void>;
  /** A message somebody must be told of is parked, durably. */
  readonly onParked: () => void;
  readonly urgent: Urgent;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: FlowLog;
  readonly limits: TranslateLimits;
}

export interface TranslateLimits {
  /** Messages that wait for the store at once. */
  readonly inFlightMax: number;
  /** Messages taken straight from ingest that may wait in memory; above it they wait in the table only. */
  readonly heldMax: number;
  /** Failures of ours on one message before it parks as poison. */
  readonly triesMax: number;
}

/** Nothing about this message: it waits without spending a try, and everything behind it waits with it. */
const STORE_DOWN: ReadonlySet<string> = new Set(['database.full', 'database.busy', 'database.unavailable']);
const TROUBLE = { firstMs: 50, maxMs: 5000 };

/**
 * The translate loop: a message that heads its lanes is mapped, applied in one store transaction together with the marker that it
 * was, and settled. A crash between the two commits applies it again, and the marker makes that nothing.
 * Waits for nothing but events: ingest hands messages over, settling lets the next of a lane come forward.
 */
export class Translate {
  readonly #deps: TranslateDeps;
  readonly #queue = new WorkQueue<ClaimedMessage>();
  #settled: SettledMessage[] = [];
  #inFlight = 0;
  #settling = false;
  readonly #pace: Pace;
  #pumping = false;
  /** A timer runs until normal ones may go on. */
  #paced = false;
  /** Rows may wait in the table that nobody holds. */
  #behind = true;
  /** After trouble of the store nothing starts before this instant. */
  #restUntil = 0;
  #troubles = 0;
  #stopping = false;
  readonly #idle = new Idle();

  constructor(deps: TranslateDeps) {
    this.#deps = deps;
    this.#pace = new Pace(() => performance.now());
  }

  /**
   * Whether ingest may hand a message over directly: nothing older waits in the table, and memory is bounded. A safety note always may,
   * and one whose sender waits does not stand behind those that are acknowledged already.
   */
  takesDirect(urgency: Urgency): boolean {
    if (this.#stopping) return false;
    const { heldMax } = this.#deps.limits;
    if (urgency === 'waited') return this.#queue.sizeOf('waited') < heldMax;
    return urgency === 'safety' || (!this.#behind && this.#queue.size + this.#inFlight < heldMax);
  }

  /** Told of every message that is on its way to the disk. */
  get pace(): Pick<Pace, 'arrived' | 'received'> {
    return this.#pace;
  }

  /** A message this process holds under its lease. */
  offer(message: ClaimedMessage): void {
    this.#queue.push(message, this.#urgencyOf(message));
    this.#pump();
  }

  #urgencyOf(message: ClaimedMessage): Urgency {
    if (message.lane === 'safety') return 'safety';
    // In enhanced mode the application ACK comes later: nobody waits on the connection.
    const waits = message.applicationAck === undefined && this.#deps.feed(message.feed)?.feed.ack === 'applied';
    return waits ? 'waited' : 'normal';
  }

  /** Something may wait in the table: a row was stored without being taken, a parked one runs again, a lease ended. */
  wake(): void {
    this.#behind = true;
    void this.#settle();
  }

  /** Takes nothing new, finishes what it holds, as far as it can in `drainMs`; the rest runs after the next start. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    if (!this.#busy) return;
    await this.#idle.wait(drainMs);
  }

  get #busy(): boolean {
    return this.#inFlight > 0 || this.#settling || this.#settled.length > 0 || (this.#queue.size > 0 && !this.#resting);
  }

  get #resting(): boolean {
    return this.#deps.now() < this.#restUntil;
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => this.#next());
  }

  /** One message, and then the sockets are served again: mapping is what holds an ACK up most. */
  #next(): void {
    this.#pumping = false;
    if (this.#resting || !this.#mayStart) return;
    const waitMs = this.#queue.sizeOf('normal') > 0 ? this.#pace.waitMs() : 0;
    const urgency = this.#queue.next(waitMs === 0);
    if (waitMs > 0 && Number.isFinite(waitMs)) this.#pumpIn(waitMs);
    const message = urgency && this.#queue.shift(urgency);
    if (!message) return;
    this.#inFlight += 1;
    void this.#run(message, urgency);
    if (this.#queue.size > 0 && this.#mayStart) this.#pump();
  }

  #pumpIn(waitMs: number): void {
    if (this.#paced) return;
    this.#paced = true;
    setTimeout(() => {
      this.#paced = false;
      this.#pump();
    }, waitMs);
  }

  /** Safety notes have slots of their own beside those for everything. */
  get #mayStart(): boolean {
    const { limits, urgent } = this.#deps;
    const { inFlightMax } = limits;
    return this.#inFlight < (this.#queue.sizeOf('safety') > 0 ? inFlightMax * 2 : urgent.slots(inFlightMax));
  }

  async #run(message: ClaimedMessage, urgency: Urgency): Promise<void> {
    let outcome: MessageOutcome;
    if (urgency === 'normal') this.#pace.started();
    else if (urgency === 'safety') this.#deps.urgent.moved();
    try {
      outcome = await this.#work(message);
      if (outcome.kind !== 'again') this.#troubles = 0;
    } catch (error) {
      outcome = this.#failed(message, error);
    }
    this.#inFlight -= 1;
    if (urgency === 'normal') this.#pace.finished();
    else if (urgency === 'safety') this.#deps.urgent.moved();
    const { id, lease } = message;
    const at = this.#deps.now();
    this.#settled.push({ id, lease, at, outcome });
    // The store's commit is what AA stands for: the sender need not wait for the journal to note it. After a crash between the two the
    // message runs again, the marker makes that nothing, and a repeat is answered AA. Others wait until they are noted: nothing else
    // holds what became of them.
    if (outcome.kind === 'applied') this.#deps.outcomes.settled(id, { ...outcome, at });
    if (this.#queue.size > 0) this.#pump();
    void this.#settle();
  }

  async #work(message: ClaimedMessage): Promise<MessageOutcome> {
    const { port, store, feed } = this.#deps;
    const source = feed(message.feed);
    if (!source)
      return this.#park(message, { code: 'deliver.partner-unknown', text: 'its feed is not configured' }, true);
    if (message.bytes.length === 0)
      return this.#park(message, { code: 'body.purged', text: failureOf('body.purged').text }, false);
    const { hash, receivedAt, bytes } = message;
    const translated = port.translate({ bytes, hash, receivedAt, ...source });
    let outcome: MessageOutcome;
    if (translated.kind === 'unsupported') outcome = this.#unsupported(message, translated.identity);
    else {
      const refused = translated.mapped.refused;
      outcome = refused
        ? this.#park(message, refused, translated.identity === true)
        : this.#applied(
            message,
            translated,
            await store.apply(unitOf(message, source.partner, translated, port.version)),
          );
    }
    if (message.applicationAck) await this.#deps.applicationAck(message, outcome);
    return outcome;
  }

  #applied(
    message: ClaimedMessage,
    translated: Extract<Translated, { kind: 'mapped' }>,
    applied: Awaited<ReturnType<Store['apply']>>,
  ): MessageOutcome {
    if (applied.outcome === 'refused') return this.#park(message, applied, translated.identity === true);
    const { parked } = translated.mapped;
    const reason = parked[0];
    return {
      kind: 'applied',
      ackCode: 'AA',
      mappingVersion: this.#deps.port.version,
      changed: applied.changed.length,
      parts: parked,
      ...(reason ? { reason: reasonOf(reason) } : {}),
    };
  }

  #unsupported(message: ClaimedMessage, identity: boolean): MessageOutcome {
    if (identity) {
      const { text } = failureOf('map.identity-unsupported');
      return this.#park(message, { code: 'map.identity-unsupported', text, location: 'MSH[1]-9' }, true);
    }
    const reason = { code: 'map.unsupported', text: failureOf('map.unsupported').text, location: 'MSH[1]-9' };
    return { kind: 'listed', ackCode: 'AA', mappingVersion: this.#deps.port.version, changed: 0, parts: [], reason };
  }

  #park(message: ClaimedMessage, reason: MessageReason, holdLanes: boolean): MessageOutcome {
    const failure = failureOf(reason.code);
    return {
      kind: 'parked',
      tell: message.lane === 'safety' || holdLanes,
      ackCode: failure.ack,
      mappingVersion: this.#deps.port.version,
      reason: reasonOf(reason),
      holdLanes,
    };
  }

  #failed(message: ClaimedMessage, error: unknown): MessageOutcome {
    const code = codeOf(error);
    const { now, random, limits, log } = this.#deps;
    const failure = failureOf(code);
    const reason = { code, text: failure.text };
    log(code, { id: message.id, tries: message.tries });
    if (STORE_DOWN.has(code)) {
      this.#troubles += 1;
      // The same instant for both: a row that is due a little after the rest would be found by nobody.
      const at = now() + backOffMs(TROUBLE, this.#troubles, random);
      this.#rest(at);
      return { kind: 'again', at, counted: false, reason };
    }
    if (failure.class === 'permanent') return this.#park(message, reason, false);
    if (message.tries >= limits.triesMax) {
      return this.#park(
        message,
        { code: 'message.poison', text: `${failureOf('message.poison').text}: ${code}` },
        false,
      );
    }
    const at = now() + backOffMs(TROUBLE, message.tries, random);
    setTimeout(() => this.wake(), at - now() + 1).unref();
    return { kind: 'again', at, counted: true, reason };
  }

  #rest(until: number): void {
    if (until <= this.#restUntil) return;
    this.#restUntil = until;
    setTimeout(
      () => {
        this.#pump();
        this.wake();
      },
      until - this.#deps.now() + 1,
    );
  }

  /** One settle is on its way at a time; what gathers meanwhile goes with the next. */
  async #settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    let failures = 0;
    while (this.#settled.length > 0 || this.#wantsRows) {
      const batch = this.#settled.splice(0, 256);
      const room = this.#room;
      const wasBehind = this.#behind;
      // Cleared before the claim: a wake while it is on its way must lead to another.
      if (room > 0) this.#behind = false;
      try {
        const { claimed, lost, freed } = await this.#deps.journal.settle(batch, room);
        failures = 0;
        if (room > 0 ? claimed.length >= room : freed > 0) this.#behind = true;
        this.#announce(batch, new Set(lost));
        for (const message of claimed) this.#queue.push(message, this.#urgencyOf(message));
        if (claimed.length > 0) this.#pump();
      } catch (error) {
        failures += 1;
        this.#behind ||= wasBehind;
        this.#settled.unshift(...batch);
        this.#deps.log(codeOf(error), { settling: batch.length });
        await new Promise((resolve) => setTimeout(resolve, backOffMs(TROUBLE, failures, this.#deps.random)));
        // What is not settled runs again after the start; the marker in the store makes that nothing.
        if (this.#stopping && failures > 3) this.#settled = [];
      }
    }
    this.#settling = false;
    if (!this.#busy) this.#idle.reached();
  }

  get #wantsRows(): boolean {
    return this.#behind && this.#room > 0;
  }

  get #room(): number {
    if (this.#stopping || this.#resting) return 0;
    const { inFlightMax } = this.#deps.limits;
    const free = inFlightMax * 2 - this.#queue.size + this.#queue.sizeOf('waited') - this.#inFlight;
    // Claims in small pieces cost as much as in large ones: wait until a quarter is free.
    return free * 4 >= inFlightMax ? free : 0;
  }

  #announce(batch: readonly SettledMessage[], lost: ReadonlySet<number>): void {
    for (const { id, at, outcome } of batch) {
      if (lost.has(id)) this.#deps.log('message.lease-lost', { id });
      else if (outcome.kind === 'parked' || outcome.kind === 'listed')
        this.#deps.outcomes.settled(id, { ...outcome, at });
      if (outcome.kind !== 'parked') continue;
      if (outcome.tell) this.#deps.onParked();
      const { code, location } = outcome.reason;
      if (!lost.has(id)) this.#deps.log(code, { id, state: 'parked', ...(location === undefined ? {} : { location }) });
    }
  }
}

/** Any thrown thing as a code of the failure table. */
export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' && code.includes('.') ? code : 'hub.internal';
}

function reasonOf({ code, location, text }: MessageReason): MessageReason {
  return location === undefined ? { code, text } : { code, text, location };
}

/** A replay writes under a run number, because the marker of the first run would make it nothing. */
export function unitOf(
  message: Pick<ClaimedMessage, 'id' | 'replays' | 'hash' | 'receivedAt'>,
  partner: Partner,
  translated: Extract<Translated, { kind: 'mapped' }>,
  mappingVersion: string,
): ApplyUnit {
  return {
    journalId: message.replays > 0 ? `${message.id}.${message.replays}` : String(message.id),
    partner: partner.id,
    organization: partner.organization,
    stamp: translated.stamp,
    mapped: translated.mapped,
    provenance: {
      bodyHash: message.hash,
      mappingVersion,
      receivedAt: new Date(message.receivedAt).toISOString(),
      event: translated.event,
      ...(translated.software === undefined ? {} : { software: translated.software }),
    },
  };
}
