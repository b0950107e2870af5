import type { Socket } from 'node:net';
import { FrameDecoder, type FrameEvent } from '../mllp-decoder.ts';
import { frame } from '../mllp-frame.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { BrokenFrame, Gate, MllpCounters, MllpHandlers, MllpLimits, Peer, Reply } from './mllp-contract.ts';

/** How long an FS may wait for its CR before it counts as the end of the frame. */
const TAIL_MS = 100;
/** How long a connection we ended may take to end its side. */
const LINGER_MS = 2_000;
const JUNK_MAX_BYTES = 1_048_576;
const REFUSED_HEAD_BYTES = 4096;

interface Slot {
  reply?: Reply;
}

export interface ConnectionSetup extends MllpHandlers {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly limits: MllpLimits;
  readonly counters: MllpCounters;
  readonly memory: MemoryBudget;
  readonly paused: boolean;
  readonly closed: (connection: InboundConnection) => void;
}

/**
 * One sender's connection. Frames are handled concurrently and answered in the order they came.
 * Reading stops while too many frames wait for answers, the sender leaves its ACKs unread, or the gate is not open.
 */
export class InboundConnection {
  readonly #setup: ConnectionSetup;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  /** Read and not yet looked at. */
  #events: FrameEvent[] = [];
  #slots: Slot[] = [];
  #outputFull = false;
  #gateHeld = false;
  #memoryHeld = false;
  #unfinishedBytes = 0;
  #paused: boolean;
  /** No more bytes are to come, or we want no more: answer what was read, then end. */
  #ended = false;
  #finished = false;
  #advancing = false;
  #junkBytes = 0;
  #frameTimer: NodeJS.Timeout | undefined;
  #frameTimed = -1;
  #tailTimer: NodeJS.Timeout | undefined;

  constructor(setup: ConnectionSetup) {
    this.#setup = setup;
    this.#socket = setup.socket;
    this.#paused = setup.paused;
    this.#decoder = new FrameDecoder(setup.limits);
    this.#listen();
  }

  /** True while the gate or the memory of all connections holds this one back: it is advanced again from time to time. */
  get held(): boolean {
    return this.#gateHeld || this.#memoryHeld;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.advance();
  }

