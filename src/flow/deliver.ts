import type { Resource } from '@medplum/fhirtypes';
import type { Database } from '../model/database.ts';
import { failureOf } from '../model/failure.ts';
import type { FlowLog, SendPort } from '../model/flow.ts';
import type { OutboxEvent } from '../model/outbox.ts';
import type { Endpoint, Partner } from '../model/partner.ts';
import type { Released } from '../model/released.ts';
import { decide } from '../rules/consent.ts';
import type { Owned, PersonFacts } from '../rules/facts.ts';
import { release } from '../rules/release.ts';
import { Alarm } from './alarm.ts';
import { judge, type Verdict } from './attempt.ts';
import { backOffMs } from './back-off.ts';
import { controlIdOf, endpointFor, hostOf } from './endpoint-choice.ts';
import { Idle } from './idle.ts';
import { prepareMirror } from './mirror.ts';
import type { ClaimedRow, LinkState, RowOutcome, Settled, SettledRow } from './outbox-commands.ts';
import { MIRROR_REMOVED } from './outbox-queries.ts';
import { PartnerLink } from './partner-link.ts';
import { done, holdsSubject, parked, type Ready, resourcesIn } from './ready.ts';
import { codeOf } from './translate.ts';
import type { Urgent } from './urgent.ts';

/** What an event is about, as it stands at this instant, with all that consent is decided on. */
export type Gathered =
  | { readonly kind: 'found'; readonly items: readonly Owned[]; readonly facts: PersonFacts }
  /** `last`: as it stood before it was deleted; asked for by mirrors. */
  | { readonly kind: 'missing'; readonly last?: Resource }
  /** Not before something else happened; asked again at `at`. The code is of the failure table. */
  | { readonly kind: 'wait'; readonly code: string; readonly text: string; readonly at: number };

/** How an attempt ended, and what the partner was told by it. */
type Ended = Pick<SettledRow, 'outcome' | 'told'>;

/** Reads the resources of an event from the store, with what they refer to. */
export type GatherPort = (event: OutboxEvent, at: Date) => Promise<Gathered>;

/** Writes what consent let go in the partner's own form. `refused` names what is missing, never a value. */
export type RenderPort = (
  released: Released,
  event: OutboxEvent,
  to: { readonly partner: Partner; readonly endpoint: Endpoint; readonly controlId: string; readonly at: Date },
) => { readonly payload: Uint8Array } | { readonly refused: { readonly code: string; readonly text: string } };

export interface DeliverDeps {
  readonly db: Database;
  readonly partner: (id: string) => Partner | undefined;
  readonly gather: GatherPort;
  readonly render: RenderPort;
  readonly send: SendPort;
  /** Rows ended: the store is to hear that they arrived, or somebody that they did not. */
  readonly onEnded: () => void;
  /** A partner could not be reached, or can be again: told once each. */
  readonly onLink: (link: LinkState) => void;
  readonly urgent: Urgent;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: FlowLog;
  readonly limits: DeliverLimits;
}

export interface DeliverLimits {
  /** Rows of one partner on their way at once; safety notes have as many slots of their own. */
  readonly inFlightMax: number;
  readonly leaseMs: number;
}

/**
 * The deliver loop of one partner; partners share nothing, so a slow one slows nobody else. For each row that heads its lane:
 * decide consent now, render, store the exact bytes, send, record what came of it. It never sends what consent does not permit at
 * that instant. A partner that is down is tried by one row at a time with growing pauses, for as long as it takes.
 */
export class DeliverPartner {
  readonly #deps: DeliverDeps;
  readonly #recipient: string;
  readonly #alarm: Alarm;
  readonly #link: PartnerLink;
  #settled: SettledRow[] = [];
  #normal = 0;
  #safety = 0;
  #working = false;
  #behind = false;
  #stopping = false;
  readonly #idle = new Idle();

  constructor(recipient: string, deps: DeliverDeps) {
    this.#recipient = recipient;
    this.#deps = deps;
    this.#alarm = new Alarm(deps.now, () => this.wake());
    this.#link = new PartnerLink(recipient, deps, this.#alarm);
  }

  /** Rows for this partner may be ready. */
  wake(): void {
    this.#behind = true;
    void this.#work();
  }

  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    this.#alarm.clear();
    if (!this.#busy) return;
    await this.#idle.wait(drainMs);
  }

