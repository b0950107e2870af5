import { randomInt } from 'node:crypto';
import pg from 'pg';

/** First key of the advisory locks by which hubs on one database see that another one lives. The second is its number. */
export const HOLDER_LOCKS = 72_042;

const AGAIN_MS = 1000;

/**
 * The sign of life of this process: a lock that the server lets go of at the instant the connection ends, however the process dies.
 * What a hub has claimed carries its number (`Tx.holder`); the others take it over when its lock is gone, and else when the lease ends.
 */
export class Holder {
  readonly id = randomInt(1, 2 ** 31 - 1);
  readonly #url: string;
  #client: pg.Client | undefined;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Takes the lock; throws when the server cannot be reached. A connection that breaks later is made anew under the same number. */
  async take(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true, connectionTimeoutMillis: 5000 });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1, $2)', [HOLDER_LOCKS, this.id]);
    this.#client = client;
    if (this.#closed) await client.end();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    await this.#client?.end();
  }

  /** Meanwhile others may take over what this hub works on: the lease then makes its settling nothing, and a partner sees a repeat. */
  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#retake();
  }

  #retake(): void {
    if (this.#closed) return;
    this.#again = setTimeout(() => void this.take().catch(() => this.#retake()), AGAIN_MS);
    this.#again.unref();
  }
}
