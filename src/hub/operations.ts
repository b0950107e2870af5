import type { Database } from '../model/database.ts';
import type { FlowLog, RunBot } from '../model/flow.ts';
import { startExports } from '../server/operations/exports.ts';
import { type EndpointPolicy, isPublicAddress, STRICT_ENDPOINTS } from '../server/operations/subscription-endpoint.ts';
import { SUBSCRIPTION_HANDLER } from '../server/operations/subscription-state.ts';
import { makeSubscriptionHandler, startSubscriptions } from '../server/operations/subscriptions.ts';
import { webHook } from '../transport/out/web-hook.ts';

export interface Operations {
  /** Bots as before; jobs of Subscriptions go to their subscribers. */
  readonly runBot: RunBot;
  stop(): Promise<void>;
}

/**
 * Attempts at one notification before its subscription is in error: with the react loop's pauses, of a minute at the longest, some
 * twenty-four hours. A restart or a night's maintenance of a subscriber must not end it, and what it missed comes in order when it is back.
 */
const NOTIFY_TRIES_MAX = 24 * 60;

/** The loops of exports and subscriptions, and what the react loop runs for the latter. `base`: of the links in notifications. */
export function startOperations({
  database,
  base,
  runBot,
  log,
  now,
  endpoints = STRICT_ENDPOINTS,
}: {
  readonly database: Database;
  readonly base: string;
  readonly runBot: RunBot;
  readonly log: FlowLog;
  readonly now: () => number;
  readonly endpoints?: EndpointPolicy;
}): Operations {
  const clock = { now };
  const send = webHook({ isAllowed: endpoints.allowPrivate ? () => true : isPublicAddress, connectTimeoutMs: 5000 });
  const tell = makeSubscriptionHandler({ database, clock, base, send, triesMax: NOTIFY_TRIES_MAX });
  const exports = startExports({ database, clock, log });
  const subscriptions = startSubscriptions({ database, clock, log });
  return {
    runBot: (job) => (job.handler === SUBSCRIPTION_HANDLER ? tell(job) : runBot(job)),
    stop: async () => {
      await Promise.all([exports.stop(), subscriptions.stop()]);
    },
  };
}
