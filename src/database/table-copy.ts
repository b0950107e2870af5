import { hash } from 'node:crypto';
import { DatabaseError } from './command.ts';

/** What a column holds, by PostgreSQL's catalogue: SQLite has only affinities. */
export interface Column {
  readonly name: string;
  /** `bigint`, `integer`, `double precision`, `text` or `bytea`. */
  readonly type: string;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** A cell in the form both engines can be brought to: PostgreSQL's text of it, or bytes. */
export type Cell = string | Uint8Array | null;

/** How a table of one side is read, in batches: all its rows, in any order. */
export type ReadTable = (table: Table) => AsyncIterable<readonly Cell[][]>;

/** A row that a mark of this copy itself takes, and that no side's content includes. */
export interface Mark {
  readonly table: string;
  readonly name: string;
}

/** `WHERE` of a table's content: everything but the mark. Names are the hub's own and never from outside. */
export const contentOf = ({ name }: Table, mark: Mark): string =>
  name === mark.table ? ` WHERE name <> '${mark.name}'` : '';

/** A claim is a promise of a process that is gone: its time is not copied, its fencing token is. */
export const isLeaseTime = ({ name }: Column): boolean => name === 'lease_until';

/** An SQLite value as PostgreSQL is to hold it. Throws `database.copy-unfit`, naming table and column, where it cannot. */
export function cellOf(value: unknown, table: Table, column: Column): Cell {
  const unfit = (why: string): never => {
    throw new DatabaseError('database.copy-unfit', `${table.name}.${column.name} holds ${why}`);
  };
  if (value === null) return null;
  switch (column.type) {
    case 'bigint':
    case 'integer':
      return typeof value === 'bigint' ? value.toString() : unfit('something that is no whole number');
    case 'double precision':
      return typeof value === 'number' ? realText(value) : unfit('something that is no number');
    case 'bytea':
      return value instanceof Uint8Array ? value : unfit('something that is not bytes');
    case 'text':
      if (typeof value !== 'string') return unfit('something that is no text');
      return value.includes('\u0000') ? unfit('a NUL character, which PostgreSQL cannot store') : value;
    default:
      return unfit(`the unknown type ${column.type}`);
  }
}

/** Shortest text that reads back as the same double, in JavaScript's spelling. */
export const realText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/**
 * Number and content of a table's rows, whatever their order: the sum of the rows' SHA-256, in four 64-bit lanes.
 * It finds what a copy may get wrong; it is no defence against somebody who forges rows.
 */
export class TableDigest {
  #rows = 0;
  readonly #sum = new BigUint64Array(4);

  add(row: readonly Cell[]): void {
    this.#rows += 1;
    // A length before each cell: no two rows have the same text.
    const text = row.map((cell) =>
      cell === null ? 'n' : typeof cell === 'string' ? `t${cell.length}:${cell}` : bytes(cell),
    );
    const digest = hash('sha256', text.join(''), 'buffer');
    for (let lane = 0; lane < 4; lane++) this.#sum[lane] = (this.#sum[lane] ?? 0n) + digest.readBigUInt64BE(lane * 8);
  }

  get rows(): number {
    return this.#rows;
  }

  get hash(): string {
    return [...this.#sum].map((lane) => lane.toString(16).padStart(16, '0')).join('');
  }
}

const bytes = (cell: Uint8Array): string => `b${cell.length}:${Buffer.from(cell).toString('base64')}`;

export async function digestOf(table: Table, read: ReadTable, step: (rows: number) => void): Promise<TableDigest> {
  const digest = new TableDigest();
  for await (const batch of read(table)) {
    for (const row of batch) digest.add(row);
    step(batch.length);
  }
  return digest;
}
