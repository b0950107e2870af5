import type { CodeableConcept, Coding, Consent, ConsentProvision, ConsentProvisionActor } from '@medplum/fhirtypes';
import { codingBits } from '../fhir/labels.ts';
import { LABEL } from '../model/labels.ts';
import type { Purpose } from '../model/visibility.ts';
import { organizationOf } from './facts.ts';
import { instantOf, intersect, type Span, spanOf, within } from './instants.ts';

/** One question to a consent. `related`: the recipient treats the person at that instant. */
export interface Question {
  readonly owner: string;
  readonly recipient: string;
  readonly related: boolean;
  readonly purpose: Purpose;
  readonly type: string;
  readonly at: string;
}

/** What some provisions say: which label bits they open or close; `all`: resources of any label, unlabelled ones too. */
export interface Effect {
  readonly permit?: { readonly labels: number; readonly named: boolean };
  readonly deny?: { readonly all: boolean; readonly labels: number };
}

export interface ReadConsent {
  readonly consent: Consent;
  readonly span: Span;
  /** Periods of provisions inside: instants at which the answer may change. */
  readonly spansWithin: readonly Span[];
  /** Resource types it names: answers for them may differ from those for all others. */
  readonly types: readonly string[];
  effect(question: Question): Effect;
}

const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';
/** v3-ActReason: a consent for the first covers what stands beside it. */
const PURPOSE_COVERS: Readonly<Record<string, readonly Purpose[]>> = {
  TREAT: ['TREAT', 'COC', 'ETREAT'],
  COC: ['COC'],
  ETREAT: ['ETREAT'],
  HPAYMT: ['HPAYMT'],
  HOPERAT: ['HOPERAT'],
};
const CUSTODIAN_ROLES = ['CST', 'CUST', 'DISCLOSER'];

/**
 * Reads one Consent. Undefined when it says nothing now or ever: not active, not about disclosure.
 * `row`: the organization that owns the record. A permit opens only what its own recorder holds; a refusal is heard from anyone.
 * Criteria the hub cannot evaluate (codes, single resources, data periods) never widen a permit and never narrow a refusal.
 */
export function readConsent(
  consent: Consent,
  row: string | undefined,
  affiliations: Readonly<Record<string, string>>,
): ReadConsent | undefined {
  if (consent.status !== 'active') return undefined;
  const scope = consent.scope.coding ?? [];
  if (scope.length > 0 && !scope.some((each) => each.code === 'patient-privacy')) return undefined;
  const disclosers = disclosersOf(consent, affiliations);
  const signed = instantOf(consent.dateTime);
  const root = consent.provision;
  const span = signed === undefined ? spanOf(root?.period) : intersect({ since: signed }, spanOf(root?.period));
  const base = baseRule(consent);
  const provisions = flatten(root);
  const reader: Reader = { consent, affiliations, citesPart2: citesPart2(consent) };
  return {
    consent,
    span,
    spansWithin: provisions.filter((each) => each.period !== undefined).map((each) => spanOf(each.period)),
    types: provisions.flatMap((each) => ['Patient', ...(typesOf(each) ?? [])]),
    effect(question) {
      if (!within(span, question.at)) return {};
      if (disclosers.length > 0 && !disclosers.includes(question.owner)) return {};
      const effect = root === undefined ? wholly(base, question, reader) : effectOf(root, base, question, reader);
      const mayPermit =
        (row === undefined || row === question.owner) && (disclosers.length > 0 || row === question.owner);
      if (effect.permit === undefined || mayPermit) return effect;
      return effect.deny === undefined ? {} : { deny: effect.deny };
    },
  };
}

/** A provision and all inside it. */
export function flatten(provision: ConsentProvision | undefined): ConsentProvision[] {
  return provision === undefined ? [] : [provision, ...(provision.provision ?? []).flatMap(flatten)];
}

interface Reader {
  readonly consent: Consent;
  readonly affiliations: Readonly<Record<string, string>>;
  readonly citesPart2: boolean;
}

type Kind = 'permit' | 'deny' | undefined;

/** R4 wants the root rule in `policyRule`; most writers put it into `provision.type`. Both are read. */
function baseRule(consent: Consent): Kind {
  const codes = (consent.policyRule?.coding ?? []).map((each) => each.code);
  if (codes.some((code) => code === 'OPTOUT' || code === 'OPTOUTE')) return 'deny';
  return codes.some((code) => code === 'OPTIN' || code === 'OPTINR') ? 'permit' : undefined;
}

