import type { Consent } from '@medplum/fhirtypes';
import { LABEL } from '../model/labels.ts';
import type { Purpose } from '../model/visibility.ts';
import { type Emergency, emergencyOf, isRefused } from './break-glass.ts';
import { both, type Effect, type ReadConsent, readConsent } from './consent-provision.ts';
import type { PersonFacts } from './facts.ts';
import { within } from './instants.ts';
import { isReferralTask, isReleased } from './referral.ts';
import { type Relation, relationsOf } from './relations.ts';

/** What holds where no Consent speaks. Every member is configuration (DOMAIN §0, D). */
export interface ConsentPolicy {
  /** Purposes for which care relationships open what is not sensitive (HIPAA treatment). */
  readonly purposes: readonly Purpose[];
  /** Types that no relationship opens; only a Consent that names them does. */
  readonly typesWithheld: readonly string[];
  /** Of these a related organization is told the reduced form (`rules/release`). */
  readonly typesReduced: readonly string[];
  /** How long after its episode an organization may still look (follow-up contacts: R27). */
  readonly episodeTailDays: number;
}

/** Defaults: other organizations learn a busy interval and no schedule, and nobody reads consents, audit or provenance of others. */
export const CONSENT_POLICY: ConsentPolicy = {
  purposes: ['TREAT', 'COC'],
  typesWithheld: ['Appointment', 'AppointmentResponse', 'AuditEvent', 'Basic', 'Binary', 'Consent', 'Provenance'],
  typesReduced: ['Appointment'],
  episodeTailDays: 90,
};

/** Owner under which the store keeps rows of the hub itself, and so their grants. */
export const HUB_OWNED = '';

/** The facts about one person, read once. */
export interface Terms {
  /** Whose data about the person is known to be any: those who hold, wrote or treat. What others hold is not disclosed. */
  readonly owners: ReadonlySet<string>;
  /** `Type/id` of referrals that wait at the gate: their receiver is no party yet. */
  readonly held: ReadonlySet<string>;
  readonly policy: ConsentPolicy;
  readonly relations: readonly Relation[];
  readonly consents: readonly ReadConsent[];
  readonly emergencies: readonly Emergency[];
}

export function termsOf(facts: PersonFacts, policy: ConsentPolicy): Terms {
  const consents = facts.facts.flatMap(({ resource, owner }) =>
    resource.resourceType === 'Consent' ? (readConsent(resource, owner, facts.affiliations) ?? []) : [],
  );
  const emergencies = facts.facts.flatMap(({ resource, owner }) =>
    resource.resourceType === 'Basic' ? (emergencyOf(resource, owner, facts.affiliations) ?? []) : [],
  );
  const refused = (emergency: Emergency) =>
    facts.facts.some(
      ({ resource, owner }) =>
        resource.resourceType === 'Consent' && isRefused(emergency, { resource, owner }, facts.affiliations),
    );
  const relations = relationsOf(facts, policy.episodeTailDays);
  const owners = new Set<string>([
    HUB_OWNED,
    ...facts.patients.map((each) => each.owner),
    ...facts.facts.flatMap((each) => each.owner ?? []),
    ...relations.map((each) => each.organization),
  ]);
  const standing = emergencies.filter((each) => !refused(each));
  return { owners, policy, relations, consents, emergencies: standing, held: heldReferrals(facts) };
}

function heldReferrals(facts: PersonFacts): Set<string> {
  const waiting = facts.facts.flatMap(({ resource }) =>
    resource.resourceType === 'Task' && isReferralTask(resource) && !isReleased(resource) ? [resource] : [],
  );
  return new Set(waiting.flatMap((task) => [`Task/${task.id}`, task.focus?.reference ?? '']));
}

export interface Opening {
  readonly open: boolean;
  /** Label bits that are open; meaningful when `open`, or for the reduced form when `related`. */
  readonly labels: number;
  readonly related: boolean;
  readonly denied: boolean;
  readonly reason: string;
  readonly basis: string[];
  readonly consents: Consent[];
}

interface TypeQuestion {
  readonly owner: string;
  readonly recipient: string;
  readonly purpose: Purpose;
  readonly type: string;
  readonly at: string;
}

/** The one place where policy, consents and emergencies meet. Both `decide` and `deriveGrants` ask here and nowhere else. */
export function opening(question: TypeQuestion, { owners, policy, relations, consents, emergencies }: Terms): Opening {
  const related = relations.some((each) => each.organization === question.recipient && within(each, question.at));
  const heard = consents
    .map((each) => ({ consent: each.consent, effect: each.effect({ ...question, related }) }))
    .filter(({ effect }) => effect.permit !== undefined || effect.deny !== undefined);
  const effect = heard.map((each) => each.effect).reduce(both, {} as Effect);
  const emergency = emergencies.find((each) => matchesEmergency(each, question));
  const byPolicy = related && policy.purposes.includes(question.purpose);
  const withheld = policy.typesWithheld.includes(question.type);

  const open = withheld
    ? effect.permit?.named === true
    : byPolicy || effect.permit !== undefined || emergency !== undefined;
  const opened = (byPolicy ? LABEL.MENTAL : 0) | (effect.permit?.labels ?? 0) | (emergency?.labels ?? 0);
  const used = heard.map(({ consent }) => versionOf(consent));
  return {
    open: open && owners.has(question.owner) && effect.deny?.all !== true,
    labels: opened & ~(effect.deny?.labels ?? 0),
    related: byPolicy,
    denied: effect.deny?.all === true,
    reason: effect.permit !== undefined ? 'consent:permit' : emergency !== undefined ? 'emergency' : 'policy:treatment',
    basis: [...used, ...(emergency === undefined ? [] : [emergency.basis]), ...(byPolicy ? ['policy:treatment'] : [])],
    consents: heard
      .filter((each) => ((each.effect.permit?.labels ?? 0) & LABEL.PART2) !== 0)
      .map((each) => each.consent),
  };
}

function matchesEmergency(emergency: Emergency, question: TypeQuestion): boolean {
  const sameParties = emergency.owner === question.owner && emergency.recipient === question.recipient;
  return sameParties && question.purpose === 'ETREAT' && within(emergency, question.at);
}

function versionOf(consent: Consent): string {
  const version = consent.meta?.versionId;
  return version === undefined ? `Consent/${consent.id}` : `Consent/${consent.id}/_history/${version}`;
}
