import { failureOf } from '../model/failure.ts';
import type { FlowLog, TranslatePort } from '../model/flow.ts';
import type { Feed, Partner } from '../model/partner.ts';
import type { Applied, ApplyUnit } from '../model/store.ts';
import type { Journal } from './journal.ts';
import type { Outcomes } from './outcomes.ts';
import { codeOf, type Translate, unitOf } from './translate.ts';

export interface ReplayDeps {
  readonly journal: Journal;
  readonly outcomes: Outcomes;
  readonly translate: Translate;
  readonly port: TranslatePort;
  readonly feed: (id: string) => { readonly feed: Feed; readonly partner: Partner } | undefined;
  /** What `apply` would change, without changing it. */
  readonly preview: (unit: ApplyUnit) => Promise<Applied>;
  /** Writes the audit of the replay: who, which messages, dry or not. The only trace it leaves by itself. */
  readonly audit: (entry: ReplayAudit) => Promise<void>;
  readonly log: FlowLog;
}

export interface ReplayAudit {
  readonly by: string;
  readonly messages: 'all' | readonly number[];
  readonly dryRun: boolean;
}

/** What a replay of one message came to, or would come to. */
export interface Replayed {
  readonly id: number;
  readonly outcome: 'applied' | 'unchanged' | 'listed' | 'parked' | 'would-change' | 'would-park' | 'late';
  readonly code?: string;
  readonly location?: string;
  readonly text?: string;
  /** Dry run: what would get a new version, as `Type/id`. */
  readonly changes?: readonly string[];
}

const AT_ONCE = 100;
const WAIT_MS = 60_000;
const BEGIN_TRIES = 40;
const BEGIN_PAUSE_MS = 50;

/**
 * Maps and applies stored messages again, through the same loop as the first time. The store folds by stamp, so what was said before
 * changes nothing, sends nothing and undoes no human decision. A dry run writes nothing at all.
 */
export class Replay {
  readonly #deps: ReplayDeps;

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
  }

  async *run(messages: 'all' | readonly number[], by: string, dryRun: boolean): AsyncGenerator<Replayed> {
    await this.#deps.audit({ by, messages, dryRun });
    for await (const ids of this.#pages(messages)) {
      if (dryRun) for (const id of ids) yield await this.#dry(id);
      else yield* await this.#again(ids);
    }
  }

  async *#pages(messages: 'all' | readonly number[]): AsyncGenerator<readonly number[]> {
    if (messages !== 'all') {
      for (let from = 0; from < messages.length; from += AT_ONCE) yield messages.slice(from, from + AT_ONCE);
      return;
    }
    // What comes in while it runs is not part of it.
    const [newest] = await this.#deps.journal.list({ limit: 1 });
    let after = 0;
    while (newest && after < newest.id) {
      const ids = (await this.#deps.journal.range(after, AT_ONCE)).filter((id) => id <= newest.id);
      if (ids.length === 0) return;
      yield ids;
      after = ids.at(-1)!;
    }
  }

  async #again(ids: readonly number[]): Promise<Replayed[]> {
    const { outcomes } = this.#deps;
    for (const id of ids) outcomes.forget(id);
    const ended = ids.map((id) => outcomes.wait(id, WAIT_MS));
    const begun = await this.#begin(ids);
    const results: Replayed[] = [];
    for (const [i, id] of ids.entries()) {
      const outcome = begun.has(id) ? await ended[i] : undefined;
      if (!outcome) results.push({ id, outcome: 'late' });
      else {
        const unchanged = outcome.kind === 'applied' && outcome.changed === 0;
        results.push({ id, outcome: unchanged ? 'unchanged' : outcome.kind, ...outcome.reason });
      }
    }
    return results;
  }

  /** A message may be applied and answered while the journal has yet to note it: it runs again as soon as that is done. */
  async #begin(ids: readonly number[]): Promise<ReadonlySet<number>> {
    const { journal, translate } = this.#deps;
    const begun = new Set<number>();
    for (let tries = 0; begun.size < ids.length && tries < BEGIN_TRIES; tries += 1) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, BEGIN_PAUSE_MS));
      for (const id of await journal.replay(ids.filter((each) => !begun.has(each)))) begun.add(id);
      translate.wake();
    }
    return begun;
  }

  async #dry(id: number): Promise<Replayed> {
    const { journal, port, feed, preview } = this.#deps;
    const row = await journal.one(id);
    const bytes = row ? await journal.body(id) : undefined;
    if (!row || !bytes) return { id, outcome: 'would-park', code: 'body.purged', text: failureOf('body.purged').text };
    const source = feed(row.feed);
    if (!source) return { id, outcome: 'would-park', code: 'deliver.partner-unknown' };
    try {
      const { hash, receivedAt } = row;
      const translated = port.translate({ bytes, hash, receivedAt, ...source });
      if (translated.kind === 'unsupported') {
        return { id, outcome: translated.identity ? 'would-park' : 'listed', code: 'map.unsupported' };
      }
      const { refused } = translated.mapped;
      if (refused) return { id, outcome: 'would-park', ...refused };
      const unit = unitOf({ id, hash, receivedAt, replays: 0 }, source.partner, translated, port.version);
      const applied = await preview({ ...unit, journalId: `${id}.dry` });
      if (applied.outcome === 'refused') return { id, outcome: 'would-park', code: applied.code, text: applied.text };
      const changes = applied.changed.map(({ type, id: changed }) => `${type}/${changed}`);
      return { id, outcome: changes.length > 0 ? 'would-change' : 'unchanged', changes };
    } catch (error) {
      const code = codeOf(error);
      this.#deps.log(code, { id, replay: true });
      return { id, outcome: 'would-park', code, text: failureOf(code).text };
    }
  }
}
