import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** Address of a PostgreSQL server on which databases may be made, e.g. `postgres://postgres@127.0.0.1:5432/postgres`. */
export const SERVER = process.env.HANDOFF_TEST_POSTGRES;

/** An empty database of one test. */
export interface ScratchDatabase {
  readonly url: string;
  query<R extends object>(statement: string): Promise<R[]>;
  drop(): Promise<void>;
}

async function ask<R extends object>(url: string, statement: string): Promise<R[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(statement)).rows as R[];
  } finally {
    await client.end();
  }
}

export async function scratchDatabase(): Promise<ScratchDatabase> {
  const server = SERVER as string;
  const name = `handoff_e2e_${randomUUID().replaceAll('-', '')}`;
  await ask(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (statement) => ask(url.href, statement),
    drop: async () => {
      await ask(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
