import type { CommandTable } from '../../database/command.ts';
import type { Migration } from '../../database/migrate.ts';
import type { Engine } from '../engine.ts';
import { exportCommands } from './export-commands.ts';
import { exportMigration } from './export-schema.ts';
import { subscriptionCommands } from './subscription-commands.ts';
import { subscriptionMigration } from './subscription-schema.ts';

/** Commands of the loops of this folder; requests come in by `fhir.handle`. */
export const operationCommands = (engine: Engine): CommandTable => ({
  ...exportCommands(engine),
  ...subscriptionCommands(engine),
});

/** After the store's own tables. */
export const operationMigrations: readonly Migration[] = [exportMigration, subscriptionMigration];
