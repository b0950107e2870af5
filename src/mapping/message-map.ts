import type { PartnerRows } from './partner-rows.ts';
import type { SegmentMap } from './row.ts';
import type { Scope } from './scope.ts';

/** What becomes of the messages of some triggers. */
export interface MessageMap {
  readonly name: string;
  /** `ADT^A01`. */
  readonly events: readonly string[];
  /** Every segment map it uses: what is in none of them is loss. */
  // biome-ignore lint/suspicious/noExplicitAny: maps of all resource types stand in one list
  readonly maps: readonly SegmentMap<any>[];
  /** It says who is who. What cannot be applied of it parks and holds its patients' lanes, whatever the feed does with parked messages. */
  readonly movesIdentity?: true;
  /** States what the message says. It may throw a `Refusal` and nothing else. */
  readonly run: (scope: Scope) => void;
}

/** Everything `mappings/` gives to `compileMaps`. */
export interface Definitions {
  readonly version: string;
  readonly messages: readonly MessageMap[];
  /** Identity and cancel triggers nobody may acknowledge and ignore: event → why it parks. Rule: DESIGN §3 "ACK". */
  readonly unsafe: Readonly<Record<string, string>>;
  /** File name (`handoff.yaml`: `mappingFile`) → what it changes. */
  readonly partners: Readonly<Record<string, PartnerRows>>;
  /** Message types that never become clinical data: ACK, NMD … */
  readonly administrative: readonly string[];
}
