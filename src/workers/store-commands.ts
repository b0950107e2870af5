import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { type CommandTable, joinCommands } from '../database/command.ts';
import type { Migration } from '../database/migrate.ts';
import { loadDefinitions } from '../fhir/definitions.ts';
import { loadTerminology, type Terminology } from '../fhir/terminology.ts';
import { missingRequired, validate } from '../fhir/validate.ts';
import { flowCommands, flowMigrations } from '../flow/flow-commands.ts';
import { withDisclosures } from '../hub/disclosure-commands.ts';
import { hubCommands } from '../hub/gather-commands.ts';
import { hubMigrations } from '../hub/hub-migrations.ts';
import type { Trigger } from '../model/store.ts';
import { deriveGrants } from '../rules/consent.ts';
import { affiliationsNeeded, factTypes, type PersonFacts } from '../rules/facts.ts';
import { writeRules } from '../rules/write-rules.ts';
import { serverCommands } from '../server/commands.ts';
import type { Engine } from '../server/engine.ts';
import { operationCommands, operationMigrations } from '../server/operations/operation-commands.ts';
import { type EndpointPolicy, STRICT_ENDPOINTS } from '../server/operations/subscription-endpoint.ts';
import { subscriptionRule } from '../server/operations/subscription-rule.ts';
import { serverMigrations } from '../server/schema.ts';

/** What main hands to every process or worker that runs the store's commands. Cloneable. */
export interface StoreEnv {
  /** File URL of the compiled definitions. */
  readonly definitions: string;
  /** Key of deterministic ids, hex. */
  readonly hubKey: string;
  readonly triggers: readonly Trigger[];
  /** Identifier system → organization that issues its identifiers. */
  readonly issuers?: Readonly<Record<string, string>>;
  /** Where Subscriptions may send; absent: https on the internet only. */
  readonly subscriptionEndpoints?: EndpointPolicy;
  /** Read by `bodyKeysOf`: keys that seal resources. */
  readonly bodyKeys?: { readonly current: string; readonly keys: Readonly<Record<string, string>> };
}

/** The server with R4 definitions, consent and write rules in it. */
export function storeEngine(env: StoreEnv): Engine {
  const definitions = loadDefinitions(readFileSync(new URL(env.definitions)));
  const subscriptionEndpoints = env.subscriptionEndpoints ?? STRICT_ENDPOINTS;
  let terminology: Terminology | undefined;
  return {
    definitions,
    terminology: () => {
      terminology ??= loadTerminology(readFileSync(new URL('terminology.json.gz', env.definitions)));
      return terminology;
    },
    // Many tables, asked for by one operation: read when it is first called.
    conceptMaps: async () => (await import('./hub-concept-maps.ts')).hubConceptMaps(),
    hubKey: Buffer.from(env.hubKey, 'hex'),
    issuers: env.issuers ?? {},
    newId: randomUUID,
    validate: (resource, profiles = []): readonly OperationOutcomeIssue[] =>
      validate(definitions, resource, { profiles }),
    missingRequired: (resource) => missingRequired(definitions, resource as unknown as Resource),
    grants: {
      factTypes,
      affiliationsNeeded: (facts) => affiliationsNeeded(facts),
      derive: (facts) => deriveGrants(facts as PersonFacts),
    },
    writeRules: [...writeRules, subscriptionRule(definitions, subscriptionEndpoints)],
    triggers: env.triggers,
    subscriptionEndpoints,
  };
}

/** All commands that run next to the store's data, on either engine. */
export function storeCommands(env: unknown): CommandTable {
  const engine = storeEngine(env as StoreEnv);
  return joinCommands(
    serverCommands(engine),
    withDisclosures(flowCommands),
    hubCommands(engine),
    operationCommands(engine),
  );
}

/** The store database's schema, in order. */
export const storeMigrations: readonly Migration[] = [
  ...flowMigrations,
  ...serverMigrations,
  ...hubMigrations,
  ...operationMigrations,
];
