import type { Communication, Organization, Reference, Resource, Task } from '@medplum/fhirtypes';
import { forEachReference, parseReference } from '../fhir/references.ts';
import { COMMUNICATION_KIND, type CommunicationKind, codeIn } from '../model/codes.ts';
import type { EventKind, OutboxEvent } from '../model/outbox.ts';
import type { Partner } from '../model/partner.ts';
import { organizationOf } from './facts.ts';

/** The message that made one version of a resource, as its Provenance says. */
export interface Cause {
  /** Number of the version. */
  readonly version: number;
  /** Trigger of the message, e.g. `ADT^A03`. */
  readonly trigger: string;
  /** Organization id of its sender. */
  readonly organization: string;
  /** SHA-256 of its bytes, hex. */
  readonly message: string;
  /** Its instant by the sender's clock (EVN-2 or MSH-7), ISO. */
  readonly at: string;
  /** Everything of this person that the message changed, as `Type/id`. */
  readonly targets: readonly string[];
}

/** What the router knows of how a change that may be told on came about. */
export interface RelayContext {
  /** The version whose job this is. */
  readonly version: number;
  /** The messages that made versions of this resource; a version of a person or a bot has none. */
  readonly causes: readonly Cause[];
  /** Organizations to which some grant of the owner opens something of this person. Each send decides again. */
  readonly mayKnow: ReadonlySet<string>;
}

/** How an Appointment came to stand as it does: a turn is a state at a time. */
export interface AppointmentTurn {
  /** Its time was moved by this turn. */
  readonly moved: boolean;
  /** How often it stood like this before. */
  readonly before: number;
  /** How often something else that others plan by changed within this turn: its end, kind, service or place. */
  readonly modified?: number;
  /** Trigger of its owner's message that made this version. */
  readonly trigger?: string;
}

/** What the router knows besides the resources: the row's owner, and the person for the lane. */
export interface RouteContext {
  /** Organization that owns the changed row; absent: the hub. */
  readonly owner?: string | undefined;
  readonly person?: string | undefined;
  /** Trigger of the message that made this version of a Task, by the organization that owns the obligation. */
  readonly answeredBy?: string | undefined;
  /** Of an Appointment. */
  readonly turn?: AppointmentTurn | undefined;
  /** Of a type that is told on; absent: no endpoint asks for it. */
  readonly relay?: RelayContext | undefined;
}

/** The change, what was found around it, and who there is to tell. */
export interface Known {
  readonly facts: readonly Resource[];
  readonly partners: readonly Partner[];
  readonly context: RouteContext;
  readonly affiliations: Readonly<Record<string, string>>;
}

/** One act somebody is to be told of. */
export interface Act {
  readonly kind: EventKind;
  readonly key: string;
  readonly lane?: 'safety';
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly about: readonly (Resource | undefined)[];
}

/** The event of one act; none when the recipient is no partner, is its own sender, or has no endpoint for this kind. */
export function eventOf(act: Act, known: Known): OutboxEvent[] {
  const partner = known.partners.find((each) => each.organization === act.to);
  if (partner === undefined || act.to === undefined || act.to === act.from) return [];
  const { person } = known.context;
  return [
    {
      recipient: partner.id,
      organization: act.to,
      eventKey: act.key,
      kind: act.kind,
      lane: act.lane ?? 'normal',
      ...(person === undefined ? {} : { person }),
      purpose: 'TREAT',
      resources: resourcesAround(act.about.filter((each) => each !== undefined)),
      ...(act.from === undefined ? {} : { sender: act.from }),
    },
  ];
}

/** What has to be looked at to tell of these: themselves first, then what they point at. Sorted, so that a repeat is equal. */
function resourcesAround(about: readonly Resource[]): string[] {
  const own = about.map((each) => `${each.resourceType}/${each.id}`);
  const around = new Set<string>();
  for (const resource of about) {
    forEachReference(resource, ({ reference }) => {
      const parsed = parseReference(reference);
      if (parsed.kind === 'local') around.add(`${parsed.type}/${parsed.id}`);
    });
  }
  return [...own, ...[...around].filter((each) => !own.includes(each)).sort()];
}

/**
 * The partner's organization a reference stands for. A source names others in its own words; an Organization of its own stands for
 * the partner whose facility or id its identifier says.
 */
export function organization(reference: Reference | undefined, known: Known): string | undefined {
  const id = organizationOf(reference, known.affiliations);
  if (id === undefined || known.partners.some((each) => each.organization === id)) return id;
  const named = find<Organization>(`Organization/${id}`, known);
  const values = (named?.identifier ?? []).map((each) => each.value);
  const partner = known.partners.find(
    (each) =>
      values.includes(each.id) ||
      each.senders.some(({ facility }) => facility !== undefined && values.includes(facility)),
  );
  return partner?.organization ?? id;
}

export const find = <T extends Resource>(reference: string | undefined, known: Known): T | undefined =>
  known.facts.find((each) => `${each.resourceType}/${each.id}` === reference) as T | undefined;

export const tasksOf = (focus: Resource, known: Known): Task[] =>
  known.facts.filter(
    (each): each is Task =>
      each.resourceType === 'Task' && each.focus?.reference === `${focus.resourceType}/${focus.id}`,
  );

/** The hub's kind of a Communication; undefined: it has none and concerns nobody. */
export function kindOf(note: Communication): CommunicationKind | undefined {
  return (note.category ?? []).map((each) => codeIn(COMMUNICATION_KIND, each)).find((each) => each !== undefined);
}
