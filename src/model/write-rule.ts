import type { Actor } from './actor.ts';
import type { Issue } from './assertion.ts';
import type { Stored } from './store.ts';

/**
 * A rule asked inside the writing transaction before a resource of its type is created, changed or deleted by a FHIR actor.
 * It refuses with an issue (code `forbidden.…`: HTTP 403; any other: 422) or lets pass. Pure: what it needs to know is handed to it.
 */
export interface WriteRule {
  readonly resourceType: string;
  check(write: {
    readonly actor: Actor;
    readonly before?: Stored;
    /** Absent on delete. */
    readonly after?: { readonly resourceType: string; readonly [element: string]: unknown };
    /** The PractitionerRole the actor's token is bound to, as it stands in this transaction. */
    readonly role?: Stored;
    /** Resources the rule named by `needs`, as they stand in this transaction. */
    readonly facts: readonly Stored[];
    /** ISO instant of the transaction. */
    readonly at: string;
  }): Issue | undefined;
  /** References to read before `check`, given both sides of the write. */
  needs?(before: Stored | undefined, after: { readonly [element: string]: unknown } | undefined): readonly string[];
}
