import type { Consent } from '@medplum/fhirtypes';
import { jsonHash } from '../fhir/canonical.ts';
import { resourceBits } from '../fhir/labels.ts';
import { LABEL, SENSITIVE_LABELS } from '../model/labels.ts';
import { claimDecisions, type Decision, type Judgement } from '../model/released.ts';
import type { Grant, Purpose } from '../model/visibility.ts';
import { flatten } from './consent-provision.ts';
import { CONSENT_POLICY, type ConsentPolicy, HUB_OWNED, opening, type Terms, termsOf } from './consent-terms.ts';
import { type Owned, organizationOf, type PersonFacts, partiesOf } from './facts.ts';
import { BEGINNING, within } from './instants.ts';
import { DIRECTORY_TYPES, PERSON_TYPES } from './resource-types.ts';

const seal = claimDecisions();

export interface Ask {
  readonly facts: PersonFacts;
  readonly items: readonly Owned[];
  /** Organization id. */
  readonly recipient: string;
  readonly purpose: Purpose;
  /** ISO instant. */
  readonly at: string;
  readonly policy?: ConsentPolicy;
}

/**
 * Permit, redact or deny for each resource, at one instant, with reasons and the consent versions used. Call it at every attempt:
 * it is worth nothing a moment later. Deny overrides permit; what is labelled sensitive needs a Consent that opens every one of its
 * labels; what cannot be understood stays closed. Rule: DESIGN 7, DOMAIN B8, H3, H4, H6.
 */
export function decide(ask: Ask): Decision {
  const terms = termsOf(ask.facts, ask.policy ?? CONSENT_POLICY);
  const at = new Date(ask.at).toISOString();
  const judged = ask.items.map((item) => judge(item, { ...ask, at }, terms));
  const judgements = judged.map((each) => each.judgement);
  const basis = [...new Set(judged.flatMap((each) => each.basis))].sort();
  const consents = [...new Set(judged.flatMap((each) => each.consents))];
  const fingerprint = jsonHash([ask.recipient, ask.purpose, judgements, basis]);
  return seal({ recipient: ask.recipient, purpose: ask.purpose, at, judgements, basis, consents, fingerprint });
}

interface Judged {
  readonly judgement: Judgement;
  readonly basis: readonly string[];
  readonly consents: readonly Consent[];
}

function judge(item: Owned, ask: Ask, terms: Terms): Judged {
  const { resource } = item;
  const reference = `${resource.resourceType}/${resource.id}`;
  const done = (
    outcome: Judgement['outcome'],
    reason: string,
    basis: string[] = [],
    consents: Consent[] = [],
  ): Judged => ({
    judgement: { reference, outcome, reasons: [reason] },
    basis,
    consents,
  });
  const bits = resourceBits(resource);
  if (item.owner === ask.recipient) return done('permit', 'owner');
  if (DIRECTORY_TYPES.includes(resource.resourceType) && bits === 0) return done('permit', 'directory');
  const parties = item.parties ?? partiesOf(resource, ask.facts.affiliations);
  const isParty = parties.includes(ask.recipient) && !terms.held.has(reference);
  if (isParty && (bits & SENSITIVE_LABELS) === 0) return done('permit', 'party');

  const question = { owner: item.owner ?? HUB_OWNED, recipient: ask.recipient, purpose: ask.purpose, at: ask.at };
  const found = opening({ ...question, type: resource.resourceType }, terms);
  const closed = bits & ~found.labels;
  if (found.open && closed === 0) {
    const part2 = (bits & LABEL.PART2) === 0 ? [] : found.consents;
    return done('permit', found.reason, found.basis, part2);
  }
  if (found.denied) return done('deny', 'consent:deny', found.basis);
  if (found.related && closed === 0 && terms.policy.typesReduced.includes(resource.resourceType)) {
    return done('redact', `type:${resource.resourceType}`, found.basis);
  }
  return done('deny', closed === 0 ? 'no-relationship-or-consent' : `label:${labelNames(closed)}`);
}

function labelNames(bits: number): string {
  const names = Object.entries(LABEL).filter(([, bit]) => (bits & bit) !== 0);
  return names.map(([name]) => name).join('+');
}

const PURPOSES: readonly Purpose[] = ['TREAT', 'COC', 'ETREAT', 'HPAYMT', 'HOPERAT'];

/**
 * The same decision as rows the server can compare: for every owner, recipient, purpose and span of time, what is open.
 * Denials are subtracted, starts and expiries are cut. Recompute when a fact of `factTypes` changes. The rows say nothing of what
 * an owner, a party or everyone (directory) sees anyway.
 */