function citesPart2(consent: Consent): boolean {
  const concepts: (CodeableConcept | undefined)[] = [consent.policyRule, ...consent.category];
  const cited = concepts.some((each) => (each?.coding ?? []).some((code) => code.code === '42CFRPart2'));
  return cited || (consent.policy ?? []).some((each) => /42[\s-]?cfr[\s-]?part[\s-]?2/i.test(each.uri ?? ''));
}

function disclosersOf(consent: Consent, affiliations: Reader['affiliations']): string[] {
  const named = (consent.provision?.actor ?? []).filter(isCustodian).map((each) => each.reference);
  const from = named.length > 0 ? named : (consent.organization ?? []);
  // A discloser nobody can resolve is still a restriction: it must not turn into "everyone".
  return from.map((each) => organizationOf(each, affiliations) ?? 'unknown');
}

function isCustodian(actor: ConsentProvisionActor): boolean {
  return (actor.role.coding ?? []).some((each) => CUSTODIAN_ROLES.includes(each.code ?? ''));
}

function wholly(kind: Kind, question: Question, reader: Reader): Effect {
  if (kind === 'deny') return { deny: { all: true, labels: 0 } };
  return kind === 'permit' && question.related
    ? { permit: { labels: opened(undefined, reader, false), named: false } }
    : {};
}

/** A nested provision is an exception to the one around it, within its own criteria; of two exceptions a refusal wins. */
function effectOf(provision: ConsentProvision, inherited: Kind, question: Question, reader: Reader): Effect {
  const kind: Kind = provision.type ?? inherited;
  if (!matches(provision, kind, question, reader)) return {};
  const own = ownEffect(provision, kind, question, reader);
  const exceptions = (provision.provision ?? [])
    .map((each) => effectOf(each, kind === 'permit' ? 'deny' : 'permit', question, reader))
    .reduce(both, {});
  if (exceptions.permit === undefined && exceptions.deny === undefined) return own;
  if (kind === 'deny') return { ...exceptions, ...keep('deny', lift(own.deny, exceptions.permit)) };
  return both(own, exceptions);
}

function keep<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: V });
}

/** What stays of a refusal when a permit stands inside it. */
function lift(deny: Effect['deny'], permit: Effect['permit']): Effect['deny'] {
  if (deny === undefined || permit === undefined) return deny;
  if (deny.all) return undefined; // the labels which the permit does not open stay closed by default
  const labels = deny.labels & ~permit.labels;
  return labels === 0 ? undefined : { all: false, labels };
}

/** Both effects at once: everything either opens, everything either closes. */
export function both(a: Effect, b: Effect): Effect {
  const permit =
    a.permit && b.permit
      ? { labels: a.permit.labels | b.permit.labels, named: a.permit.named || b.permit.named }
      : (a.permit ?? b.permit);
  const deny =
    a.deny && b.deny ? { all: a.deny.all || b.deny.all, labels: a.deny.labels | b.deny.labels } : (a.deny ?? b.deny);
  return { ...keep('permit', permit), ...keep('deny', deny) };
}

function ownEffect(provision: ConsentProvision, kind: Kind, question: Question, reader: Reader): Effect {
  const labels = provision.securityLabel;
  if (kind === 'deny') {
    const bits = (labels ?? []).reduce((sum, each) => sum | codingBits(each), 0);
    return {
      deny:
        labels === undefined || labels.length === 0 || bits === 0
          ? { all: true, labels: 0 }
          : { all: false, labels: bits },
    };
  }
  if (kind !== 'permit') return {};
  // A permit that names nobody is for those who treat the person, never for whoever asks.
  if (!question.related && !namesRecipients(provision, reader.consent)) return {};
  const named = typesOf(provision)?.includes(question.type) === true;
  return { permit: { labels: opened(labels, reader, isComplete(provision, reader.consent)), named } };
}

/**
 * The label bits a permit opens. Sensitive ones only when they are named; Part 2 also when the consent cites the law, and in both
 * cases only under a consent with its required elements. A psychotherapy note only by an authorization for nothing else besides.
 */
