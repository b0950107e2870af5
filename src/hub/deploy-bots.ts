import { ClientStorage, MedplumClient, MemoryStorage, type WithId } from '@medplum/core';
import type { Bot, Subscription } from '@medplum/fhirtypes';
import { z } from 'zod';
import type { MedplumSettings } from '../config/medplum.ts';
import { jsonHash } from '../fhir/canonical.ts';
import {
  BOT_IDENTIFIER,
  deployed,
  deployedHash,
  described,
  isOurs,
  subscriptionsOf,
  type WantedBot,
  wakeOf,
} from './bot-plan.ts';

/** What a Medplum server says of who asks, as far as it is needed here. */
const ME = z.object({ project: z.object({ id: z.uuid() }) });

/** One change of the server, or what would be one. */
export interface BotStep {
  readonly bot: string;
  readonly step: 'create' | 'update' | 'deploy' | 'subscribe' | 'unsubscribe' | 'unchanged';
  /** The criteria of a Subscription. */
  readonly of?: string;
}

/** Signs in as the configured client. Its retries are off: it would repeat a creation. Throws what the server's outcome says. */
export async function medplumClient({ baseUrl, clientId, clientSecret }: MedplumSettings): Promise<MedplumClient> {
  const medplum = new MedplumClient({
    baseUrl,
    fetch,
    storage: new ClientStorage(new MemoryStorage()),
    resourceCacheSize: 0,
    cacheTime: 0,
    autoBatchTime: 0,
    maxRetries: 0,
  });
  await medplum.startClientLogin(clientId, clientSecret);
  return medplum;
}

/**
 * Makes the server have these bots, their code, Subscriptions and timers, and writes only what differs; a run that was broken off is
 * gone on with by the next. With `dryRun` nothing is written. Bots and Subscriptions that are not the hub's stay as they are.
 * Rule: Medplum docs, Bot and Bot $deploy.
 */
export async function deployBots(
  medplum: MedplumClient,
  wanted: readonly WantedBot[],
  { dryRun, say }: { readonly dryRun: boolean; readonly say: (step: BotStep) => void },
): Promise<void> {
  const me = ME.safeParse(await medplum.get('auth/me'));
  if (!me.success) throw new Error('the client belongs to no project of the server');
  const project = me.data.project.id;
  for (const each of wanted) {
    let changed = false;
    const told = (step: BotStep['step'], of?: string): void => {
      changed = true;
      say({ bot: each.name, step, ...(of === undefined ? {} : { of }) });
    };
    const found = await findBot(medplum, each);
    const bot = found ?? (await created(medplum, project, each, dryRun, told));
    if (bot) await bringUp(medplum, bot, each, dryRun, told);
    await subscribe(medplum, bot?.id, each, dryRun, told);
    if (!changed) say({ bot: each.name, step: 'unchanged' });
  }
}

type Tell = (step: BotStep['step'], of?: string) => void;

/** By the hub's identifier; else one that a run made and could not mark any more. */
async function findBot(medplum: MedplumClient, wanted: WantedBot): Promise<WithId<Bot> | undefined> {
  const identifier = encodeURIComponent(`${BOT_IDENTIFIER}|${wanted.name}`);
  const [marked, ...more] = await medplum.searchResources('Bot', `identifier=${identifier}`);
  if (more.length > 0) throw new Error(`the server has ${more.length + 1} bots ${wanted.name}`);
  if (marked) return marked;
  const named = await medplum.searchResources('Bot', `name=${encodeURIComponent(wanted.name)}`);
  return named.find(({ description, identifier: own }) => description === wanted.description && own === undefined);
}

/** Through the project's administration, which gives the bot its membership: by a plain create it could do nothing. */
async function created(
  medplum: MedplumClient,
  project: string,
  { name, description }: WantedBot,
  dryRun: boolean,
  told: Tell,
): Promise<WithId<Bot> | undefined> {
  told('create');
  if (dryRun) return undefined;
  const made = (await medplum.post(`admin/projects/${project}/bot`, { name, description })) as WithId<Bot>;
  return medplum.readResource('Bot', made.id);
}

async function bringUp(
  medplum: MedplumClient,
  bot: WithId<Bot>,
  wanted: WantedBot,
  dryRun: boolean,
  told: Tell,
): Promise<void> {
  const next = described(bot, wanted);
  if (jsonHash(next) !== jsonHash(bot)) {
    told('update');
    if (!dryRun) await medplum.updateResource(next);
  }
  if (deployedHash(bot) === wanted.hash) return;
  told('deploy');
  if (dryRun) return;
  await medplum.post(medplum.fhirUrl('Bot', bot.id, '$deploy'), { filename: `${wanted.name}.cjs`, code: wanted.code });
  // The deployment wrote to the Bot itself. That it is recorded last makes a deployment that failed be done again.
  await medplum.updateResource(deployed(await medplum.readResource('Bot', bot.id), wanted));
}

async function subscribe(
  medplum: MedplumClient,
  botId: string | undefined,
  wanted: WantedBot,
  dryRun: boolean,
  told: Tell,
): Promise<void> {
  const there: readonly WithId<Subscription>[] =
    botId === undefined ? [] : await medplum.searchResources('Subscription', `url=Bot/${botId}&_count=1000`);
  const ours = there.filter((each) => isOurs(each, wanted));
  const wishes = subscriptionsOf(wanted, botId ?? '');
  for (const wish of wishes) {
    if (ours.some((each) => wakeOf(each) === wakeOf(wish))) continue;
    told('subscribe', wish.criteria);
    if (!dryRun) await medplum.createResource(wish);
  }
  for (const each of ours) {
    if (wishes.some((wish) => wakeOf(wish) === wakeOf(each))) continue;
    told('unsubscribe', each.criteria);
    if (!dryRun) await medplum.deleteResource('Subscription', each.id);
  }
}