  get #busy(): boolean {
    return this.#normal + this.#safety > 0 || this.#working || this.#settled.length > 0;
  }

  /** Settles what ended and takes what may go, one database call of each kind at a time. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    let failures = 0;
    while (this.#settled.length > 0 || this.#mayTake) {
      try {
        await this.#settle();
        if (this.#mayTake) await this.#take();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#behind = true;
        this.#deps.log(codeOf(error), { recipient: this.#recipient });
        await new Promise((resolve) => setTimeout(resolve, backOffMs(DATABASE_BACK_OFF, failures, this.#deps.random)));
        // Not settled: after the start the row is sent again under its control id.
        if (this.#stopping && failures > 3) this.#settled = [];
      }
    }
    this.#working = false;
    if (!this.#busy) this.#idle.reached();
  }

  get #mayTake(): boolean {
    if (this.#stopping || !this.#behind) return false;
    if (this.#link.isDown) return this.#normal + this.#safety === 0 && this.#link.mayTry;
    return this.#safety < this.#deps.limits.inFlightMax;
  }

  async #take(): Promise<void> {
    const { db, now, limits, urgent } = this.#deps;
    // While the partner is down one row at a time finds out, safety first.
    const free = this.#link.isDown ? 1 : urgent.slots(limits.inFlightMax) - this.#normal;
    const safetyOnly = free <= 0;
    const limit = safetyOnly ? limits.inFlightMax - this.#safety : free;
    this.#behind = false;
    const rows = await db.write<ClaimedRow[]>('outbox.claim', {
      recipient: this.#recipient,
      limit,
      safetyOnly,
      leaseMs: limits.leaseMs,
      now: now(),
    });
    if (rows.length >= limit && !safetyOnly) this.#behind = true;
    for (const row of rows) void this.#run(row);
  }

  async #run(row: ClaimedRow): Promise<void> {
    const safety = row.event.lane === 'safety';
    if (safety) this.#safety += 1;
    else this.#normal += 1;
    if (safety) this.#deps.urgent.moved();
    let ended: Ended;
    try {
      ended = await this.#attempt(row);
    } catch (error) {
      const code = codeOf(error);
      this.#deps.log(code, { row: row.id, recipient: this.#recipient });
      ended = { outcome: this.#failed(row, code, failureOf(code).text) };
    }
    if (safety) this.#safety -= 1;
    else this.#normal -= 1;
    this.#settled.push({ id: row.id, lease: row.lease, ...ended });
    // A freed slot may be what others wait for.
    this.#behind = true;
    void this.#work();
  }

  async #attempt(row: ClaimedRow): Promise<Ended> {
    const partner = this.#deps.partner(this.#recipient);
    if (!partner) return { outcome: parked('deliver.partner-unknown') };
    const endpoint = endpointFor(partner, row.event);
    if (!endpoint) return { outcome: parked('deliver.endpoint-missing') };
    const ready = await this.#prepare(row, partner, endpoint);
    if (ready.kind === 'outcome') return { outcome: ready.outcome };
    const { controlId, payload, digest, resources } = ready;
    const { id, lease } = row;
    const prepared = { id, lease, controlId, endpoint: endpoint.id, digest, payload };
    if (!ready.stored && !(await this.#deps.db.write<boolean>('outbox.prepare', prepared))) {
      const again = { kind: 'again', at: this.#deps.now(), counted: false } as const;
      return { outcome: { ...again, code: 'hub.interrupted', text: 'another hub has it' } };
    }
    const urgent = row.event.lane === 'safety';
    const attempt = await this.#deps.send.send(endpoint, payload, { controlId, urgent, kind: row.event.kind });
    const verdict = judge(attempt, endpoint, controlId, digest === MIRROR_REMOVED);
    const outcome = this.#outcome(row, endpoint, verdict);
    return verdict.kind === 'not-sent' ? { outcome } : { outcome, told: { address: hostOf(endpoint), resources } };
  }

  #prepare(row: ClaimedRow, partner: Partner, endpoint: Endpoint): Ready | Promise<Ready> {
    if (row.event.kind === 'application-ack') return sealedAck(row);
    if (endpoint.transport.kind === 'mirror') return prepareMirror(this.#deps, row, endpoint.transport);
    return this.#render(row, partner, endpoint);
  }

  /** Consent is decided here and now; the bytes of an earlier attempt are used again only under the same decision. */
  async #render(row: ClaimedRow, partner: Partner, endpoint: Endpoint): Promise<Ready> {
    const { gather, render, now } = this.#deps;
    const at = new Date(now());
    const gathered = await gather(row.event, at);
    if (gathered.kind === 'missing') return done(parked('deliver.resource-missing'));
    if (gathered.kind === 'wait') {
      const { code, text } = gathered;
      return done({ kind: 'again', at: Math.max(gathered.at, now() + 1000), counted: false, code, text });
    }
    const { organization, purpose } = row.event;
    const { items, facts } = gathered;
    const decision = decide({ facts, items, recipient: organization, purpose, at: at.toISOString() });
    const released = release(
      decision,
      items.map(({ resource }) => resource as Resource),
    );
    if (!released || !holdsSubject(released, row.event)) {
      return done({ kind: 'refused', code: 'consent.denied', text: failureOf('consent.denied').text, holdLane: false });
    }
    const digest = released.basis.fingerprint;
    const resources = resourcesIn(released, row.event);
    if (row.payload && row.controlId && row.digest === digest) {
      return { kind: 'ready', payload: row.payload, controlId: row.controlId, digest, stored: true, resources };
    }
    // Other bytes never go under a control id that went before: the partner would take them for a repeat.
    const controlId = controlIdOf(row.event, digest);
    const rendered = render(released, row.event, { partner, endpoint, controlId, at: new Date(row.createdAt) });
    if ('refused' in rendered) return done(parked(rendered.refused.code, rendered.refused.text));
    return { kind: 'ready', payload: rendered.payload, controlId, digest, stored: false, resources };
  }

  #outcome(row: ClaimedRow, endpoint: Endpoint, verdict: Verdict): RowOutcome {
    if (verdict.kind === 'sent') {
      this.#up();
      return { kind: 'sent', ackCode: verdict.ackCode, ack: verdict.ack };
    }
    if (verdict.kind === 'not-sent') {
      if (failureOf(verdict.code).class === 'permanent') return parked(verdict.code, verdict.text);
      const at = this.#link.down(verdict.code, endpoint.retry, 0);
      return { kind: 'again', at, counted: false, code: verdict.code, text: verdict.text };
    }
    if (verdict.kind === 'ambiguous') {
      if (verdict.reached) this.#up();
      const at = verdict.reached ? this.#later(row, endpoint) : this.#link.down(verdict.code, endpoint.retry, 0);
      if (!endpoint.recognisesRepeats) return unknown(row, verdict);
      // It is the same message under the same id: a partner that has it says so.
      if (verdict.reached && row.tries >= endpoint.retry.tries) return unknown(row, verdict);
      return { kind: 'again', at, counted: verdict.reached, code: verdict.code, text: verdict.text };
    }
    const { code, text, ack } = verdict;
    if (failureOf(code).next === 'park') {
      this.#up();
      return { kind: 'refused', code, text, ack, holdLane: false };
    }
    if (code === 'ack.status-server') {
      return {
        kind: 'again',
        at: this.#link.down(code, endpoint.retry, verdict.retryAfterMs ?? 0),
        counted: false,
        code,
        text,
      };
    }
    this.#up();
    if (code === 'ack.conflict' && row.tries >= CONFLICT_TRIES_MAX)
      return { kind: 'refused', code, text, ack, holdLane: false };
    return this.#failed(row, code, text, endpoint);
  }

  #failed(row: ClaimedRow, code: string, text: string, endpoint?: Endpoint): RowOutcome {
    const tries = endpoint?.retry.tries ?? TRIES_MAX;
    const failure = failureOf(code);
    if (failure.class === 'permanent') return parked(code, text);
    if (row.tries >= tries && !code.startsWith('database.')) {
      return { ...parked('deliver.tries-spent', text), holdLane: row.event.lane !== 'safety' };
    }
    const at = endpoint
      ? this.#later(row, endpoint)
      : this.#deps.now() + backOffMs(DATABASE_BACK_OFF, row.tries, this.#deps.random);
    return { kind: 'again', at, counted: !code.startsWith('database.'), code, text };
  }

  #later(row: ClaimedRow, endpoint: Endpoint): number {
    return this.#deps.now() + backOffMs(endpoint.retry, row.tries, this.#deps.random);
  }

  #up(): void {
    if (this.#link.up()) this.#behind = true;
  }

  async #settle(): Promise<void> {
    if (this.#settled.length === 0) return;
    const batch = this.#settled;
    this.#settled = [];
    const { db, now, log } = this.#deps;
    try {
      const result = await db.write<Settled>('outbox.settle', {
        settled: batch,
        now: now(),
      });
      for (const id of result.lost) log('outbox.lease-lost', { row: id });
      if (result.freed > 0) this.#behind = true;
      if (result.ended > 0) this.#deps.onEnded();
      for (const { id, outcome } of batch) {
        if (outcome.kind === 'again') this.#alarm.set(outcome.at);
        else if ('code' in outcome && !result.lost.includes(id))
          log(outcome.code, { row: id, recipient: this.#recipient, state: outcome.kind });
      }
    } catch (error) {
      this.#settled.unshift(...batch);
      throw error;
    }
  }
}

const DATABASE_BACK_OFF = { firstMs: 100, maxMs: 10_000 };
const TRIES_MAX = 10;
/** A conflict that stays (what is to be deleted is still referred to there) must not hold a patient's later changes for days. */
const CONFLICT_TRIES_MAX = 7;

/** Nobody knows whether the partner has it: later rows of the patient wait for a person, except safety notes. */
function unknown(row: ClaimedRow, verdict: { readonly code: string; readonly text: string }): RowOutcome {
  const text = `${failureOf('deliver.outcome-unknown').text}: ${verdict.code}`;
  return { kind: 'unknown', code: 'deliver.outcome-unknown', text, holdLane: row.event.lane !== 'safety' };
}

/** The second sealed type: bytes made when it was queued, of codes and places only. */
function sealedAck(row: ClaimedRow): Ready {
  if (!row.payload || !row.controlId) return done(parked('render.failed'));
  return { kind: 'ready', payload: row.payload, controlId: row.controlId, digest: '', stored: true, resources: [] };
}
