import type { Database } from '../model/database.ts';
import type { FailureCode } from '../model/failure.ts';
import type {
  ClassifyPort,
  ConfirmDelivery,
  FlowLog,
  RaiseParked,
  ReturnToSender,
  RouteJob,
  RunBot,
  SendPort,
  TranslatePort,
} from '../model/flow.ts';
import type { Feed, Partner } from '../model/partner.ts';
import type { Applied, ApplyUnit, Store } from '../model/store.ts';
import { mirrorsOf } from '../rules/mirror.ts';
import type { Answer } from './answer.ts';
import { queueApplicationAck } from './application-ack.ts';
import { BacklogGate, type DiskLimits, type GateState } from './backlog.ts';
import { type DeliverLimits, DeliverPartner, type GatherPort, type RenderPort } from './deliver.ts';
import { Ingest } from './ingest.ts';
import { Journal } from './journal.ts';
import type { LinkState } from './outbox-commands.ts';
import { Outcomes } from './outcomes.ts';
import { React, type ReactLimits } from './react.ts';
import { Replay, type ReplayAudit } from './replay.ts';
import { FlowStatus } from './status.ts';
import { type CronEntry, Sweep } from './sweep.ts';
import { Translate, type TranslateLimits } from './translate.ts';
import { Urgent } from './urgent.ts';

/** The configuration as the flow asks for it; a reload shows at the next question. */
export interface FlowConfig {
  version(): string;
  feed(id: string): { readonly feed: Feed; readonly partner: Partner } | undefined;
  partner(id: string): Partner | undefined;
  /** Every partner: each has a deliver loop of its own. */
  partners(): readonly Partner[];
}

export interface FlowLimits {
  readonly leaseMs: number;
  readonly translate: TranslateLimits;
  readonly react: Omit<ReactLimits, 'leaseMs'>;
  readonly deliver: Omit<DeliverLimits, 'leaseMs'>;
  readonly disk: DiskLimits;
}

export const FLOW_LIMITS: FlowLimits = {
  leaseMs: 60_000,
  translate: { inFlightMax: 64, heldMax: 256, triesMax: 5 },
  react: { inFlightMax: 16, triesMax: 8, backOff: { firstMs: 200, maxMs: 60_000 } },
  deliver: { inFlightMax: 4 },
  disk: { pauseBelowBytes: 512 * 1024 * 1024, refuseBelowBytes: 128 * 1024 * 1024 },
};

export interface FlowDeps {
  /** Holds `journalCommands`. On PostgreSQL the same as `storeDb`. */
  readonly journalDb: Database;
  /** Holds `flowCommands` beside the server's. */
  readonly storeDb: Database;
  readonly config: FlowConfig;
  readonly store: Pick<Store, 'apply'>;
  /** What `apply` would change, without changing it. */
  readonly preview: (unit: ApplyUnit) => Promise<Applied>;
  readonly translate: TranslatePort;
  readonly classify: ClassifyPort;
  readonly runBot: RunBot;
  readonly route: RouteJob;
  readonly gather: GatherPort;
  readonly render: RenderPort;
  readonly send: SendPort;
  readonly raiseParked: RaiseParked;
  readonly returnToSender: ReturnToSender;
  readonly confirmDelivery: ConfirmDelivery;
  readonly auditReplay: (entry: ReplayAudit) => Promise<void>;
  readonly onLink: (link: LinkState) => void;
  readonly crons: readonly CronEntry[];
  readonly freeBytes?: () => Promise<number>;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: FlowLog;
  readonly limits: FlowLimits;
}

/** What an MLLP listener of a feed needs; the shape of `MllpHandlers` without its log. */
export interface FrameHandlers {
  readonly onFrame: (bytes: Uint8Array, peer: { readonly id: string; readonly address: string }) => Promise<Answer>;
  readonly onBroken: (broken: { readonly why: BrokenWhy; readonly head: Uint8Array }) => Answer | undefined;
  readonly gate: () => GateState;
}

type BrokenWhy = 'empty' | 'restarted' | 'truncated' | 'oversize' | 'refused';

const BROKEN: Readonly<Record<Exclude<BrokenWhy, 'refused'>, FailureCode>> = {
  empty: 'hl7.empty',
  restarted: 'hl7.frame-broken',
  truncated: 'hl7.frame-broken',
  oversize: 'hl7.frame-oversize',
};

