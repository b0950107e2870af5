import { createHash } from 'node:crypto';
import { TREATMENT_PLAN_PART_1, TREATMENT_PLAN_PART_2 } from '../../bots/draft-care-plan/questionnaires.ts';
import { BOTS } from '../../bots/registry.ts';
import { directoryOf, PHQ9 } from '../../fixtures/demo/directory.ts';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { loadConfig } from '../../src/config/load.ts';
import { DeliverPartner } from '../../src/flow/deliver.ts';
import type { ClaimedJob, SettledJob } from '../../src/flow/job-commands.ts';
import type { OutboxRow } from '../../src/flow/outbox-queries.ts';
import { ROUTE } from '../../src/flow/react.ts';
import { unitOf } from '../../src/flow/translate.ts';
import { Urgent } from '../../src/flow/urgent.ts';
import { parseMessage } from '../../src/hl7/parse.ts';
import { resolveTime, senderTime } from '../../src/hl7/time.ts';
import { obligations } from '../../src/hub/obligations.ts';
import { renderPort } from '../../src/hub/render-port.ts';
import { routeJob } from '../../src/hub/route-job.ts';
import { makeBots } from '../../src/hub/run-bot.ts';
import { safetyPolicy } from '../../src/hub/safety-policy.ts';
import { classify, translatePort } from '../../src/hub/translate-port.ts';
import { compileMaps } from '../../src/mapping/map-message.ts';
import { type Actor, HUB } from '../../src/model/actor.ts';
import type { Database } from '../../src/model/database.ts';
import type { Feed, Partner } from '../../src/model/partner.ts';
import type { Store } from '../../src/model/store.ts';
import { directoryResources } from '../../src/rules/directory.ts';
import { type FhirService, makeFhirService } from '../../src/server/service.ts';
import { makeStore } from '../../src/server/store.ts';
import { type Ask, askAs } from '../unit/server/support/ask.ts';
import { HUB_KEY, journeyStore, type StateRow } from './journey-store.ts';

export const CONFIG = loadConfig({
  HANDOFF_CONFIG: new URL('../../fixtures/demo/handoff.yaml', import.meta.url).pathname,
});
const MAPS = compileMaps(DEFINITIONS);
const TRANSLATE = translatePort(MAPS, CONFIG.partners, HUB_KEY, 'golden');
const DAY_BEFORE = Date.parse('2026-01-05T12:00:00Z');
/** From the sender's MSH-7 to the hub's receipt. */
const ON_THE_WAY_MS = 2000;

/** A delivery as it left, or why it did not. */
export interface Delivery extends Pick<OutboxRow, 'event' | 'state' | 'waiting'> {
  readonly endpoint?: string;
  readonly payload?: Uint8Array;
  readonly controlId?: string;
}

/**
 * The hub of the demo network with its real store, bots, router, consent and deliver loop, played by hand one step at a time: the
 * clock stands between two steps, and every partner's engine answers AA at once.
 */
export class JourneyHub {
  readonly database: Database;
  readonly #store: Store;
  readonly #fhir: FhirService;
  readonly #bots: ReturnType<typeof makeBots>;
  readonly #route: ReturnType<typeof routeJob>;
  readonly #told: ReturnType<typeof obligations>;
  readonly #loops: readonly DeliverPartner[];
  readonly #payloads = new Map<string, Uint8Array>();
  readonly #troubles: string[] = [];
  #ms = DAY_BEFORE;
  #taken = 0;

  readonly #partners: readonly Partner[];

  private constructor(database: Database, partners: readonly Partner[]) {
    this.database = database;
    this.#partners = partners;
    this.#store = makeStore(database, { now: this.#now });
    this.#fhir = makeFhirService({ database, clock: { now: this.#now }, base: 'http://hub.test/fhir/R4' });
    this.#bots = makeBots(BOTS, { service: this.#fhir, store: this.#store, now: this.#now });
    this.#route = routeJob({ database, store: this.#store, partners: () => partners });
    this.#told = obligations({ database, store: this.#store, service: this.#fhir, now: this.#now });
    this.#loops = partners.map((partner) => this.#loopOf(partner));
  }

