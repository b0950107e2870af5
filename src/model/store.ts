import type { Actor } from './actor.ts';
import type { Mapped, Stamp } from './assertion.ts';
import type { Visibility } from './visibility.ts';

/** A FHIR resource as the store holds it. */
export interface Stored {
  readonly resourceType: string;
  readonly id: string;
  readonly meta: { readonly versionId: string; readonly lastUpdated: string };
  readonly [element: string]: unknown;
}

/** One journal row's worth of assertions. */
export interface ApplyUnit {
  readonly journalId: string;
  readonly partner: string;
  /** Organization id of the partner. */
  readonly organization: string;
  readonly stamp: Stamp;
  readonly mapped: Mapped;
  /** A person's act and no message: its Provenance names them instead of a message. */
  readonly by?: Actor;
  readonly provenance: {
    /** SHA-256 (hex) of the message's bytes. */
    readonly bodyHash: string;
    readonly mappingVersion: string;
    /** ISO instant at which the message was received. */
    readonly receivedAt: string;
    /** Trigger, e.g. `ADT^A01`. */
    readonly event: string;
    /** Software that sent it, each as vendor, product and version. Rule: HL7 v2.5.1 §2.15.12 SFT. */
    readonly software?: readonly string[];
  };
}

/**
 * `applied`: everything is in one committed transaction with the marker of the journal row.
 * `unchanged`: nothing new was said (or the row was applied before): no version, no job, no Provenance.
 * `refused`: nothing was written; the message must park with this reason.
 */
export type Applied =
  | {
      readonly outcome: 'applied' | 'unchanged';
      readonly changed: readonly { readonly type: string; readonly id: string; readonly versionId: string }[];
    }
  | { readonly outcome: 'refused'; readonly code: string; readonly location?: string; readonly text: string };

/** The store as the flow sees it. FHIR clients come in by the server's interactions instead. */
export interface Store {
  apply(unit: ApplyUnit): Promise<Applied>;
  read(type: string, id: string, as: Visibility): Promise<Stored | undefined>;
  /** `query`: `CarePlan?patient=…`. Gives the matching and included resources. */
  search(query: string, as: Visibility): Promise<readonly Stored[]>;
  /** Creates or updates with a known id; unchanged content writes nothing. */
  put(resource: { readonly resourceType: string; readonly id: string }, by: Actor): Promise<Stored>;
}

/**
 * When a committed change of a resource becomes a job. `criteria` is a search on the changed resource alone
 * (`QuestionnaireResponse?status=completed`). Jobs of one (handler, person) run in order.
 */
export interface Trigger {
  /** Bot name, or `route` for the router. */
  readonly handler: string;
  readonly resourceType: string;
  readonly criteria?: string;
  readonly on: readonly ('create' | 'update' | 'delete')[];
  readonly lane?: 'safety' | 'normal';
}
