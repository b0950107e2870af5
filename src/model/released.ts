import type { Bundle, Consent, Resource } from '@medplum/fhirtypes';
import type { Purpose } from './visibility.ts';

/** What one resource may do: go as it is, go in a reduced form, or stay. */
export type Outcome = 'permit' | 'redact' | 'deny';

export interface Judgement {
  /** `Type/id`. */
  readonly reference: string;
  readonly outcome: Outcome;
  /** Coded, without values: `owner`, `policy:treatment`, `consent:permit`, `label:PART2`, `type:Appointment`, … */
  readonly reasons: readonly string[];
}

interface DecisionParts {
  readonly recipient: string;
  readonly purpose: Purpose;
  readonly at: string;
  readonly judgements: readonly Judgement[];
  readonly basis: readonly string[];
  readonly consents: readonly Consent[];
  readonly fingerprint: string;
}

/** Marks a resource of which a part stayed behind. Rule: v3-ObservationValue. */
export const REDACTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'REDACTED',
} as const;

const SEAL = Symbol('sealed by the consent decision');

/**
 * What the consent rules said about a set of resources, one recipient, one purpose and one instant. It says nothing about
 * any other instant: a retry decides anew. Only `rules/consent` can make one.
 */
export class Decision implements DecisionParts {
  readonly #sealed = true; // nominal: an object of the same shape is not a Decision
  /** Organization id. */
  readonly recipient: string;
  readonly purpose: Purpose;
  /** ISO instant. */
  readonly at: string;
  readonly judgements: readonly Judgement[];
  /** What it rests on: `Consent/id/_history/v`, `policy:treatment`. */
  readonly basis: readonly string[];
  /** Consents whose copy must accompany the disclosure (42 CFR 2.32). */
  readonly consents: readonly Consent[];
  /** Equal fingerprints: the same outcome for the same resources on the same basis, whenever it was decided. */
  readonly fingerprint: string;

  constructor(seal: typeof SEAL, parts: DecisionParts) {
    if (seal !== SEAL) throw new Error('a Decision is made by rules/consent only');
    this.recipient = parts.recipient;
    this.purpose = parts.purpose;
    this.at = parts.at;
    this.judgements = Object.freeze([...parts.judgements]);
    this.basis = Object.freeze([...parts.basis]);
    this.consents = parts.consents;
    this.fingerprint = parts.fingerprint;
    Object.freeze(this);
  }

  static is(value: unknown): value is Decision {
    return typeof value === 'object' && value !== null && #sealed in value && value.#sealed;
  }

  outcomeOf(reference: string): Outcome | undefined {
    return this.judgements.find((judgement) => judgement.reference === reference)?.outcome;
  }
}

let claimed = false;

/**
 * Hands out the one function that makes Decisions, once per process. `rules/consent` claims it while it loads;
 * whoever else asks, before or after, stops the process at start.
 */
export function claimDecisions(): (parts: DecisionParts) => Decision {
  if (claimed) throw new Error('Decisions are made by rules/consent only');
  claimed = true;
  return (parts) => new Decision(SEAL, parts);
}

/** What a disclosure was made under. Recorded with the delivery and in the AuditEvent. */
export interface Basis {
  readonly purpose: Purpose;
  readonly at: string;
  readonly consents: readonly string[];
  readonly fingerprint: string;
  /** 42 CFR 2.32, when something in it comes from a Part 2 program. */
  readonly notice?: string;
}

/**
 * A set of resources some consent decision let go to one recipient. The outbox hands a transport nothing else.
 * It does not say that the recipient has it, and it is worth nothing a moment later: decide again for a retry.
 */
export class Released {
  readonly #sealed = true; // nominal: an object of the same shape does not compile
  readonly bundle: Bundle;
  /** Organization id. */
  readonly recipient: string;
  readonly basis: Basis;
  /** How many resources stayed behind whole or in part. Never which, nor why. */
  readonly withheld: { readonly denied: number; readonly redacted: number };

