import type { BotEvent } from '@medplum/core';
import { type BotModule, isConflict } from '../../bots/hub.ts';
import type { Actor } from '../model/actor.ts';
import type { Job, RunBot } from '../model/flow.ts';
import type { Store, Stored } from '../model/store.ts';
import { EVERYTHING } from '../model/visibility.ts';
import type { FhirService } from '../server/service.ts';
import { inProcessClient } from './in-process-client.ts';

/** Bots of the hub see what the hub sees; what they write belongs to whom it names, else to the patient's organization. */
const actorOf = (name: string): Actor => ({ kind: 'hub', id: `bot/${name}`, scopes: ['system/*.cruds'] });

export interface Bots {
  /** Runs the bot of a job on the resource as it stands now: several jobs of one resource may each see the newest version. */
  readonly run: RunBot;
  /** Runs a bot by the clock. */
  tick(bot: BotModule): Promise<void>;
}

export function makeBots(
  modules: readonly BotModule[],
  parts: { readonly service: FhirService; readonly store: Store; readonly now: () => number },
): Bots {
  const handlers = new Map(modules.map((each) => [each.name, each.make({ now: parts.now })]));
  const call = async (name: string, input: Stored | undefined): Promise<void> => {
    const handler = handlers.get(name);
    if (!handler) throw new Error(`no bot ${name}`);
    try {
      await handler(inProcessClient(parts.service, actorOf(name)), eventOf(name, input));
    } catch (error) {
      throw named(error);
    }
  };
  return {
    async run(job: Job): Promise<void> {
      const current = await parts.store.read(job.resourceType, job.resourceId, EVERYTHING);
      // Deleted meanwhile: there is nothing a bot could look at.
      if (current) await call(job.handler, current);
    },
    tick: (bot) => call(bot.name, undefined),
  };
}

/** A lost race is named as one in logs and in what waits; it is tried again as everything is. */
function named(error: unknown): unknown {
  const each: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return error instanceof Error && each.every(isConflict) ? Object.assign(error, { code: 'database.conflict' }) : error;
}

/** The event as Medplum hands it to a bot. Secrets stay with the hub. */
function eventOf(name: string, input: Stored | undefined): BotEvent {
  return {
    bot: { reference: `Bot/${name}` },
    contentType: 'application/fhir+json',
    input: input as BotEvent['input'],
    secrets: {},
  };
}
