import type { Clock } from '../../model/clock.ts';
import type { Database } from '../../model/database.ts';
import type { RunBot } from '../../model/flow.ts';
import type { SettleArgs } from './subscription-commands.ts';
import type { HookRequest, SubscriptionWork, WorkArgs } from './subscription-work.ts';

/** How one request to a subscriber ended. `taken`: a 2xx answer, which says that it was received and no more. */
export type HookOutcome = { readonly kind: 'taken' } | { readonly kind: 'failed'; readonly code: string };

/** Sends one request, once, to a public address. Never rejects. */
export type SendHook = (request: HookRequest) => Promise<HookOutcome>;

export interface SubscriptionDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Base of the links in notifications. */
  readonly base: string;
  readonly send: SendHook;
  /** Attempts at one notification before the subscription is put in error. */
  readonly triesMax: number;
}

/** Attempts at a handshake: who asks for a subscription waits for its answer. */
const HANDSHAKES_MAX = 5;

/** Notifications of one job before it hands on, so that no lease runs out under it. */
const ROUNDS_MAX = 20;

/**
 * The job handler `subscription`: handshake, heartbeat, or what is yet to be told, in order. At least once: a notification may
 * come again after a crash, with the same event numbers. A throw is tried again by the loop; after `triesMax` the subscription is in
 * error until its client asks for it anew.
 */
export function makeSubscriptionHandler({ database, clock, base, send, triesMax }: SubscriptionDeps): RunBot {
  return async ({ resourceId: id, versionId: what, tries }) => {
    for (let round = 1; ; round++) {
      const args: WorkArgs = { id, what, at: clock.now(), base };
      const work = await database.read<SubscriptionWork | undefined>('subscription.work', args);
      if (!work) return;
      const outcome: HookOutcome = work.request ? await send(work.request) : { kind: 'taken' };
      const { kind, version, last, audit } = work;
      const most = kind === 'handshake' ? Math.min(HANDSHAKES_MAX, triesMax) : triesMax;
      const final = round === 1 && tries >= most;
      const settled: SettleArgs = {
        id,
        kind,
        version,
        audit,
        handOn: kind === 'events' && round === ROUNDS_MAX,
        now: clock.now(),
        ...(last === undefined ? {} : { last }),
        ...(outcome.kind === 'failed' ? { failure: { code: outcome.code, final } } : {}),
      };
      await database.write('subscription.settle', settled);
      if (outcome.kind === 'failed' && !final) throw new NotTaken();
      if (outcome.kind === 'failed' || kind !== 'events' || round === ROUNDS_MAX) return;
    }
  };
}

/** Tells the react loop to try again, however often: the handler itself ends it. */
class NotTaken extends Error {
  readonly code = 'subscription.away';
}

export interface Subscriptions {
  stop(): Promise<void>;
}

/** Wakes for heartbeats and ends. */
export function startSubscriptions({
  database,
  clock,
  tickMs = 5000,
  log = () => {},
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly tickMs?: number;
  readonly log?: (code: string, facts: Readonly<Record<string, string | number>>) => void;
}): Subscriptions {
  let running: Promise<void> | undefined;
  const tick = async (): Promise<void> => {
    try {
      await database.write('subscription.tick', { now: clock.now() });
    } catch (error) {
      const { code } = error as { code?: unknown };
      log(typeof code === 'string' ? code : 'hub.internal', {
        loop: 'subscriptions',
        error: error instanceof Error ? error.name : typeof error,
      });
    }
  };
  const timer = setInterval(() => {
    running ??= tick().finally(() => {
      running = undefined;
    });
  }, tickMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