/** The running flow. Its parts wake each other by events; nothing on the way of a message waits for a timer. */
export interface Flow {
  /** One message or batch, by MLLP or HTTP. Never throws. */
  ingest(bytes: Uint8Array, feedId: string, peer: string): Promise<Answer>;
  frames(feedId: string): FrameHandlers;
  /** Rows were queued for this recipient by another way than a job. */
  queued(recipient: string): void;
  readonly status: FlowStatus;
  readonly replay: Replay;
  /** Takes nothing new, finishes what is under way as far as `drainMs` allows; the rest is on disk and goes on after the start. */
  stop(drainMs: number): Promise<void>;
}

/** Starts the four loops on open databases. Resolves when what a dead process held is given back and new messages may come. */
export async function startFlow(deps: FlowDeps): Promise<Flow> {
  const { config, storeDb, now, random, log, limits } = deps;
  const { leaseMs } = limits;
  const journal = new Journal(deps.journalDb, { now, leaseMs });
  const outcomes = new Outcomes();
  const urgent = new Urgent(now);
  const gate = new BacklogGate(now, limits.disk);
  const partners = new Map<string, DeliverPartner>();
  const deliverTo = (recipient: string): DeliverPartner => {
    let loop = partners.get(recipient);
    if (!loop) {
      const { gather, render, send, onLink } = deps;
      loop = new DeliverPartner(recipient, {
        db: storeDb,
        partner: (id) => config.partner(id),
        gather,
        render,
        send,
        onEnded: () => void sweep.tell(),
        onLink,
        urgent,
        now,
        random,
        log,
        limits: { ...limits.deliver, leaseMs },
      });
      partners.set(recipient, loop);
    }
    return loop;
  };
  const react = new React({
    db: storeDb,
    runBot: deps.runBot,
    route: deps.route,
    onQueued: (recipients) => {
      for (const recipient of recipients) deliverTo(recipient).wake();
    },
    urgent,
    now,
    random,
    log,
    limits: { ...limits.react, leaseMs },
  });
  storeDb.onJobs(() => react.wake());
  const translate = new Translate({
    journal,
    outcomes,
    store: deps.store,
    port: deps.translate,
    feed: (id) => config.feed(id),
    applicationAck: async (message, outcome) => {
      const partner = config.partner(message.partner);
      if (partner && (await queueApplicationAck({ db: storeDb, now, log }, message, outcome, partner))) {
        deliverTo(partner.id).wake();
      }
    },
    onParked: () => void sweep.tell(),
    urgent,
    now,
    random,
    log,
    limits: limits.translate,
  });
  const mirrors = (): readonly string[] => mirrorsOf(config.partners()).map(({ recipient }) => recipient);
  const wakeAll = (): void => {
    translate.wake();
    react.wake();
    for (const { id } of config.partners()) deliverTo(id).wake();
    for (const recipient of mirrors()) deliverTo(recipient).wake();
  };
  const sweep = new Sweep({ ...deps, journal, db: storeDb, gate, shared: storeDb.dialect === 'postgres', wakeAll });
  const ingest = new Ingest({
    journal,
    outcomes,
    translate,
    gate,
    classify: deps.classify,
    configVersion: () => config.version(),
    shared: storeDb.dialect === 'postgres',
    now,
    log,
  });
  await sweep.start();
  wakeAll();
  const { preview, auditReplay: audit, translate: port } = deps;
  const replay = new Replay({ journal, outcomes, translate, port, feed: (id) => config.feed(id), preview, audit, log });
  const take = async (bytes: Uint8Array, feedId: string, peer: string): Promise<Answer> => {
    const source = config.feed(feedId);
    if (source) return ingest.ingest(bytes, source.feed, source.partner, peer);
    log('deliver.partner-unknown', { feed: feedId });
    return { after: 'close' };
  };
  return {
    ingest: take,
    frames: (feedId) => ({
      onFrame: (bytes, peer) => take(bytes, feedId, peer.address),
      onBroken: ({ why, head }) => {
        const source = config.feed(feedId);
        if (!source) return undefined;
        const code = why === 'refused' ? (gate.refusal(source.feed) ?? 'hub.backlog') : BROKEN[why];
        return ingest.refuse(head, source.feed, code);
      },
      gate: () => {
        const source = config.feed(feedId);
        return source ? gate.state(source.feed) : 'refuse';
      },
    }),
    queued: (recipient) => deliverTo(recipient).wake(),
    status: new FlowStatus({ journal, db: storeDb, gate, wakeAll, mirrors }),
    replay,
    stop: async (drainMs) => {
      await sweep.stop(drainMs);
      await ingest.stop();
      await translate.stop(drainMs);
      await react.stop(drainMs);
      await Promise.all([...partners.values()].map((loop) => loop.stop(drainMs)));
    },
  };
}