  /** Reads no more; ends when the frames already handed on are answered. Frames not yet handed on stay unanswered. */
  drain(): void {
    this.#dropUnhandled();
    this.#ended = true;
    this.advance();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Hands on what limits and gate allow. */
  advance(): void {
    // A handler may call back into the listener (pause, close) while it is called.
    if (this.#advancing) return;
    this.#advancing = true;
    let taken = 0;
    this.#gateHeld = false;
    while (taken < this.#events.length && this.#mayTake()) {
      const event = this.#events[taken]!;
      const gate = event.kind === 'frame' ? this.#gate() : 'open';
      this.#gateHeld = gate === 'paused';
      if (this.#gateHeld) break;
      taken += 1;
      this.#take(event, gate);
    }
    if (taken > 0) this.#events.splice(0, taken);
    this.#advancing = false;
    if (this.#ended && this.#events.length === 0 && this.#slots.length === 0) this.#finish();
    this.#regulate();
  }

  /** A gate that fails does not let in. */
  #gate(): Gate {
    try {
      return this.#setup.gate?.() ?? 'open';
    } catch (error) {
      this.#logFailure(error);
      return 'paused';
    }
  }

  #mayTake(): boolean {
    const full = this.#slots.length >= this.#setup.limits.inFlightMax;
    return !full && !this.#outputFull && !this.#paused && !this.#finished;
  }

  #take(event: FrameEvent, gate: Gate): void {
    const { counters, log, memory, peer } = this.#setup;
    if (event.kind === 'junk') this.#takeJunk(event.bytesCount);
    else if (event.kind === 'broken') this.#refuse(event);
    else if (event.kind === 'frame' && gate === 'refuse') {
      const head = event.bytes.subarray(0, REFUSED_HEAD_BYTES);
      memory.handed(-event.bytes.length);
      this.#refuse({ why: 'refused', bytesCount: event.bytes.length, head });
    } else if (event.kind === 'frame') {
      counters.frames += 1;
      this.#handle(event.bytes);
    } else {
      log('transport.junk', { peer: peer.id, oversizeBytes: event.bytesCount });
    }
  }

  #takeJunk(bytesCount: number): void {
    const { counters, log, peer } = this.#setup;
    counters.junkBytes += bytesCount;
    this.#junkBytes += bytesCount;
    log('transport.junk', { peer: peer.id, bytesCount });
    if (this.#junkBytes <= JUNK_MAX_BYTES) return;
    log('transport.junk-max', { peer: peer.id, bytesCount: this.#junkBytes });
    this.#ended = true;
  }

  #refuse(broken: BrokenFrame): void {
    const { counters, log, onBroken, peer } = this.#setup;
    counters.broken[broken.why] += 1;
    // A whole frame the gate did not let in is its handler's to tell.
    if (broken.why !== 'refused')
      log('transport.frame-broken', { peer: peer.id, why: broken.why, bytesCount: broken.bytesCount });
    try {
      const reply = onBroken({ why: broken.why, bytesCount: broken.bytesCount, head: broken.head }, peer);
      if (reply) this.#slots.push({ reply });
    } catch (error) {
      this.#handlerFailed(error, this.#slot());
    }
    this.#flush();
  }

  #handle(bytes: Uint8Array): void {
    const slot = this.#slot();
    const answered = (reply: Reply): void => {
      this.#setup.memory.handed(-bytes.length);
      slot.reply = reply;
      if (this.#finished) this.#lost(slot);
      else this.#flush();
      this.advance();
    };
    const failed = (error: unknown): void => {
      this.#setup.memory.handed(-bytes.length);
      this.#handlerFailed(error, slot);
      this.#flush();
      this.advance();
    };
    try {
      this.#setup.onFrame(bytes, this.#setup.peer).then(answered, failed);
    } catch (error) {
      failed(error);
    }
  }

  #slot(): Slot {
    const slot: Slot = {};
    this.#slots.push(slot);
    return slot;
  }

  /** The sender must not take our failure for an answer: it gets none, and repeats. */
  #handlerFailed(error: unknown, slot: Slot): void {
    this.#logFailure(error);
    slot.reply = { after: 'close' };
  }

