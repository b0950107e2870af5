import type { Config } from '../config/load.ts';
import type { FlowConfig } from '../flow/hub-flow.ts';
import type { Endpoint, Feed, Partner } from '../model/partner.ts';
import { partnerIdOf } from '../rules/mirror.ts';

/** The configuration in force. A reload replaces it whole; every question is answered by what is in force then. */
export class LiveConfig implements FlowConfig {
  #config: Config;
  #feeds: ReadonlyMap<string, { readonly feed: Feed; readonly partner: Partner }>;

  constructor(config: Config) {
    this.#config = config;
    this.#feeds = feedsOf(config);
  }

  get current(): Config {
    return this.#config;
  }

  replace(config: Config): void {
    this.#config = config;
    this.#feeds = feedsOf(config);
  }

  version(): string {
    return this.#config.version;
  }

  feed(id: string) {
    return this.#feeds.get(id);
  }

  feeds(): readonly Feed[] {
    return this.#config.partners.flatMap((partner) => partner.feeds);
  }

  endpoints(): readonly Endpoint[] {
    return this.#config.partners.flatMap((partner) => partner.endpoints);
  }

  partner(id: string): Partner | undefined {
    return this.#config.partners.find((each) => each.id === partnerIdOf(id));
  }

  partners(): readonly Partner[] {
    return this.#config.partners;
  }
}

function feedsOf(config: Config) {
  return new Map(
    config.partners.flatMap((partner) => partner.feeds.map((feed) => [feed.id, { feed, partner }] as const)),
  );
}
