import { LABEL } from './labels.ts';

/**
 * What a reader may see, compiled for SQL: a resource row is visible when
 *   owner_org = organization,
 *   or the row belongs to no person and its type is a directory type (`shared = 1`),
 *   or the organization is a party to it and its labels hold nothing sensitive,
 *   or a grant row (person, owner, recipient = organization) covers its labels and type at `at`.
 * To a patient it is visible when it is about the patient's person and nobody else, and neither its type nor a label is withheld
 * (`rules`: see `PATIENT_WITHHELD`), or when it is of the directory.
 * `everything` is for the hub itself and for operators; no client token ever compiles to it.
 * Rule: DESIGN 7; R62, H3, H4, H5.
 */
export type Visibility =
  | { readonly kind: 'everything' }
  | {
      readonly kind: 'organization';
      readonly organization: string;
      readonly purpose: Purpose;
      /** ISO instant of the decision. */
      readonly at: string;
    }
  /**
   * Patient id of one record; those of the same person come with it, as they stand at the read. `types`: all there are, for the
   * security codes of a row are looked up by type.
   */
  | { readonly kind: 'patient'; readonly patient: string; readonly types: readonly string[] };

/** v3-ActReason codes the hub knows. */
export type Purpose = 'TREAT' | 'COC' | 'HPAYMT' | 'HOPERAT' | 'ETREAT';

export const EVERYTHING: Visibility = { kind: 'everything' };

/**
 * One effective permission: `recipient` may see what `owner` holds about `person`, as far as every label bit of the
 * resource is in `labels` and its type is not in `typesWithheld`, from `since` until `until`.
 * Denials are already subtracted. Derived, never edited: recomputed whenever a Consent or a care relationship changes.
 */
export interface Grant {
  readonly person: string;
  readonly owner: string;
  readonly recipient: string;
  readonly purpose: Purpose;
  /** Bit set of `model/labels.ts`. 0: only unlabelled resources. */
  readonly labels: number;
  readonly typesWithheld: readonly string[];
  /** ISO instants; `until` absent: open. */
  readonly since: string;
  readonly until?: string;
  /** What it rests on: `Consent/id/_history/v`, or `policy:treatment`. */
  readonly basis: string;
}

/**
 * What a patient does not read of his own record through the hub. Part 2 records are his own. Not so: psychotherapy notes, what is
 * very restricted or protected by a physician's wish, labels nobody knows, what its source forbade to disclose at all or to the
 * patient (`NOPAT`); and the papers of those who work on it, which name colleagues, deadlines and other organizations. His clinic
 * gives those by its own process. Rule: 45 CFR 164.524(a)(1)(i); DOMAIN §B8, H3, H4.
 */
export const PATIENT_WITHHELD = {
  labels: LABEL.PSYTHPN | LABEL.VERY_RESTRICTED | LABEL.PROTECTED | LABEL.UNKNOWN | LABEL.NO_DISCLOSURE,
  /** Security code of a resource. */
  code: 'NOPAT',
  types: ['AuditEvent', 'Basic', 'Communication', 'CommunicationRequest', 'Flag', 'Provenance', 'Subscription', 'Task'],
} as const;
