import type { Json } from './json.ts';

/**
 * When a source said something. Order: `at`, then `sequence`, then `serial`, then `hash`; one that is absent comes first.
 * `at` is EVN-2 or MSH-7 as an ISO instant in UTC; `sequence` is MSH-13; `serial` is MSH-10 so that it sorts (`serialOf`); `hash` the
 * SHA-256 of the message's bytes. Rule: DESIGN 3 "Assertions, not overwrites", D-027.
 */
export interface Stamp {
  readonly at: string;
  readonly sequence?: number;
  readonly serial?: string;
  readonly hash: string;
}

/** The natural key of a resource the hub declares the identity of. Its id is an HMAC of these (DESIGN 5 "Ids"). */
export interface NaturalKey {
  readonly type: string;
  /** Organization id of the source that issued the identifier. */
  readonly owner: string;
  readonly authority: string;
  readonly value: string;
}

/**
 * One statement about one element of one resource.
 * `element` is a path of element names from the root (`birthDate`, `period.end`, `hospitalization.dischargeDisposition`),
 * optionally followed by a slot (`participant[PV1-7]`): a repeating element is the concatenation of its slots in slot order. A slot
 * may have parts (`participant[AIP/x]`): what was said of one is void once `participant[AIP]` was stated later.
 * `set` states a value, `snapshot` states the whole list of a repeating element or slot, `delete` (v2 `""`) states that there is none.
 * `overFhir`: this row may change an element that a FHIR actor wrote last (only listed rows may).
 */
export type ElementAssertion =
  | { readonly element: string; readonly op: 'set'; readonly value: Json; readonly overFhir?: true }
  | { readonly element: string; readonly op: 'snapshot'; readonly value: readonly Json[]; readonly overFhir?: true }
  | { readonly element: string; readonly op: 'delete'; readonly overFhir?: true };

/** Everything one message states about one resource. The store materialises the resource once its required elements are there. */
export interface ResourceAssertions {
  readonly type: string;
  readonly id: string;
  readonly key: NaturalKey;
  /** Organization id that owns the resource. */
  readonly owner: string;
  /** Program of the owner it belongs to (for Part 2 labels). */
  readonly program?: string;
  /** Patient id it is about; absent for directory resources. */
  readonly patient?: string;
  /** Security label codes that must be on it, whatever else is (sticky). */
  readonly labels: readonly { readonly system: string; readonly code: string }[];
  readonly elements: readonly ElementAssertion[];
  /**
   * Values of required elements for as long as no source has stated them (an A08 that comes first: `Encounter.status` unknown).
   * They are put in when the resource is materialised and are never folded: any statement, older or newer, replaces them.
   */
  readonly defaults?: readonly { readonly element: string; readonly value: Json }[];
}

/**
 * The whole membership of a group as one message states it (group session: SCH id → one Appointment per patient).
 * A resource that was a member by an older snapshot and is not in the latest gets `onRemoved`, stamped with the latest snapshot;
 * so does one which an older message adds later. `complete: false` (a member could not be identified): nobody is removed.
 */
export interface GroupAssertion {
  readonly group: string;
  readonly members: readonly { readonly type: string; readonly id: string }[];
  readonly onRemoved: readonly ElementAssertion[];
  readonly complete: boolean;
}

/** Patient identity statements of a source about its own patients. Rule: DOMAIN C1 "Merge", H7. */
export type IdentityAssertion =
  | { readonly op: 'link' | 'unlink'; readonly patient: string; readonly other: string }
  | { readonly op: 'merge'; readonly survivor: string; readonly loser: string };

/** What did not map, or mapped with a reservation. Names the place and the code, never the value. */
export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  /** `stage.what`, e.g. `map.code-unmapped`. */
  readonly code: string;
  /** HL7 location (`PID[1]-8[1].1`) or FHIRPath. */
  readonly location?: string;
  readonly text: string;
}

/** A part of a message that could not be applied while the rest was (one member of a group). Replayable after a fix. */
export interface ParkedPart {
  readonly part: string;
  readonly code: string;
  readonly location?: string;
  readonly text: string;
}

/** What mapping gives for one message. `refused`: the whole message cannot be completed and is parked with that reason. */
export interface Mapped {
  readonly resources: readonly ResourceAssertions[];
  readonly groups: readonly GroupAssertion[];
  readonly identity: readonly IdentityAssertion[];
  readonly issues: readonly Issue[];
  readonly parked: readonly ParkedPart[];
  readonly refused?: { readonly code: string; readonly location?: string; readonly text: string };
}