export function deriveGrants(facts: PersonFacts, policy: ConsentPolicy = CONSENT_POLICY): Grant[] {
  const terms = termsOf(facts, policy);
  const cuts = cutsOf(terms);
  const grants: Grant[] = [];
  for (const recipient of recipientsOf(facts, terms)) {
    for (const owner of terms.owners) {
      if (owner === recipient) continue;
      for (const purpose of PURPOSES)
        grants.push(...slices({ person: facts.person, owner, recipient, purpose }, cuts, terms));
    }
  }
  return grants;
}

/** Every organization that any fact could open something to. */
function recipientsOf(facts: PersonFacts, terms: Terms): string[] {
  const found = new Set<string>(terms.relations.map((each) => each.organization));
  for (const { consent } of terms.consents) {
    for (const actor of flatten(consent.provision).flatMap((each) => each.actor ?? [])) {
      const organization = organizationOf(actor.reference, facts.affiliations);
      if (organization !== undefined) found.add(organization);
    }
  }
  for (const each of terms.emergencies) found.add(each.recipient);
  return [...found].sort();
}

/** Every instant at which some answer can change. */
function cutsOf(terms: Terms): string[] {
  const cuts = new Set<string>([BEGINNING]);
  const add = (span: { since: string; until?: string }) => {
    cuts.add(span.since);
    if (span.until !== undefined) cuts.add(span.until);
  };
  for (const each of terms.relations) add(each);
  for (const each of terms.emergencies) add(each);
  for (const each of terms.consents) {
    add(each.span);
    for (const span of each.spansWithin) add(span);
  }
  return [...cuts].sort();
}

type Key = Pick<Grant, 'person' | 'owner' | 'recipient' | 'purpose'>;

function slices(key: Key, cuts: readonly string[], terms: Terms): Grant[] {
  const grants: Grant[] = [];
  for (const [index, since] of cuts.entries()) {
    const until = cuts[index + 1];
    for (const found of shapesAt(key, since, terms)) {
      const before = grants.findIndex((each) => each.until === since && sameShape(each, found));
      const merged = before < 0 ? since : grants[before]!.since;
      const grant: Grant = { ...key, ...found, since: merged, ...(until === undefined ? {} : { until }) };
      if (before < 0) grants.push(grant);
      else grants[before] = grant;
    }
  }
  return grants;
}

type Shape = Pick<Grant, 'labels' | 'typesWithheld' | 'basis'>;

const sameShape = (a: Shape, b: Shape): boolean =>
  a.labels === b.labels && a.basis === b.basis && a.typesWithheld.join() === b.typesWithheld.join();

/** Stands for every type that no policy and no consent names. */
const ANY_OTHER = '*';

/** Types that are open alike make one grant; it withholds by name what is not. */
function shapesAt(key: Key, at: string, terms: Terms): Shape[] {
  const named = [...new Set([...terms.policy.typesWithheld, ...terms.consents.flatMap((each) => each.types)])].sort();
  const groups = new Map<string, { labels: number; basis: string; types: Set<string> }>();
  for (const type of [ANY_OTHER, ...named]) {
    const found = opening({ ...key, type, at }, terms);
    if (!found.open) continue;
    const basis = found.basis.join(' ');
    const group = groups.get(`${found.labels}|${basis}`);
    if (group !== undefined) group.types.add(type);
    else groups.set(`${found.labels}|${basis}`, { labels: found.labels, basis, types: new Set([type]) });
  }
  return [...groups.values()].map(({ labels, basis, types }) => {
    const among = types.has(ANY_OTHER) ? named : PERSON_TYPES;
    return { labels, basis, typesWithheld: among.filter((type) => !types.has(type)) };
  });
}

/** What the server's predicate does with the rows, in TypeScript: the reference for its SQL and for the property test. */
export function grantsCover(
  grants: readonly Grant[],
  row: { readonly owner: string | undefined; readonly type: string; readonly labels: number },
  reader: { readonly recipient: string; readonly purpose: Purpose; readonly at: string },
): boolean {
  return grants.some(
    (grant) =>
      grant.owner === (row.owner ?? HUB_OWNED) &&
      grant.recipient === reader.recipient &&
      grant.purpose === reader.purpose &&
      within(grant, reader.at) &&
      !grant.typesWithheld.includes(row.type) &&
      (row.labels & ~grant.labels) === 0,
  );
}
