import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FlowStatus } from '../flow/status.ts';
import { codeOf } from '../flow/translate.ts';
import type { Feed } from '../model/partner.ts';
import type { NotReady } from '../model/readiness.ts';

/** What the hub counts. Labels are ids, codes and states; nothing of a message. */
export interface HubMetrics {
  readonly registry: Registry;
  /** From the last byte of a frame to its answer, seconds. */
  readonly ack: Histogram<'feed' | 'code'>;
  readonly codes: Counter<'code'>;
}

const ACK_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];

export function makeMetrics(
  status: () => FlowStatus | undefined,
  feeds: () => readonly Feed[],
  notReady: () => Promise<readonly NotReady[]>,
): HubMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const codes = new Counter({
    name: 'handoff_failures_total',
    help: 'Failures and refusals by code',
    labelNames: ['code'],
    registers,
  });
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => Promise<void>) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        this.reset();
        try {
          await collect(this);
        } catch (error) {
          // A database that cannot be read costs its own numbers; those that tell of the trouble must still come.
          codes.inc({ code: codeOf(error) });
        }
      },
    });
  gauge(
    'handoff_not_ready',
    'Why the hub should get no traffic: 1 by component and code',
    ['component', 'code'],
    async (each) => {
      for (const { component, code } of await notReady()) each.set({ component, code }, 1);
    },
  );
  gauge('handoff_messages', 'Messages in the journal by state', ['state'], async (each) => {
    for (const [state, count] of Object.entries((await status()?.counts())?.messages ?? {})) each.set({ state }, count);
  });
  gauge('handoff_jobs', 'Subscription jobs by state', ['state'], async (each) => {
    for (const [state, count] of Object.entries((await status()?.counts())?.jobs ?? {})) each.set({ state }, count);
  });
  gauge('handoff_outbox', 'Outbox rows not yet sent, by partner and state', ['recipient', 'state'], async (each) => {
    for (const { recipient, state, rows } of (await status()?.counts())?.outbox ?? [])
      each.set({ recipient, state }, rows);
  });
  gauge(
    'handoff_outbox_oldest_seconds',
    'Age of the oldest row not yet sent, by partner',
    ['recipient'],
    async (each) => {
      const rows = (await status()?.counts())?.outbox ?? [];
      for (const [recipient, all] of Map.groupBy(rows, (row) => row.recipient))
        each.set({ recipient }, (Date.now() - Math.min(...all.map(({ oldest }) => oldest))) / 1000);
    },
  );
  gauge('handoff_mirror_lag_seconds', 'Age of the oldest change a mirror waits for', ['recipient'], async (each) => {
    for (const { recipient, oldest } of (await status()?.mirrors()) ?? [])
      each.set({ recipient }, oldest === undefined ? 0 : (Date.now() - oldest) / 1000);
  });
  gauge(
    'handoff_mirror_rows',
    'Changes a mirror waits for, was refused or refused',
    ['recipient', 'what'],
    async (each) => {
      for (const { recipient, waiting, withheld, failed } of (await status()?.mirrors()) ?? [])
        for (const [what, rows] of Object.entries({ waiting, withheld, failed })) each.set({ recipient, what }, rows);
    },
  );
  gauge('handoff_feed_backlog', 'Messages stored and not yet applied, by feed', ['feed'], async (each) => {
    const known = status();
    for (const feed of known ? feeds() : []) each.set({ feed: feed.id }, known?.gate(feed).rows ?? 0);
  });
  return {
    registry,
    ack: new Histogram({
      name: 'handoff_ack_seconds',
      help: 'Time to the answer',
      labelNames: ['feed', 'code'],
      buckets: ACK_BUCKETS_S,
      registers,
    }),
    codes,
  };
}
