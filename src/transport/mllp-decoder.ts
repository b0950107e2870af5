const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;
const LF = 0x0a;

/** What a receiver keeps of a frame it cannot accept: enough to read MSH and name the message in the refusal. */
const HEAD_MAX_BYTES = 4096;

/** A run of junk is reported at least this often, so that a stream without a single frame is noticed. */
const JUNK_REPORT_BYTES = 65_536;

const FRAME_STARTS = ['MSH', 'FHS', 'BHS'];

export type BrokenWhy =
  /** A frame with no content. */
  | 'empty'
  /** A new frame began before this one ended. */
  | 'restarted'
  /** The sender ended the connection inside the frame. */
  | 'truncated'
  /** The frame passes the limit; reported when it does, the rest is read and thrown away. */
  | 'oversize';

export type FrameEvent =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  /** `bytesCount` counts content; `head` is its beginning. For `oversize` the count is what had arrived at the limit. */
  | { readonly kind: 'broken'; readonly why: BrokenWhy; readonly bytesCount: number; readonly head: Uint8Array }
  /** The rest of an oversized frame has passed; `bytesCount` is the whole content. */
  | { readonly kind: 'discarded'; readonly bytesCount: number }
  /** Bytes outside frames other than CR and LF, which are tolerated in silence. */
  | { readonly kind: 'junk'; readonly bytesCount: number };

type Mode = 'between' | 'frame' | 'discard';

/**
 * Cuts a byte stream into MLLP frames; a frame is not yet a message. Gives the same events however the stream is split.
 *
 * - VT begins a frame. CR and LF between frames are ignored, other bytes there are junk: counted, reported, skipped.
 * - A frame ends at FS when CR, LF or VT follows, or the end of the stream; the VT begins the next frame. FS before any
 *   other byte is content: to end there would pass off part of a message as the whole. A sender that leaves out the CR
 *   and waits for its ACK is served by `settle`, which the owner calls after a short silence.
 * - VT inside a frame begins a new one, and the unfinished frame is broken, if MSH, FHS, BHS or FS follows. Before
 *   anything else it is content: word processors leave vertical tabs in notes that senders forget to clean.
 *   VT directly after VT is junk.
 * - The end of the stream ends no frame, except after FS.
 *
 * Costs time in proportion to the bytes fed, and memory up to twice the limit plus one chunk. A frame inside one chunk
 * is a view of that chunk. Rule: HL7 Transport Specification MLLP Release 1; DOMAIN C0.
 */
export class FrameDecoder {
  readonly #frameMaxBytes: number;
  #mode: Mode = 'between';
  /** VT or FS whose meaning the next bytes decide, with the bytes after VT seen so far; '' when none. */
  #pending = '';
  /** Content of the frame at hand that came in earlier chunks. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  #discardedBytes = 0;
  #junkBytes = 0;
  #frameNumber = 0;

  // The chunk at hand; only meaningful inside `feed`.
  #chunk: Buffer = Buffer.alloc(0);
  /** Where content that is not yet held begins in the chunk. */
  #from = 0;
  /** How many of the pending bytes came in earlier chunks. */
  #pendingCarried = 0;
  #events: FrameEvent[] = [];

  constructor(limits: { readonly frameMaxBytes: number }) {
    this.#frameMaxBytes = limits.frameMaxBytes;
  }

  /** True between the VT and the end of a frame. */
  get unfinished(): boolean {
    return this.#mode !== 'between';
  }

  /** True after an FS whose next byte has not come. */
  get awaitingTail(): boolean {
    return this.#pending.charCodeAt(0) === FS;
  }

  /** Content of the unfinished frame that is kept in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Bytes outside frames that are not reported yet, because the run of junk may go on. */
  get junkBytes(): number {
    return this.#junkBytes;
  }

  /** Grows with each frame begun: tells whether the unfinished frame is still the same one. */
  get frameNumber(): number {
    return this.#frameNumber;
  }

