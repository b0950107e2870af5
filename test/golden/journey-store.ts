import { BOTS } from '../../bots/registry.ts';
import { DatabaseError, joinCommands, type Tx, toWireError } from '../../src/database/command.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openSqlite } from '../../src/database/sqlite-connection.ts';
import { flowCommands } from '../../src/flow/flow-commands.ts';
import { hubCommands } from '../../src/hub/gather-commands.ts';
import { issuersOf } from '../../src/hub/open.ts';
import { routeTriggers } from '../../src/hub/route-job.ts';
import type { Database } from '../../src/model/database.ts';
import type { Partner } from '../../src/model/partner.ts';
import { serverCommands } from '../../src/server/commands.ts';
import type { Engine } from '../../src/server/engine.ts';
import { operationCommands } from '../../src/server/operations/operation-commands.ts';
import { storeEngine, storeMigrations } from '../../src/workers/store-commands.ts';

/** Ids of what the messages name are derived from it: the same in every run. */
export const HUB_KEY = Buffer.alloc(32, 'golden journey');

/** One resource as the store holds it. */
export interface StateRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly owner_org: string;
  readonly json: string;
}

const ROWS = 'SELECT type, id, version, owner_org, json FROM resource WHERE deleted = 0 ORDER BY rid';

const DEFINITIONS = new URL('../../build/definitions.json.gz', import.meta.url).href;
let compiled: Engine | undefined;

/** The real engine; ids of what is created over FHIR or by bots count up instead of being drawn. */
function engineOf(partners: readonly Partner[]): Engine {
  const triggers = [...routeTriggers(partners), ...BOTS.flatMap((each) => each.triggers)];
  const hubKey = HUB_KEY.toString('hex');
  compiled ??= storeEngine({ definitions: DEFINITIONS, hubKey, triggers, issuers: issuersOf({ partners }) });
  let created = 0;
  const newId = (): string => {
    created += 1;
    return `00000000-0000-4000-8000-${created.toString(16).padStart(12, '0')}`;
  };
  return { ...compiled, newId };
}

/** The store's commands and tables on a database in memory, in this thread and one call at a time, so that each run is the same run. */
export async function journeyStore(partners: readonly Partner[]): Promise<Database> {
  const engine = engineOf(partners);
  const all = [serverCommands(engine), flowCommands, hubCommands(engine), operationCommands(engine)];
  const commands = joinCommands(...all, { 'journey.rows': (tx: Tx) => tx.query(ROWS) });
  const { raw, tx, close } = openSqlite(':memory:', { readOnly: false, env: {} });
  await migrate(tx, storeMigrations, (text) => raw.exec(text));
  let last: Promise<unknown> = Promise.resolve();
  const run = async <R>(command: string, args: unknown): Promise<R> => {
    raw.exec('BEGIN');
    try {
      const result = await commands[command]!(tx, structuredClone(args));
      raw.exec('COMMIT');
      return structuredClone(result) as R;
    } catch (error) {
      raw.exec('ROLLBACK');
      const { code, message, detail } = toWireError(error);
      throw new DatabaseError(code, message, detail);
    }
  };
  const inTurn = <R>(command: string, args: unknown): Promise<R> => {
    const next = last.then(() => run<R>(command, args));
    last = next.catch(() => undefined);
    return next;
  };
  return { dialect: 'sqlite', write: inTurn, read: inTurn, onJobs: () => {}, close: async () => close() };
}
