import type { Database } from '../model/database.ts';
import type { Stored } from '../model/store.ts';
import type { Visibility } from '../model/visibility.ts';
import type { ReadArgs } from './commands.ts';

interface Waiting {
  readonly type: string;
  readonly id: string;
  readonly as: Visibility;
  readonly resolve: (found: Stored | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads by id that are asked for in one turn of the loop are one command: bots start in groups, and every command costs a round trip.
 * One that fails keeps no other from its answer.
 */
export class ReadTogether {
  readonly #database: Pick<Database, 'read'>;
  #waiting: Waiting[] = [];

  constructor(database: Pick<Database, 'read'>) {
    this.#database = database;
  }

  read(type: string, id: string, as: Visibility): Promise<Stored | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ type, id, as, resolve, reject }) === 1) process.nextTick(() => this.#ask());
    });
  }

  #ask(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const group of Map.groupBy(waiting, ({ as }) => as).values()) void this.#answer(group);
  }

  async #answer(group: readonly Waiting[]): Promise<void> {
    try {
      const keys = group.map(({ type, id }) => ({ type, id }));
      const args: ReadArgs = { keys, as: group[0]!.as };
      const found = await this.#database.read<(Stored | undefined)[]>('store.read', args);
      for (const [at, { resolve }] of group.entries()) resolve(found[at]);
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      else for (const each of group) void this.#answer([each]);
    }
  }
}
