import { createHash } from 'node:crypto';
import type { Bot, Subscription } from '@medplum/fhirtypes';
import type { BotModule } from '../../bots/hub.ts';
import type { Trigger } from '../model/store.ts';
import { hubExtension, hubIdentifier } from '../model/systems.ts';

/** By which a bot of the hub is found on a Medplum server: `bot` system | its name. */
export const BOT_IDENTIFIER = hubIdentifier('bot');
/** SHA-256 of the code that was deployed last, on the Bot. */
const DEPLOYED = hubExtension('bot-deployed-code');
const INTERACTION = 'https://medplum.com/fhir/StructureDefinition/subscription-supported-interaction';

/** A bot as it is to stand on a Medplum server. */
export interface WantedBot {
  readonly name: string;
  readonly description: string;
  readonly code: string;
  /** SHA-256 of the code, hex. */
  readonly hash: string;
  /** Five fields: such a server wakes a bot once a minute at most. */
  readonly cronString?: string;
  readonly triggers: readonly Trigger[];
}

export function wantedBot(module: BotModule, code: string): WantedBot {
  return {
    name: module.name,
    description: `Handoff bot ${module.name}; kept by handoff bots deploy`,
    code,
    hash: createHash('sha256').update(code).digest('hex'),
    ...(module.cron === undefined ? {} : { cronString: toMinutes(module.cron) }),
    triggers: module.triggers,
  };
}

/** A node-cron pattern without its seconds. */
function toMinutes(pattern: string): string {
  const fields = pattern.split(' ');
  return (fields.length === 6 ? fields.slice(1) : fields).join(' ');
}

export const deployedHash = (bot: Bot): string | undefined =>
  bot.extension?.find(({ url }) => url === DEPLOYED)?.valueString;

/** The Bot with the hub's words on it; everything else of it stays, as its operator may have set it. */
export function described<T extends Bot>(bot: T, wanted: WantedBot): T {
  const { cronString: _old, ...rest } = bot;
  const others = (bot.identifier ?? []).filter(({ system }) => system !== BOT_IDENTIFIER);
  return {
    ...(rest as T),
    name: wanted.name,
    description: wanted.description,
    identifier: [...others, { system: BOT_IDENTIFIER, value: wanted.name }],
    ...(wanted.cronString === undefined ? {} : { cronString: wanted.cronString }),
  };
}

/** The Bot with a record of the code that was deployed. */
export function deployed<T extends Bot>(bot: T, { hash }: WantedBot): T {
  const others = (bot.extension ?? []).filter(({ url }) => url !== DEPLOYED);
  return { ...bot, extension: [...others, { url: DEPLOYED, valueString: hash }] };
}

/** Marks a Subscription as the hub's, which has no identifier for it in R4. */
const reasonOf = (name: string): string => `Handoff bot ${name}`;

export const isOurs = (subscription: Subscription, { name }: WantedBot): boolean =>
  subscription.reason === reasonOf(name);

/** One for each trigger. Without the extension a Medplum server wakes a bot at creates and updates; with it at one of them. */
export function subscriptionsOf(wanted: WantedBot, botId: string): readonly Subscription[] {
  return wanted.triggers.map(({ resourceType, criteria = resourceType, on }) => {
    const only = on.length === 1 ? on[0] : undefined;
    if (only === undefined && !(on.length === 2 && on.includes('create') && on.includes('update')))
      throw new Error(`bot ${wanted.name}: a trigger on ${on.join(' and ')} cannot be a Subscription`);
    return {
      resourceType: 'Subscription',
      status: 'active',
      reason: reasonOf(wanted.name),
      criteria,
      channel: { type: 'rest-hook', endpoint: `Bot/${botId}` },
      ...(only === undefined ? {} : { extension: [{ url: INTERACTION, valueCode: only }] }),
    };
  });
}

/** Equal keys: the same wake-up. */
export const wakeOf = ({ criteria, extension }: Subscription): string =>
  `${criteria} ${extension?.find(({ url }) => url === INTERACTION)?.valueCode ?? ''}`;
