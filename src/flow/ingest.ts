import { hash as digest } from 'node:crypto';
import { laneKey } from '../database/job-table.ts';
import { type Peek, peek } from '../hl7/peek.ts';
import type { Message } from '../hl7/tree.ts';
import { FAILURES, type FailureCode, failureOf } from '../model/failure.ts';
import type { ClassifyPort, FlowLog } from '../model/flow.ts';
import type { Appended, MessageReason, NewMessage } from '../model/journal.ts';
import type { Feed, Partner } from '../model/partner.ts';
import { accept, ackBytes } from './ack-bytes.ts';
import { type AckMode, ackMode, admit, type Refusal, wishes } from './admission.ts';
import type { Answer } from './answer.ts';
import { AnswerMarks } from './answer-marks.ts';
import type { BacklogGate } from './backlog.ts';
import { joinAcks, splitFrame } from './batch-frame.ts';
import type { Journal } from './journal.ts';
import { type Outcome, type Outcomes, outcomeOf } from './outcomes.ts';
import type { Translate } from './translate.ts';
import type { Urgency } from './work-queue.ts';

export interface IngestDeps {
  readonly journal: Journal;
  readonly outcomes: Outcomes;
  readonly translate: Translate;
  readonly gate: BacklogGate;
  readonly classify: ClassifyPort;
  readonly configVersion: () => string;
  /** Several hubs work on one database. */
  readonly shared: boolean;
  readonly now: () => number;
  readonly log: FlowLog;
}