function opened(labels: readonly Coding[] | undefined, reader: Reader, complete: boolean): number {
  const named = (labels ?? []).reduce((sum, each) => sum | codingBits(each), 0);
  let bits = named | LABEL.MENTAL;
  if (reader.citesPart2 && (labels ?? []).length === 0) bits |= LABEL.PART2;
  if (!complete) bits &= ~LABEL.PART2;
  // What the law or a sensitivity restricts usually also says "restricted"; naming the reason names that too.
  if ((bits & ~LABEL.MENTAL) !== 0) bits |= LABEL.RESTRICTED;
  const besideNotes = named & ~(LABEL.PSYTHPN | LABEL.RESTRICTED | LABEL.VERY_RESTRICTED | LABEL.MENTAL);
  if ((bits & LABEL.PSYTHPN) !== 0 && besideNotes !== 0) bits &= ~LABEL.PSYTHPN;
  return bits & ~LABEL.UNKNOWN & ~LABEL.NO_DISCLOSURE;
}

/** The elements of 42 CFR 2.31 that a machine can look for: recipients, purpose, date of signature. */
function isComplete(provision: ConsentProvision, consent: Consent): boolean {
  const purposes = [...(provision.purpose ?? []), ...(consent.provision?.purpose ?? [])];
  return namesRecipients(provision, consent) && purposes.length > 0 && consent.dateTime !== undefined;
}

/** The provision, or the one around all, says who may receive (a class counts: it is matched against care relationships). */
function namesRecipients(provision: ConsentProvision, consent: Consent): boolean {
  return [...(provision.actor ?? []), ...(consent.provision?.actor ?? [])].some((each) => !isCustodian(each));
}

function matches(provision: ConsentProvision, kind: Kind, question: Question, reader: Reader): boolean {
  const unsupported = [provision.code, provision.data].some((each) => each !== undefined && each.length > 0);
  const narrowed = unsupported || provision.dataPeriod !== undefined;
  if (narrowed && kind !== 'deny') return false;
  return (
    within(spanOf(provision.period), question.at) &&
    matchesPurpose(provision.purpose, question.purpose) &&
    matchesAction(provision, kind) &&
    matchesType(provision, kind, question.type) &&
    matchesActor(provision, kind, question, reader)
  );
}

function matchesPurpose(purposes: readonly Coding[] | undefined, purpose: Purpose): boolean {
  if (purposes === undefined || purposes.length === 0) return true;
  return purposes.some((each) => (PURPOSE_COVERS[each.code ?? ''] ?? []).includes(purpose));
}

function matchesAction(provision: ConsentProvision, kind: Kind): boolean {
  const actions = (provision.action ?? []).flatMap((each) => (each.coding ?? []).map((code) => code.code));
  if (actions.length === 0) return true;
  const disclosing = actions.some((code) => code === 'disclose' || code === 'access' || code === 'use');
  return disclosing || (kind === 'deny' && !actions.every((code) => code === 'collect' || code === 'correct'));
}

/** The resource types a provision is limited to; undefined: it is not limited, or not by types alone. */
function typesOf(provision: ConsentProvision): string[] | undefined {
  const classes = provision.class ?? [];
  if (classes.length === 0) return undefined;
  return classes.flatMap((each) => (each.system === RESOURCE_TYPES && each.code !== undefined ? [each.code] : []));
}

function matchesType(provision: ConsentProvision, kind: Kind, type: string): boolean {
  const types = typesOf(provision);
  if (types === undefined || types.includes(type)) return true;
  // What may be disclosed is disclosed about somebody.
  if (kind === 'permit' && types.length > 0 && type === 'Patient') return true;
  return kind === 'deny' && types.length < (provision.class ?? []).length;
}

/** Named recipients match by organization. An actor that is only a role is the class of those who treat the person. */
function matchesActor(provision: ConsentProvision, kind: Kind, question: Question, reader: Reader): boolean {
  const recipients = (provision.actor ?? []).filter((each) => !isCustodian(each));
  if (recipients.length === 0) return true;
  return recipients.some((actor) => {
    if (actor.reference?.reference === undefined) return question.related || kind === 'deny';
    const organization = organizationOf(actor.reference, reader.affiliations);
    return organization === undefined ? kind === 'deny' : organization === question.recipient;
  });
}