  /** The network as it is before the first step: organizations, their people, the questionnaires. */
  static async open(partners: readonly Partner[] = CONFIG.partners): Promise<JourneyHub> {
    const hub = new JourneyHub(await journeyStore(partners), partners);
    for (const each of directoryResources(partners, safetyPolicy(CONFIG.safety))) await hub.#store.put(each, HUB);
    for (const { organization } of partners) {
      const directory = directoryOf(organization);
      if (directory.entry?.length) await hub.request(organization, 'POST ', directory);
    }
    const forms = [
      PHQ9,
      { ...TREATMENT_PLAN_PART_1, id: 'plan-part-1' },
      { ...TREATMENT_PLAN_PART_2, id: 'plan-part-2' },
    ];
    for (const form of forms) await hub.#store.put(form as { resourceType: string; id: string }, HUB);
    await hub.settle();
    return hub;
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** A message of a partner, at the time its sender says; gives what became of it. */
  async receive(bytes: Buffer): Promise<Readonly<Record<string, unknown>>> {
    const { partner, feed } = feedOf(bytes);
    const { header } = parseMessage(bytes).message;
    const sent = resolveTime(header.dateTime ?? '', senderTime(partner.zone, header.dateTime)).instant ?? '';
    this.#ms = Math.max(this.#ms, Date.parse(sent)) + ON_THE_WAY_MS;
    this.#taken += 1;
    const hash = createHash('sha256').update(bytes).digest('hex');
    const inbound = { bytes, feed, partner, hash, receivedAt: this.#ms };
    const translated = TRANSLATE.translate(inbound);
    if (translated.kind === 'unsupported') return { outcome: 'unsupported' };
    const { refused, issues, parked } = translated.mapped;
    const id = this.#taken;
    const row = { id, replays: 0, hash, receivedAt: this.#ms };
    const applied = refused
      ? { outcome: 'parked', ...refused }
      : await this.#store.apply(unitOf(row, partner, translated, TRANSLATE.version));
    const isSafety = classify(inbound, translated.event) === 'safety';
    const { outcome, ...why } = applied as { outcome: string; code?: string; changed?: unknown };
    if (why.code !== undefined && isSafety)
      await this.#told.raiseParked({ journalId: id, partner: partner.id, trigger: translated.event, code: why.code });
    const { changed: _changed, ...reason } = why;
    return {
      event: translated.event,
      lane: isSafety ? 'safety' : 'normal',
      outcome,
      ...reason,
      parked,
      issues: issues.map(({ code, location, severity }) => ({ severity, code, location })),
    };
  }

  /** A FHIR request of an organization's app (`riverside`) or of a person (`riverside:riverside-therapist`). Throws when it is not answered with success. */
  async request(who: string, request: string, body?: unknown): Promise<number> {
    const patch = request.startsWith('PATCH ') ? { 'content-type': 'application/json-patch+json' } : {};
    const answer = await this.#as(who)(request, body, patch);
    if (answer.status >= 300) throw new Error(`${request}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.status;
  }

  /** What an organization's app reads. */
  async read(who: string, request: string): Promise<unknown> {
    return (await this.#as(who)(`GET ${request}`)).body;
  }

  /** Time passes until then and the timers look once. */
  async until(at: string): Promise<void> {
    this.setClock(at);
    for (const bot of BOTS) if (bot.cron !== undefined) await this.#bots.tick(bot);
  }

  setClock(at: string): void {
    this.#ms = Math.max(this.#ms, Date.parse(at));
  }

  /** Runs jobs and deliveries, and tells the store of them, until nothing is left that may go now. */
  async settle(): Promise<void> {
    for (let moved = true; moved; ) {
      moved = await this.#react();
      for (const loop of this.#loops) await this.#drain(loop);
      moved = (await this.#tell()) || moved;
      const [trouble] = this.#troubles;
      if (trouble !== undefined) throw new Error(trouble);
    }
  }

  /** Every resource that stands, in the order in which they came to be. */
  rows(): Promise<StateRow[]> {
    return this.database.read('journey.rows', {});
  }

  async deliveries(): Promise<Delivery[]> {
    const rows = await this.database.read<OutboxRow[]>('outbox.list', { limit: 500 });
    return rows.reverse().map((row) => {
      const payload = this.#payloads.get(row.controlId ?? '');
      return { ...row, ...(payload ? { payload } : {}) };
    });
  }

  readonly #now = (): number => this.#ms;

  #as(who: string): Ask {
    const [organization = '', practitionerRole] = who.split(':');
    const actor: Actor = practitionerRole
      ? { kind: 'user', id: practitionerRole, organization, practitionerRole, scopes: ['user/*.cruds'] }
      : { kind: 'client', id: `${organization}-app`, organization, scopes: ['system/*.cruds'] };
    return askAs(
      this.#fhir,
      who === 'operator' ? { kind: 'operator', id: 'operator', scopes: ['system/*.cruds'] } : actor,
    );
  }

  async #react(): Promise<boolean> {
    const now = this.#ms;
    const args = { limit: 20, safetyOnly: false, leaseMs: 60_000, now };
    let any = false;
    for (;;) {
      const jobs = await this.database.write<ClaimedJob[]>('job.claim', args);
      if (jobs.length === 0) return any;
      any = true;
      const settled: SettledJob[] = [];
      for (const job of jobs) {
        if (job.handler !== ROUTE) await this.#bots.run(job);
        const events = job.handler === ROUTE ? await this.#route(job) : [];
        settled.push({ id: job.id, lease: job.lease, outcome: { kind: 'done', events } });
      }
      await this.database.write('job.settle', { ...args, settled, limit: 0 });
    }
  }

  #idle: () => void = () => {};

  async #drain(loop: DeliverPartner): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    loop.wake();
    await idle;
  }

  #loopOf({ id: recipient }: Partner): DeliverPartner {
    let open = 0;
    const write = async <R>(command: string, args: unknown): Promise<R> => {
      const result = await this.database.write<R>(command, args);
      if (command === 'outbox.settle') open -= (args as { settled: unknown[] }).settled.length;
      if (command === 'outbox.claim') open += (result as unknown[]).length;
      if (command === 'outbox.claim' && open === 0) setImmediate(() => this.#idle());
      return result;
    };
    return new DeliverPartner(recipient, {
      db: { ...this.database, write },
      partner: (id) => this.#partners.find((each) => each.id === id),
      gather: ({ resources, organization, person }) => {
        const args = { references: resources, recipient: organization, ...(person === undefined ? {} : { person }) };
        return this.database.read('hub.gather', args);
      },
      render: renderPort(() => this.#partners),
      send: {
        send: async ({ transport }, payload, { controlId }) => {
          this.#payloads.set(controlId, payload);
          if (transport.kind === 'fhir') return { kind: 'answered', status: 201, ack: new Uint8Array() };
          return { kind: 'answered', ack: Buffer.from(`MSH|^~\\&|||||||ACK|A|T|2.5.1\rMSA|AA|${controlId}\r`) };
        },
      },
      onEnded: () => {},
      onLink: () => {},
      urgent: new Urgent(this.#now),
      now: this.#now,
      random: () => 0.5,
      // What consent keeps here is said in the log and is no trouble.
      log: (code, facts) => {
        if (code !== 'consent.denied') this.#troubles.push(`${code} ${JSON.stringify(facts)}`);
      },
      limits: { inFlightMax: 1, leaseMs: 60_000 },
    });
  }

  /** As the flow's sweep does: the store hears what arrived and what did not. */
  async #tell(): Promise<boolean> {
    const rows = await this.database.read<OutboxRow[]>('outbox.untold', { limit: 100 });
    for (const { id, state, event, settledAt = 0, waiting } of rows) {
      const { code = '', text = '' } = waiting ?? {};
      if (state === 'sent') await this.#told.confirmDelivery(event, settledAt);
      else await this.#told.returnToSender(event, { code, text, rowId: id });
      await this.database.write('outbox.told', { id });
    }
    return rows.length > 0;
  }
}

/** Who sends it, by MSH-3 and -4 as the settings list them. */
function feedOf(bytes: Buffer): { readonly partner: Partner; readonly feed: Feed } {
  const [, , application, facility] = bytes.toString('utf8').split('|');
  for (const partner of CONFIG.partners) {
    const [feed] = partner.feeds;
    const isSender = partner.senders.some((each) => each.application === application && each.facility === facility);
    if (isSender && feed) return { partner, feed };
  }
  throw new Error('no partner sends it');
}