  feed(bytes: Uint8Array): FrameEvent[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#chunk = chunk;
    this.#from = 0;
    this.#pendingCarried = this.#pending.length;
    // Remembered so that each byte is searched once for each mark, however many of the other mark there are.
    let nextVt = -1;
    let nextFs = -1;
    let at = 0;
    while (at < chunk.length) {
      if (this.#pending !== '') {
        at = this.#decide(at);
        continue;
      }
      if (nextVt < at) nextVt = indexFrom(chunk, VT, at);
      if (this.#mode === 'between') {
        this.#junk(at, nextVt);
        at = nextVt;
        if (at < chunk.length) this.#begin(++at);
        continue;
      }
      if (nextFs < at) nextFs = indexFrom(chunk, FS, at);
      at = Math.min(nextVt, nextFs);
      this.#measure(at);
      if (at < chunk.length) at = this.#mark(at);
    }
    return this.#finishChunk();
  }

  /** Takes an FS that nothing followed for a while as the end of its frame. Without one, does nothing. */
  settle(): FrameEvent[] {
    this.#from = 0;
    if (this.awaitingTail) this.#end(0);
    return this.#takeEvents();
  }

  /** The stream is over: reports what is unfinished. The decoder is as new afterwards. */
  end(): FrameEvent[] {
    this.#from = 0;
    if (this.awaitingTail) this.#end(0);
    if (this.#mode === 'discard') {
      const bytesCount = this.#discardedBytes + this.#pending.length;
      this.#event({ kind: 'discarded', bytesCount });
    } else if (this.#mode === 'frame') {
      this.#hold(Buffer.from(this.#pending, 'latin1'));
      this.#broken('truncated', this.#heldBytes, 0);
    }
    this.#release();
    this.#settlePending();
    this.#mode = 'between';
    this.#reportJunk();
    return this.#takeEvents();
  }

  /** Where the pending mark began, as an index of this chunk: content before it belongs to the frame. */
  #pendingStart(at: number): number {
    return at - (this.#pending.length - this.#pendingCarried);
  }

  /** Reads the byte at `at` in the light of the pending mark. Gives the index to go on from. */
  #decide(at: number): number {
    const byte = this.#chunk[at]!;
    if (this.#pending.charCodeAt(0) === FS) {
      if (byte !== CR && byte !== LF && byte !== VT) return this.#pendingIsContent(at);
      this.#end(this.#pendingStart(at));
      if (byte === VT) this.#begin(at + 1);
      return at + 1;
    }
    const seen = this.#pending.slice(1);
    if (seen === '' && byte === FS) {
      this.#restart(this.#pendingStart(at), at);
      return at;
    }
    const start = seen + String.fromCharCode(byte);
    if (!FRAME_STARTS.some((known) => known.startsWith(start))) return this.#pendingIsContent(at);
    if (start.length < 3) {
      this.#pending += String.fromCharCode(byte);
      return at + 1;
    }
    const carried = Math.max(0, this.#pendingCarried - 1);
    this.#restart(this.#pendingStart(at), at - (seen.length - carried), seen.slice(0, carried));
    this.#measure(at + 1);
    return at + 1;
  }

  #pendingIsContent(at: number): number {
    const carried = this.#pending.slice(0, this.#pendingCarried);
    if (carried !== '' && this.#mode === 'frame') this.#hold(Buffer.from(carried, 'latin1'));
    if (this.#mode === 'discard') this.#discardedBytes += this.#pendingCarried;
    this.#settlePending();
    this.#measure(at);
    return at;
  }

  #settlePending(): void {
    this.#pending = '';
    this.#pendingCarried = 0;
  }