  #logFailure(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.#setup.log('transport.handler-failed', { peer: this.#setup.peer.id, error: name });
  }

  #tell(settled: Reply['settled'], written: boolean): void {
    try {
      settled?.(written);
    } catch (error) {
      this.#logFailure(error);
    }
  }

  /** Writes every answer whose turn has come. */
  #flush(): void {
    if (this.#finished || !this.#slots[0]?.reply) return;
    const several = this.#slots[1]?.reply !== undefined;
    if (several) this.#socket.cork();
    while (!this.#finished && this.#slots[0]?.reply) {
      const { bytes, after, settled } = this.#slots.shift()!.reply!;
      if (bytes) this.#write(bytes, settled);
      if (after === 'close') this.#finish();
    }
    if (several) this.#socket.uncork();
  }

  #write(bytes: Uint8Array, settled: Reply['settled']): void {
    const { counters, log, peer } = this.#setup;
    const framed = frame(bytes);
    if (!framed || !this.#socket.writable) {
      if (!framed) log('transport.payload-unframeable', { peer: peer.id });
      counters.unanswered += 1;
      this.#tell(settled, false);
      this.#finish();
      return;
    }
    counters.answers += 1;
    counters.bytesOut += framed.length;
    const told = settled && ((error?: Error | null) => this.#tell(settled, !error));
    const ready = this.#socket.write(framed, told);
    if (!ready) this.#outputFull = true;
  }

  /** Frames read and not handed on when the connection goes: not stored, not answered, so still in the sender's hands. */
  #dropUnhandled(): void {
    const { counters, log, memory, peer } = this.#setup;
    const frames = this.#events.filter((event) => event.kind === 'frame');
    if (frames.length > 0) log('transport.closed', { peer: peer.id, framesCount: frames.length });
    counters.unanswered += frames.length;
    for (const { bytes } of frames) memory.handed(-bytes.length);
    this.#events = [];
  }

  #lost(slot: Slot): void {
    this.#setup.counters.unanswered += 1;
    this.#tell(slot.reply?.settled, false);
  }

  /** Ends our side after what is written, then waits a little for the sender to end its own. */
  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#clearTimers();
    this.#dropUnhandled();
    this.#decoder.end();
    this.#countUnfinished();
    this.#setup.memory.release(this);
    for (const slot of this.#slots) if (slot.reply) this.#lost(slot);
    this.#slots = [];
    this.#socket.end();
    // Unread bytes would turn our end into a reset, which can take the last ACK with it: they are read and dropped.
    this.#socket.resume();
    this.#socket.setTimeout(0);
    this.#frameTimer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
  }

  #listen(): void {
    const { counters, limits, peer, log, closed } = this.#setup;
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      log('transport.reset', { peer: peer.id, error: error.code ?? error.name });
    });
    this.#socket.on('data', (chunk: Buffer) => {
      counters.bytesIn += chunk.length;
      if (this.#finished || this.#ended) return;
      this.#add(this.#decoder.feed(chunk));
    });
    this.#socket.on('end', () => this.#noMore());
    this.#socket.on('drain', () => {
      this.#outputFull = false;
      this.advance();
    });
    this.#socket.on('close', () => {
      // A broken connection ends no frame either: what was unfinished is counted, and nobody is left to be told.
      this.#noMore();
      this.#finish();
      this.#clearTimers();
      closed(this);
    });
    this.#socket.on('timeout', () => this.#quiet());
    this.#socket.setTimeout(limits.idleTimeoutMs);
    this.#socket.setNoDelay(true);
    this.#regulate();
  }

  #noMore(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#add(this.#decoder.end());
  }

  #add(events: FrameEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      if (event.kind === 'frame') this.#setup.memory.handed(event.bytes.length);
    }
    this.#countUnfinished();
    clearTimeout(this.#tailTimer);
    if (this.#decoder.awaitingTail) this.#tailTimer = setTimeout(() => this.#add(this.#decoder.settle()), TAIL_MS);
    this.advance();
  }

  #countUnfinished(): void {
    this.#setup.memory.unfinished(this.#decoder.heldBytes - this.#unfinishedBytes);
    this.#unfinishedBytes = this.#decoder.heldBytes;
  }

  /** Reads or does not, and times the unfinished frame only while it reads. */
  #regulate(): void {
    if (this.#finished) return;
    const { limits, memory } = this.#setup;
    const willing = this.#events.length === 0 && this.#mayTake();
    // One that holds itself back must not keep the place that lets others go on.
    if (!willing) memory.release(this);
    const reading = willing && memory.mayRead(this, this.#decoder.unfinished);
    this.#memoryHeld = willing && !reading;
    if (reading) this.#socket.resume();
    else this.#socket.pause();
    const timed = reading && this.#decoder.unfinished && !this.#ended ? this.#decoder.frameNumber : -1;
    if (timed === this.#frameTimed) return;
    this.#frameTimed = timed;
    clearTimeout(this.#frameTimer);
    if (timed >= 0) this.#frameTimer = setTimeout(() => this.#frameLate(), limits.frameTimeoutMs);
  }

  #frameLate(): void {
    this.#setup.log('transport.frame-timeout', { peer: this.#setup.peer.id });
    this.#noMore();
  }

  #quiet(): void {
    const ours = this.#slots.length > 0 || this.held || this.#paused;
    if (this.#socket.writableLength > 0) {
      this.#setup.log('transport.ack-not-read', { peer: this.#setup.peer.id });
      this.#socket.destroy();
    } else if (ours) {
      this.#socket.setTimeout(this.#setup.limits.idleTimeoutMs);
    } else {
      this.#setup.log('transport.idle', { peer: this.#setup.peer.id });
      this.#noMore();
    }
  }

  #clearTimers(): void {
    clearTimeout(this.#frameTimer);
    clearTimeout(this.#tailTimer);
  }
}
