import type { Database } from '../model/database.ts';
import type {
  Appended,
  Backlog,
  ClaimedMessage,
  MessageRow,
  NewMessage,
  SettledMessage,
  UntoldMessage,
} from '../model/journal.ts';
import type { MessageQuery } from './journal-queries.ts';

interface Waiting {
  readonly message: NewMessage;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** One command takes at most this many messages and bytes, so that a burst of large ones does not hold the small ones back. */
const APPEND_MAX = 256;
const APPEND_MAX_BYTES = 4 * 1024 * 1024;

/**
 * The journal as the loops see it. Appends of one turn of the event loop go as one command, and the writer commits whatever has
 * gathered with one fsync. `append` resolves after that commit and means "on disk", nothing more.
 */
export class Journal {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #leaseMs: number;
  /** Messages that head their lanes are taken at once, and others left to `claim`. */
  #direct: Waiting[] = [];
  #queued: Waiting[] = [];
  #scheduled = false;

  constructor(db: Database, options: { readonly now: () => number; readonly leaseMs: number }) {
    this.#db = db;
    this.#now = options.now;
    this.#leaseMs = options.leaseMs;
  }

  /** `direct`: the caller works on the message itself if it heads its lanes, without a claim. */
  append(message: NewMessage, direct: boolean): Promise<Appended> {
    return new Promise((resolve, reject) => {
      (direct ? this.#direct : this.#queued).push({ message, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const [direct, queued] = [this.#direct, this.#queued];
    this.#direct = [];
    this.#queued = [];
    for (const some of slices(direct)) void this.#write(some, this.#leaseMs);
    for (const some of slices(queued)) void this.#write(some, 0);
  }

  async #write(batch: readonly Waiting[], leaseMs: number): Promise<void> {
    try {
      const messages = batch.map(({ message }) => message);
      const appended = await this.#db.write<Appended[]>('journal.append', { messages, leaseMs, now: this.#now() });
      for (const [i, waiting] of batch.entries()) waiting.resolve(appended[i]!);
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
  }

  claim(limit: number): Promise<ClaimedMessage[]> {
    return this.#db.write('journal.claim', { limit, leaseMs: this.#leaseMs, now: this.#now() });
  }

  /** Settles and claims in one transaction. What nothing else holds, a refusal for one, is on disk when it resolves. */
  settle(
    settled: readonly SettledMessage[],
    limit: number,
  ): Promise<{
    readonly lost: readonly number[];
    /** Messages that came forward in their lanes, claimed here or not. */
    readonly freed: number;
    readonly claimed: readonly ClaimedMessage[];
  }> {
    const isElsewhere = settled.every(({ outcome }) => outcome.kind === 'applied' || outcome.kind === 'again');
    const command = isElsewhere ? 'journal.settle-applied' : 'journal.settle';
    return this.#db.write(command, { settled, limit, leaseMs: this.#leaseMs, now: this.#now() });
  }

  late(ids: readonly number[]): Promise<number> {
    return this.#db.write('journal.late', { ids, now: this.#now() });
  }

  answered(written: readonly number[], unwritten: readonly number[]): Promise<void> {
    return this.#db.write('journal.answered', { written, unwritten });
  }

  /** Gives back leases that ended; with `all` every lease (one process per SQLite home: nobody else can hold one). */
  reclaim(all: boolean): Promise<number> {
    return this.#db.write('journal.reclaim', { before: all ? Number.MAX_SAFE_INTEGER : this.#now() });
  }

  retry(ids: readonly number[]): Promise<number> {
    return this.#db.write('journal.retry', { ids });
  }

  /** Gives those that run again; one that is under way just now does not. */
  replay(ids: readonly number[]): Promise<number[]> {
    return this.#db.write('journal.replay', { ids });
  }

  dismiss(id: number, text: string): Promise<boolean> {
    return this.#db.write('journal.dismiss', { id, text, now: this.#now() });
  }

  untold(): Promise<UntoldMessage[]> {
    return this.#db.write('journal.untold', {});
  }

  told(id: number): Promise<number> {
    return this.#db.write('journal.told', { id });
  }

  purge(limit: number): Promise<number> {
    return this.#db.write('journal.purge', { now: this.#now(), limit });
  }

  preparePartitions(): Promise<void> {
    return this.#db.write('journal.partitions', { now: this.#now() });
  }

  list(query: MessageQuery): Promise<MessageRow[]> {
    return this.#db.read('journal.list', query);
  }

  one(id: number): Promise<MessageRow | undefined> {
    return this.#db.read('journal.one', { id });
  }

  body(id: number): Promise<Uint8Array | undefined> {
    return this.#db.read('journal.body', { id });
  }

  range(after: number, limit: number): Promise<number[]> {
    return this.#db.read('journal.range', { after, limit });
  }

  backlog(): Promise<Backlog[]> {
    return this.#db.read('journal.backlog', {});
  }

  counts(): Promise<Readonly<Record<string, number>>> {
    return this.#db.read('journal.counts', {});
  }
}

function* slices(batch: readonly Waiting[]): Generator<readonly Waiting[]> {
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < batch.length; i += 1) {
    bytes += batch[i]!.message.bytes.length;
    if (i + 1 - from < APPEND_MAX && bytes < APPEND_MAX_BYTES) continue;
    yield batch.slice(from, i + 1);
    from = i + 1;
    bytes = 0;
  }
  if (from < batch.length) yield batch.slice(from);
}
