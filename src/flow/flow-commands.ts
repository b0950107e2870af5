import { type CommandTable, joinCommands } from '../database/command.ts';
import { jobTableMigrations } from '../database/job-table.ts';
import type { Migration } from '../database/migrate.ts';
import { holderCommands, holderMigrations } from './holder-commands.ts';
import { jobCommands } from './job-commands.ts';
import { outboxCommands } from './outbox-commands.ts';

/** Commands of the loops that run in the store database, beside the server's. */
export const flowCommands: CommandTable = joinCommands(jobCommands, outboxCommands, holderCommands);

export const flowMigrations: readonly Migration[] = [...jobTableMigrations, ...holderMigrations];
