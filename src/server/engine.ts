import type { ConceptMap, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Definitions } from '../fhir/definitions.ts';
import type { Terminology } from '../fhir/terminology.ts';
import type { NewId } from '../model/clock.ts';
import type { Trigger } from '../model/store.ts';
import type { Grant } from '../model/visibility.ts';
import type { WriteRule } from '../model/write-rule.ts';
import type { EndpointPolicy } from './operations/subscription-endpoint.ts';

/** A FHIR resource as the server handles it before it is known to be stored. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: {
    readonly versionId?: string;
    readonly lastUpdated?: string;
    readonly security?: readonly { readonly system?: string; readonly code?: string }[];
    readonly [element: string]: unknown;
  };
  readonly [element: string]: unknown;
}

/** What the grant rule is told about one person. Structurally the `PersonFacts` of src/rules. */
export interface GrantFacts {
  readonly person: string;
  readonly patients: readonly { readonly patient: string; readonly owner: string }[];
  readonly facts: readonly OwnedFact[];
  readonly affiliations: Readonly<Record<string, string>>;
}

export interface OwnedFact {
  // biome-ignore lint/suspicious/noExplicitAny: the rule narrows by resourceType; rules are injected and share no class with the server
  readonly resource: any;
  readonly owner?: string | undefined;
  readonly parties?: readonly string[] | undefined;
}

/** Who may see what of a person, derived from the person's own resources. Injected: the server does not import rules. */
export interface GrantRule {
  /** A change of one of these calls for `derive`. */
  readonly factTypes: readonly string[];
  affiliationsNeeded(facts: readonly OwnedFact[]): readonly string[];
  derive(facts: GrantFacts): readonly Grant[];
}

/** What every command of the server needs beside its transaction. One per process or worker; immutable. */
export interface Engine {
  readonly definitions: Definitions;
  /** Code systems and value sets of R4; read at the first use. */
  terminology(): Terminology;
  /** Maps between code systems that the hub itself works with. */
  conceptMaps(): Promise<readonly ConceptMap[]>;
  /** Ids of what FHIR clients create. */
  readonly newId: NewId;
  /** Key of deterministic ids. */
  readonly hubKey: Buffer;
  /** Identifier system → organization that issues its identifiers. */
  readonly issuers: Readonly<Record<string, string>>;
  /** `profiles`: besides those that the resource claims. */
  validate(resource: FhirResource, profiles?: readonly string[]): readonly OperationOutcomeIssue[];
  /** Elements without which the resource would not be valid; a folded resource waits as a placeholder until there are none. */
  missingRequired(resource: FhirResource): readonly string[];
  readonly grants: GrantRule;
  readonly writeRules: readonly WriteRule[];
  readonly triggers: readonly Trigger[];
  /** Where Subscriptions may send. */
  readonly subscriptionEndpoints: EndpointPolicy;
}
