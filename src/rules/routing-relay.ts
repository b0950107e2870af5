import type { ChargeItem, Encounter, MedicationAdministration, Patient, Resource } from '@medplum/fhirtypes';
import type { OutboxEvent } from '../model/outbox.ts';
import { relayKey, relayType } from '../model/relay.ts';
import { type Act, type Cause, eventOf, find, type Known } from './routing-event.ts';

/** Types whose change by a message of their owner may be told on. */
export const relayedTypes = ['ChargeItem', 'Encounter', 'MedicationAdministration', 'Patient'] as const;

/** One act of the source and what tells of it. */
type Told = Pick<Act, 'about'> & { readonly trigger: string; readonly subject: string };

/** Searches for what is told together: the administrations of a dose session, the two records of a merge. */
export function relayQueries(change: Resource): string[] {
  if (change.resourceType === 'MedicationAdministration') {
    const { subject, effectivePeriod, effectiveDateTime } = change;
    const day = (effectivePeriod?.start ?? effectiveDateTime)?.slice(0, 10);
    if (day === undefined || subject.reference === undefined) return [];
    return [
      `MedicationAdministration?patient=${subject.reference}&effective-time=ge${beside(day, -1)}&effective-time=le${beside(day, 1)}`,
    ];
  }
  if (change.resourceType === 'Patient') {
    const others = (change.link ?? []).flatMap(({ other }) => /^Patient\/(.+)$/.exec(other.reference ?? '')?.[1] ?? []);
    return others.length === 0 ? [] : [`Patient?_id=${others.join(',')}`];
  }
  return [];
}

const DAY_MS = 86_400_000;
const beside = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);

/**
 * What a source's own message did to what the source owns, for the partners that asked to be told. Nothing is relayed that a person, a
 * bot or another organization's message changed, so a link made in the hub never becomes an A40, and nobody is told what he said
 * himself. Which identifiers are the source's the outbound map asks again. Rule: issue 3 "only as relay", H7, H10.
 */
export function relayEvents(change: Resource, known: Known): OutboxEvent[] {
  const { owner, relay } = known.context;
  const cause = relay?.causes.find(({ version }) => version === relay.version);
  if (relay === undefined || cause === undefined || owner === undefined || cause.organization !== owner) return [];
  return told(change, cause, known).flatMap(({ trigger, subject, about }) => {
    const type = relayType(trigger);
    const key = relayKey(trigger, subject, cause.message);
    const takers = known.partners.filter(
      ({ organization, endpoints }) =>
        relay.mayKnow.has(organization) &&
        endpoints.some(({ relays = [] }) => type !== undefined && relays.includes(type)),
    );
    return takers.flatMap(({ organization }) =>
      eventOf({ kind: 'relay', key, to: organization, from: owner, about }, known),
    );
  });
}

function told(change: Resource, cause: Cause, known: Known): Told[] {
  switch (change.resourceType) {
    case 'Encounter':
      return visit(change, cause, known);
    case 'Patient':
      return cause.trigger === 'ADT^A40' ? merges(change, cause, known) : person(change, cause);
    case 'MedicationAdministration':
      return administrations(change, cause, known);
    case 'ChargeItem':
      return charge(change, cause);
    default:
      return [];
  }
}

const nameOf = (resource: Resource): string => `${resource.resourceType}/${resource.id}`;

/** Triggers that say what became of a visit. An update (A08) says nothing of that and is told as itself. */
const VISIT_ACTS = ['ADT^A01', 'ADT^A03', 'ADT^A04', 'ADT^A11', 'ADT^A13'];

/**
 * An act is told as itself, unless an act that the source dates later came before it: then that one stands and is told again with what
 * the late message added. An admission that arrives after its discharge must not admit the patient again.
 */
function visit(encounter: Encounter, cause: Cause, known: Known): Told[] {
  const trigger = cause.trigger === 'ADT^A08' ? cause.trigger : standing(cause, known);
  if (trigger === undefined || !fits(trigger, encounter)) return [];
  return [{ trigger, subject: nameOf(encounter), about: [encounter] }];
}

function standing(cause: Cause, { context }: Known): string | undefined {
  if (!VISIT_ACTS.includes(cause.trigger)) return undefined;
  const acts = (context.relay?.causes ?? []).filter(
    ({ version, trigger, organization }) =>
      version <= cause.version && organization === cause.organization && VISIT_ACTS.includes(trigger),
  );
  const later = acts.filter(({ at }) => Date.parse(at) > Date.parse(cause.at));
  return (
    later.sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.version - a.version)[0]?.trigger ?? cause.trigger
  );
}

/** Whether the visit, as it stands, is what the trigger says. What the source took back since is told by the message that did. */
function fits(trigger: string, { status, period }: Encounter): boolean {
  if (status === 'entered-in-error') return false;
  const isOver = status === 'finished' || period?.end !== undefined;
  if (trigger === 'ADT^A11') return status === 'cancelled';
  if (status === 'cancelled') return false;
  if (trigger === 'ADT^A03') return isOver;
  return trigger !== 'ADT^A13' || !isOver;
}

/** An update that changed the person only; one that changed a visit as well is told with the visit. */
function person(patient: Patient, { trigger, targets }: Cause): Told[] {
  if (trigger !== 'ADT^A08' || targets.some((each) => each.startsWith('Encounter/'))) return [];
  return [{ trigger, subject: nameOf(patient), about: [patient] }];
}

/** Each pair the source merged by this message: the survivor, then the record it replaces. Both jobs of a pair give the same event. */
function merges(patient: Patient, { trigger, targets }: Cause, known: Known): Told[] {
  const links = (patient.link ?? []).filter(({ other }) => targets.includes(other.reference ?? ''));
  return links.flatMap(({ type, other }): Told[] => {
    const linked = find<Patient>(other.reference, known);
    if (linked === undefined) return [];
    const [survivor, loser] = type === 'replaces' ? [patient, linked] : [linked, patient];
    const replaced = (loser.link ?? []).some(
      (each) => each.type === 'replaced-by' && each.other.reference === nameOf(survivor),
    );
    return replaced ? [{ trigger, subject: nameOf(loser), about: [survivor, loser] }] : [];
  });
}

/** The whole session, whichever of its administrations changed: a receiver numbers them by their place in the message. */
function administrations(change: MedicationAdministration, { trigger }: Cause, known: Known): Told[] {
  if (relayType(trigger) !== 'RAS') return [];
  const session = change.partOf?.[0]?.reference;
  const same = known.facts.filter(
    (each): each is MedicationAdministration =>
      each.resourceType === 'MedicationAdministration' &&
      (each.id === change.id || (session !== undefined && each.partOf?.[0]?.reference === session)),
  );
  const unique = new Map(same.map((each) => [`${each.id}`, each]));
  const about = [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return [{ trigger, subject: session ?? nameOf(change), about }];
}

/** A planned charge is none. Rule: H15. */
function charge(change: ChargeItem, { trigger }: Cause): Told[] {
  if (relayType(trigger) !== 'DFT' || change.status === 'planned') return [];
  return [{ trigger, subject: nameOf(change), about: [change] }];
}