  private constructor(bundle: Bundle, recipient: string, basis: Basis, withheld: Released['withheld']) {
    this.bundle = bundle;
    this.recipient = recipient;
    this.basis = basis;
    this.withheld = withheld;
    Object.freeze(this);
  }

  static is(value: unknown): value is Released {
    return typeof value === 'object' && value !== null && #sealed in value && value.#sealed;
  }

  /**
   * Undefined when the decision is for another recipient, or the bundle holds anything the decision did not let go.
   * `accompanying`: resources the law wants beside the disclosure (the notice); they hold nothing about the patient.
   */
  static under(
    decision: Decision,
    bundle: Bundle,
    recipient: string,
    notice?: { readonly text: string; readonly accompanying: readonly Resource[] },
  ): Released | undefined {
    if (!Decision.is(decision) || decision.recipient !== recipient) return undefined;
    const beside = new Set<Resource>([...decision.consents, ...(notice?.accompanying ?? [])]);
    let released = 0;
    for (const { resource } of bundle.entry ?? []) {
      if (resource === undefined) return undefined;
      if (beside.has(resource)) continue;
      const outcome = decision.outcomeOf(`${resource.resourceType}/${resource.id}`);
      if (outcome === 'redact' ? !isReduced(resource) : outcome !== 'permit') return undefined;
      released++;
    }
    if (released === 0) return undefined;
    const count = (outcome: Outcome) => decision.judgements.filter((each) => each.outcome === outcome).length;
    const basis: Basis = {
      purpose: decision.purpose,
      at: decision.at,
      consents: decision.basis,
      fingerprint: decision.fingerprint,
      ...(notice === undefined ? {} : { notice: notice.text }),
    };
    return new Released(bundle, recipient, basis, { denied: count('deny'), redacted: count('redact') });
  }
}

function isReduced(resource: Resource): boolean {
  return (resource.meta?.security ?? []).some(
    (label) => label.system === REDACTED.system && label.code === REDACTED.code,
  );
}

/** A place and a code out of HL7 tables 0357 and 0516; there is no member for a value or a text. */
export interface AckError {
  /** `PID^1^8`. */
  readonly location?: string;
  readonly code: string;
  readonly severity: 'I' | 'W' | 'E' | 'F';
}

const CONTROL_ID = /^[\x21-\x7e]{1,199}$/;
const LOCATION = /^[A-Z][A-Z0-9]{2}(\^\d{1,5}){0,5}$/;

/**
 * An application ACK that leaves later as its own exchange. It can hold a control id, an ACK code and coded errors, and
 * by construction nothing clinical; so it needs no consent decision.
 */
export class ApplicationAck {
  readonly #sealed = true;
  /** Partner id. */
  readonly recipient: string;
  /** MSH-10 of the message that is answered. */
  readonly controlId: string;
  readonly code: 'AA' | 'AE' | 'AR';
  readonly errors: readonly AckError[];

  private constructor(recipient: string, controlId: string, code: 'AA' | 'AE' | 'AR', errors: readonly AckError[]) {
    this.recipient = recipient;
    this.controlId = controlId;
    this.code = code;
    this.errors = Object.freeze(errors.map((error) => Object.freeze({ ...error })));
    Object.freeze(this);
  }

  static is(value: unknown): value is ApplicationAck {
    return typeof value === 'object' && value !== null && #sealed in value && value.#sealed;
  }

  /** Undefined when an argument could carry more than codes and places. */
  static of(
    recipient: string,
    controlId: string,
    code: 'AA' | 'AE' | 'AR',
    errors: readonly AckError[] = [],
  ): ApplicationAck | undefined {
    if (!CONTROL_ID.test(controlId)) return undefined;
    const coded = errors.every(
      (error) => /^\d{1,3}$/.test(error.code) && (error.location === undefined || LOCATION.test(error.location)),
    );
    return coded ? new ApplicationAck(recipient, controlId, code, errors) : undefined;
  }
}
