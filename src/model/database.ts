/**
 * The one door to a database. A command is a named function that runs next to the data: in the writer or reader worker (SQLite),
 * or on a pooled connection (PostgreSQL). Arguments and results are structured-cloneable values.
 */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * Runs the command in a transaction of its own (SQLite: one with whatever else is queued, and one fsync for all).
   * Resolves only after the commit is durable, but for commands marked `unsynced`. A throw rolls back this command alone.
   */
  write<R>(command: string, args: unknown): Promise<R>;
  /** Runs the command on a read-only snapshot, within the reader's time limit; exceeding it rejects with code `database.timeout`. */
  read<R>(command: string, args: unknown): Promise<R>;
  /** Calls after each commit of this process that queued jobs. */
  onJobs(listener: () => void): void;
  close(): Promise<void>;
}