  /** A VT or FS inside a frame at `at`. */
  #mark(at: number): number {
    const byte = this.#chunk[at]!;
    if (byte === VT && this.#mode === 'frame' && this.#heldBytes + at - this.#from === 0) {
      this.#junkBytes += 1;
      this.#reportJunk();
      this.#from = at + 1;
      return at + 1;
    }
    this.#pending = String.fromCharCode(byte);
    this.#pendingCarried = 0;
    return at + 1;
  }

  #begin(at: number): void {
    this.#reportJunk();
    this.#mode = 'frame';
    this.#frameNumber += 1;
    this.#from = at;
  }

  /** The frame at hand breaks off at `until`; the next one's content begins with `carried` and goes on at `at`. */
  #restart(until: number, at: number, carried = ''): void {
    if (this.#mode === 'discard') {
      this.#discardedBytes += until - this.#from;
      this.#event({ kind: 'discarded', bytesCount: this.#discardedBytes });
    } else {
      this.#broken('restarted', this.#heldBytes + until - this.#from, until);
    }
    this.#release();
    this.#settlePending();
    this.#begin(at);
    if (carried !== '') this.#hold(Buffer.from(carried, 'latin1'));
  }

  #end(until: number): void {
    const bytesCount = this.#heldBytes + until - this.#from;
    if (this.#mode === 'discard') {
      this.#discardedBytes += until - this.#from;
      this.#event({ kind: 'discarded', bytesCount: this.#discardedBytes });
    } else if (bytesCount === 0) {
      this.#broken('empty', 0, until);
    } else {
      this.#event({ kind: 'frame', bytes: this.#content(until) });
    }
    this.#release();
    this.#settlePending();
    this.#mode = 'between';
  }

  /** Content is known up to `until`: declares the frame oversized if that passes the limit. */
  #measure(until: number): void {
    if (this.#mode === 'discard') {
      this.#discardedBytes += until - this.#from;
      this.#from = until;
      return;
    }
    const bytesCount = this.#heldBytes + until - this.#from;
    if (bytesCount <= this.#frameMaxBytes) return;
    this.#broken('oversize', this.#frameMaxBytes + 1, until);
    this.#mode = 'discard';
    this.#release();
    this.#discardedBytes = bytesCount;
    this.#from = until;
  }

  #content(until: number): Buffer {
    if (this.#heldBytes === 0) return this.#chunk.subarray(this.#from, until);
    this.#hold(this.#chunk.subarray(this.#from, until));
    return this.#held.subarray(0, this.#heldBytes);
  }

  /** Copies into a buffer that doubles: each byte is copied a bounded number of times, whatever the size of chunks. */
  #hold(bytes: Buffer): void {
    const needed = this.#heldBytes + bytes.length;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#held.length * 2, 1024));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes);
    this.#heldBytes = needed;
  }

  /** Never reuses the buffer: a frame handed out may be a view of it. */
  #release(): void {
    if (this.#heldBytes > 0) this.#held = Buffer.alloc(0);
    this.#heldBytes = 0;
    this.#discardedBytes = 0;
  }

  #broken(why: BrokenWhy, bytesCount: number, until: number): void {
    const content = [this.#held.subarray(0, this.#heldBytes), this.#chunk.subarray(this.#from, until)];
    const head = Buffer.concat(content, Math.min(bytesCount, HEAD_MAX_BYTES));
    this.#event({ kind: 'broken', why, bytesCount, head });
  }

  #junk(from: number, until: number): void {
    for (let at = from; at < until; at += 1) {
      const byte = this.#chunk[at];
      if (byte === CR || byte === LF) continue;
      this.#junkBytes += 1;
      if (this.#junkBytes === JUNK_REPORT_BYTES) this.#reportJunk();
    }
  }

  #reportJunk(): void {
    if (this.#junkBytes > 0) this.#event({ kind: 'junk', bytesCount: this.#junkBytes });
    this.#junkBytes = 0;
  }

  #event(event: FrameEvent): void {
    this.#events.push(event);
  }

  #finishChunk(): FrameEvent[] {
    if (this.#mode === 'frame') this.#hold(this.#chunk.subarray(this.#from, this.#pendingStart(this.#chunk.length)));
    this.#chunk = Buffer.alloc(0);
    return this.#takeEvents();
  }

  #takeEvents(): FrameEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

function indexFrom(chunk: Buffer, byte: number, at: number): number {
  const found = chunk.indexOf(byte, at);
  return found < 0 ? chunk.length : found;
}