/**
 * The ingest loop: bytes of a socket or request in, ACK out. A positive answer means what the feed's policy says and never less than
 * "on disk": it is made only after the journal's commit. Rule: DESIGN 3 "ACK", H23.
 */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #marks: AnswerMarks;
  #stopping = false;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#marks = new AnswerMarks(deps.journal, deps.log);
  }

  /** One frame or request body. Never throws. */
  async ingest(bytes: Uint8Array, feed: Feed, partner: Partner, peer: string): Promise<Answer> {
    const frame = splitFrame(bytes);
    if (!frame) return this.#one(bytes, feed, partner, peer);
    const { batch } = frame;
    if (batch.messages.length === 0) return this.refuse(bytes, feed, 'hl7.empty');
    const answers = await Promise.all(batch.messages.map((part) => this.#one(part.bytes, feed, partner, peer)));
    // What belongs to no message was stored by none of them: it is refused, so that the sender looks.
    const faults = frame.faults.map((code) => this.refuse(bytes, feed, code));
    return joinAcks(batch, answers, faults, this.#deps.now());
  }

  /** The coded answer to a frame that is no message, or that the gate did not let in. */
  refuse(head: Uint8Array, feed: Feed, code: FailureCode): Answer {
    const seen = peek(head, { defaultCharset: feed.charset });
    this.#deps.log(code, { feed: feed.id });
    return this.#refused(seen, ackMode(seen), { code, location: 'MSH[1]' });
  }

  /** Takes nothing more, lets those who wait for an outcome go with "stored, not yet applied". */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#deps.outcomes.release();
    await this.#marks.flush();
  }

  async #one(bytes: Uint8Array, feed: Feed, partner: Partner, peer: string): Promise<Answer> {
    const { log } = this.#deps;
    try {
      const seen = peek(bytes, { defaultCharset: feed.charset });
      const mode = ackMode(seen);
      const refusal = this.#gateRefusal(feed) ?? admit(seen, feed, partner);
      if (refusal) {
        log(refusal.code, { feed: feed.id, peer, location: refusal.location });
        return this.#refused(seen, mode, refusal);
      }
      return await this.#store(this.#message(bytes, seen, mode, feed, partner, peer), seen, mode, feed);
    } catch (error) {
      log('hub.internal', { feed: feed.id, peer, error: error instanceof Error ? error.name : typeof error });
      return { after: 'close' };
    }
  }

  #gateRefusal(feed: Feed): Refusal | undefined {
    if (this.#stopping) return { code: 'hub.stopping', location: 'MSH[1]' };
    const code = this.#deps.gate.refusal(feed);
    return code === undefined ? undefined : { code, location: 'MSH[1]' };
  }

  #message(bytes: Uint8Array, seen: Peek, mode: AckMode, feed: Feed, partner: Partner, peer: string): NewMessage {
    const hash = digest('sha256', bytes, 'hex');
    const receivedAt = this.#deps.now();
    const trigger = seen.triggerEvent ? `${seen.messageType}^${seen.triggerEvent}` : (seen.messageType ?? '');
    const lane = this.#deps.classify({ bytes, feed, partner, hash, receivedAt }, trigger);
    const onCommit = mode.kind === 'enhanced' ? 'CA' : feed.ack === 'received' ? 'AA' : undefined;
    return {
      feed: feed.id,
      partner: partner.id,
      sender: `${seen.sendingApplication ?? ''}|${seen.sendingFacility ?? ''}`,
      controlId: seen.controlId ?? '',
      hash,
      receivedAt,
      peer,
      trigger,
      version: seen.version ?? '',
      lane,
      lanes: lanesOf(seen, partner, lane),
      passOnPark: feed.onPark === 'pass',
      ...(onCommit ? { ackOnCommit: onCommit } : {}),
      ...(mode.kind === 'enhanced' && mode.application !== 'NE' ? { applicationAck: mode.application } : {}),
      configVersion: this.#deps.configVersion(),
      bytes,
      retentionDays: feed.retentionDays,
    };
  }

  async #store(message: NewMessage, seen: Peek, mode: AckMode, feed: Feed): Promise<Answer> {
    const { journal, translate, gate, log } = this.#deps;
    let appended: Appended;
    translate.pace.arrived();
    try {
      appended = await journal.append(message, translate.takesDirect(urgencyOf(message)));
    } catch (error) {
      return this.#trouble(seen, mode, feed, error);
    } finally {
      translate.pace.received();
    }
    if (appended.outcome === 'stored') {
      gate.added(feed.id);
      if (appended.flagged) log('message.control-id-reused', { id: appended.id, feed: feed.id });
      const { bytes, hash, receivedAt, trigger, lane, partner, controlId, applicationAck } = message;
      if (appended.lease > 0) {
        const { id, lease } = appended;
        const more = applicationAck ? { applicationAck } : {};
        const held = { id, lease, feed: feed.id, partner, controlId, hash, receivedAt, trigger, lane, bytes, ...more };
        translate.offer({ ...held, tries: 1, replays: 0 });
      } else translate.wake();
    } else if (appended.retried) {
      this.#deps.outcomes.forget(appended.id);
      translate.wake();
    }
    return this.#answer(message, appended, mode, feed, seen);
  }

  async #answer(message: NewMessage, appended: Appended, mode: AckMode, feed: Feed, seen: Peek): Promise<Answer> {
    const { id } = appended;
    if (mode.kind === 'enhanced') {
      return wishes(mode.accept, true)
        ? this.#positive(seen.message, id, 'CA', ackAt(appended, message))
        : { code: 'CA', after: 'keep' };
    }
    if (message.ackOnCommit) return this.#positive(seen.message, id, 'AA', ackAt(appended, message));
    if (appended.outcome === 'repeat' && appended.ackCode === 'AA' && appended.ackAt !== undefined) {
      return this.#positive(seen.message, id, 'AA', appended.ackAt, appended.reason);
    }
    const outcome = await this.#outcome(id, feed);
    return outcome ? this.#settled(seen.message, id, outcome) : this.#late(seen, id, feed);
  }

  /** Another hub on the same database may be the one that works on it: its outcome is seen in the row. */
  async #outcome(id: number, feed: Feed): Promise<Outcome | undefined> {
    const { outcomes, journal, shared, now } = this.#deps;
    if (!shared) return outcomes.wait(id, feed.ackWaitMs);
    const end = now() + feed.ackWaitMs;
    for (let stepMs = LOOK_FIRST_MS; ; stepMs = Math.min(stepMs * 2, LOOK_MAX_MS)) {
      const outcome = await outcomes.wait(id, Math.max(0, Math.min(stepMs, end - now())));
      if (outcome || this.#stopping || now() >= end) return outcome;
      const row = await journal.one(id).catch(() => undefined);
      const seen = row && outcomeOf(row);
      if (seen) return seen;
    }
  }

  #settled(request: Message, id: number, outcome: Outcome): Answer {
    const at = outcome.at;
    if (outcome.kind !== 'parked') return this.#positive(request, id, 'AA', at, outcome.reason);
    const code = outcome.ackCode === 'AR' ? 'AR' : 'AE';
    const ack = ackBytes(request, { code, journalId: id, at, reason: outcome.reason });
    return { bytes: ack, code, after: 'keep', settled: this.#marks.forMessage(id) };
  }

  /** It is on disk and its turn has not come: the sender need not keep it, and the row shows as late. */
  #late({ message: request, triggerEvent }: Peek, id: number, feed: Feed): Answer {
    const { now, log } = this.#deps;
    const at = now();
    log('apply.late', { id, feed: feed.id, event: triggerEvent ?? '' });
    this.#marks.late(id);
    const reason = { code: 'apply.late', text: FAILURES['apply.late'].text, severity: 'I' as const };
    const ack = ackBytes(request, { code: 'AA', journalId: id, at, reason });
    return { bytes: ack, code: 'AA', after: 'keep', settled: this.#marks.forMessage(id) };
  }

  /** `reason`: what was left out (a parked part, a trigger without a map), said as a warning. */
  #positive(request: Message, id: number, code: 'AA' | 'CA', at: number, reason?: MessageReason): Answer {
    const warning = reason ? { reason: { ...reason, severity: 'W' as const } } : {};
    const ack = ackBytes(request, { code, journalId: id, at, ...warning });
    return { bytes: ack, code, after: 'keep', settled: this.#marks.forMessage(id) };
  }

  #refused({ message }: Peek, mode: AckMode, { code, location }: Refusal): Answer {
    const failure = failureOf(code);
    const { http } = failure;
    if (mode.kind === 'enhanced' && !wishes(mode.accept, false)) {
      return { code: accept(failure.ack), http, after: 'keep' };
    }
    const said = mode.kind === 'enhanced' ? accept(failure.ack) : failure.ack;
    const reason = { code, location, text: failure.text };
    return {
      bytes: ackBytes(message, { code: said, at: this.#deps.now(), reason }),
      code: said,
      http,
      after: 'keep',
    };
  }

  /** Our own trouble: nothing is on disk, so nothing positive is said. */
  #trouble(seen: Peek, mode: AckMode, feed: Feed, error: unknown): Answer {
    const thrown = (error as { readonly code?: unknown }).code;
    const code = typeof thrown === 'string' && thrown in FAILURES ? (thrown as FailureCode) : 'database.failed';
    this.#deps.log(code, { feed: feed.id });
    if (feed.onTrouble === 'close') return { after: 'close' };
    return this.#refused(seen, mode, { code, location: 'MSH[1]' });
  }
}

/** In enhanced mode the application ACK comes later: nobody waits on the connection. */
function urgencyOf({ lane, ackOnCommit }: NewMessage): Urgency {
  if (lane === 'safety') return 'safety';
  return ackOnCommit === undefined ? 'waited' : 'normal';
}

const LOOK_FIRST_MS = 50;
const LOOK_MAX_MS = 1000;

function ackAt(appended: Appended, message: NewMessage): number {
  return appended.outcome === 'repeat' ? (appended.ackAt ?? message.receivedAt) : appended.ackAt;
}

/**
 * One lane per identifier the message names. The assigner is left out on purpose: the same one can be named in two ways, and two
 * patients who share a number only wait for each other. Rule: DESIGN 3 "Lanes".
 */
function lanesOf(seen: Peek, partner: Partner, lane: 'safety' | 'normal'): readonly string[] {
  return seen.patients.map((id) => laneKey(partner.id, lane, id.trim().toUpperCase()));
}
