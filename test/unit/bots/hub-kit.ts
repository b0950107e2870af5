import type { Resource } from '@medplum/fhirtypes';
import type { BotModule } from '../../../bots/hub.ts';
import { BOTS } from '../../../bots/registry.ts';
import type { ClaimedJob, JobOutcome } from '../../../src/flow/job-commands.ts';
import type { GatheredRows } from '../../../src/hub/gather-commands.ts';
import { routeJob, routeTriggers } from '../../../src/hub/route-job.ts';
import { makeBots } from '../../../src/hub/run-bot.ts';
import { type Actor, HUB } from '../../../src/model/actor.ts';
import type { RoutedEvent } from '../../../src/model/flow.ts';
import type { Released } from '../../../src/model/released.ts';
import { decide } from '../../../src/rules/consent.ts';
import { delivered } from '../../../src/rules/delivery.ts';
import { release } from '../../../src/rules/release.ts';
import { type Answer, type Ask, askAs } from '../server/support/ask.ts';
import { openTestStore, type TestStore } from '../server/support/test-store.ts';
import { network, PARTNERS } from './network.ts';

/** The real server with the real bots, router and consent; only the loops and the wire are played by hand. */
export class HubKit {
  readonly store: TestStore;
  readonly events: RoutedEvent[] = [];
  readonly #seen = new Set<string>();
  readonly #bots: ReturnType<typeof makeBots>;
  readonly #route: ReturnType<typeof routeJob>;

  private constructor(store: TestStore) {
    this.store = store;
    this.#bots = makeBots(BOTS, { service: store.fhir, store: store.store, now: store.clock.now });
    this.#route = routeJob({ database: store.database, store: store.store, partners: () => PARTNERS });
  }

  static async open(): Promise<HubKit> {
    const store = await openTestStore('sqlite', {
      triggers: [...routeTriggers(PARTNERS), ...BOTS.flatMap((each) => each.triggers)],
    });
    const kit = new HubKit(store);
    for (const each of network()) {
      const owner = each.resourceType === 'Patient' ? each.id!.replace('avery-', '') : undefined;
      await kit.put(owner === undefined ? HUB : kit.client(owner), owner === undefined ? each : withMrn(each));
    }
    await kit.run();
    return kit;
  }

  client = (organization: string): Actor => ({
    kind: 'client',
    id: `client-${organization}`,
    organization,
    scopes: ['system/*.cruds'],
  });
  user = (organization: string, role: string): Actor => ({
    kind: 'user',
    id: role,
    organization,
    practitionerRole: role,
    scopes: ['user/*.cruds'],
  });
  ask = (actor: Actor): Ask => askAs(this.store.fhir, actor);

  async put(actor: Actor, resource: Resource): Promise<Answer> {
    const answer = await this.ask(actor)(`PUT ${resource.resourceType}/${resource.id}`, resource);
    if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** All resources of a type as the hub sees them. */
  async all<T extends Resource>(type: T['resourceType'], query = ''): Promise<T[]> {
    return (await this.store.store.search(`${type}?_count=500${query}`, { kind: 'everything' })) as never;
  }

  /** Runs jobs until none is ready; a job that throws is the test's failure. Gives the events that were new. */
  async run(): Promise<string[]> {
    const news: string[] = [];
    for (;;) {
      const now = this.store.clock.ms;
      const jobs = await this.store.database.write<ClaimedJob[]>('job.claim', { limit: 20, leaseMs: 60_000, now });
      if (jobs.length === 0) return news;
      const outcomes: { id: number; lease: number; outcome: JobOutcome }[] = [];
      for (const job of jobs) {
        if (job.handler !== 'route') await this.#bots.run(job);
        const events = job.handler === 'route' ? await this.#route(job) : [];
        for (const event of events) if (this.#note(event)) news.push(`${event.kind} → ${event.organization}`);
        outcomes.push({ id: job.id, lease: job.lease, outcome: { kind: 'done', events } });
      }
      await this.store.database.write('job.settle', { settled: outcomes, limit: 0, leaseMs: 0, now });
    }
  }

  #note(event: RoutedEvent): boolean {
    const key = `${event.recipient} ${event.eventKey}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.events.push(event);
    return true;
  }

  /** Lets time pass and the timers look. */
  async pass(minutes: number): Promise<string[]> {
    this.store.clock.ms += minutes * 60_000;
    const timed = (each: BotModule) => each.cron !== undefined;
    for (const each of BOTS.filter(timed)) await this.#bots.tick(each);
    return this.run();
  }

  /** What would leave for this event now. */
  async released(event: RoutedEvent): Promise<Released | undefined> {
    const args = { references: event.resources, ...(event.person === undefined ? {} : { person: event.person }) };
    const found = await this.store.database.read<GatheredRows>('hub.gather', args);
    if (found.kind === 'missing') return undefined;
    const at = new Date(this.store.clock.ms).toISOString();
    const decision = decide({
      facts: found.facts,
      items: found.items,
      recipient: event.organization,
      purpose: event.purpose,
      at,
    });
    return release(
      decision,
      found.items.map((each) => each.resource),
    );
  }

  /** The partner's engine answered "AA" to it. */
  async arrived(event: RoutedEvent): Promise<string[]> {
    const found = await this.store.database.read<GatheredRows>('hub.gather', { references: event.resources });
    const resources = found.kind === 'missing' ? [] : found.items.map((each) => each.resource);
    const at = new Date(this.store.clock.ms).toISOString();
    for (const each of delivered(event, resources, at)) await this.put(HUB, each);
    return this.run();
  }
}

const WHO = { name: [{ family: 'Test' }], birthDate: '1980-01-01' };

function withMrn(patient: Resource): Resource {
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
  return {
    ...patient,
    ...WHO,
    identifier: [{ type, system: 'https://general.example/sid/mrn', value: '100234' }],
  } as Resource;
}
