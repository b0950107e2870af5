import type { Bundle, BundleEntry, Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import type { Tx } from '../../database/command.ts';
import { highWaterMark } from '../../fhir/labels.ts';
import { LABEL } from '../../model/labels.ts';
import { type AuditRecord, aboutOf } from '../audit.ts';
import type { Context } from '../context.ts';
import { textsOf } from '../present.ts';
import { visibleRow } from '../read-interactions.ts';
import type { Subscribed } from './subscription-state.ts';

const STATUS_PROFILE =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4';

export type NotificationType = 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';
export type Content = 'empty' | 'id-only' | 'full-resource';

export interface SubscriptionEvent {
  readonly number: number;
  readonly at: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly interaction: 'create' | 'update' | 'delete';
}

/** Events numbered from..to, both included, at most `limit`. */
export function loadEvents(tx: Tx, id: string, from: number, to: number, limit: number): Promise<SubscriptionEvent[]> {
  return tx.query<SubscriptionEvent>(
    `SELECT number, at, type, id, version, interaction FROM subscription_event
     WHERE subscription = ? AND number >= ? AND number <= ? ORDER BY number LIMIT ?`,
    [id, from, to, limit],
  );
}

/** What an event may say of its resource to the reader of this context, decided now. */
export interface Focus {
  readonly event: SubscriptionEvent;
  /** `Type/id`; absent where the reader may not see it (any more), or nothing is to be said. */
  readonly reference?: string;
  readonly resource?: Resource;
  readonly person?: string;
  readonly patient?: string;
  readonly owner?: string;
}

/** Labels under which a resource is named and not sent: its reader fetches it, and is asked again. */
const FETCH_ONLY = ~LABEL.MENTAL;

export async function focusOf(context: Context, event: SubscriptionEvent, content: Content): Promise<Focus> {
  if (content === 'empty') return { event };
  if (context.scopes.permission(event.type, 'r') === 'none') return { event };
  const row = await visibleRow(context, event.type, event.id);
  if (!row) return { event };
  const named = {
    event,
    reference: `${event.type}/${event.id}`,
    ...aboutOf(row),
    owner: row.owner_org,
  };
  if (content === 'id-only' || row.deleted === 1 || (row.labels & FETCH_ONLY) !== 0) return named;
  return { ...named, resource: JSON.parse((await textsOf(context, [row])).get(row.rid)!) as Resource };
}

/** The status of a subscription as the R4 backport puts it. Rule: backport-subscription-status-r4. */
export function statusParameters(
  base: string,
  { id, spec, state, events, reasonCode }: Subscribed,
  type: NotificationType,
  foci: readonly Focus[] = [],
): Parameters {
  const parameter: ParametersParameter[] = [
    { name: 'subscription', valueReference: { reference: `${base}/Subscription/${id}` } },
    ...(spec.topic === undefined ? [] : [{ name: 'topic', valueCanonical: spec.topic }]),
    { name: 'status', valueCode: state },
    { name: 'type', valueCode: type },
    { name: 'events-since-subscription-start', valueString: String(events) },
    ...foci.map(({ event, reference }) => ({
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: String(event.number) },
        { name: 'timestamp', valueInstant: new Date(event.at).toISOString() },
        ...(reference === undefined ? [] : [{ name: 'focus', valueReference: { reference: `${base}/${reference}` } }]),
      ],
    })),
    ...(state === 'error' && reasonCode !== undefined
      ? [{ name: 'error', valueCodeableConcept: { coding: [{ system: 'urn:handoff:failure', code: reasonCode }] } }]
      : []),
  ];
  return { resourceType: 'Parameters', meta: { profile: [STATUS_PROFILE] }, parameter };
}

const REQUESTS = {
  create: ['POST', '201'],
  update: ['PUT', '200'],
  delete: ['DELETE', '204'],
} as const;

/** A notification Bundle: type history, the status first. Rule: backport-subscription-notification-r4. */
export function notification(
  context: Pick<Context, 'at' | 'engine'>,
  base: string,
  subscribed: Subscribed,
  type: NotificationType,
  foci: readonly Focus[] = [],
): Bundle {
  const status: BundleEntry = {
    fullUrl: `urn:uuid:${context.engine.newId()}`,
    resource: statusParameters(base, subscribed, type, foci),
    request: { method: 'GET', url: `${base}/Subscription/${subscribed.id}/$status` },
    response: { status: '200' },
  };
  const told = new Map(
    foci.flatMap(({ event, resource }) =>
      resource ? [[`${event.type}/${event.id}`, { event, resource }] as const] : [],
    ),
  );
  const entries = [...told].map(([reference, { event, resource }]): BundleEntry => {
    const [method, code] = REQUESTS[event.interaction];
    return {
      fullUrl: `${base}/${reference}`,
      resource,
      request: { method, url: method === 'POST' ? event.type : reference },
      response: { status: code },
    };
  });
  const security = highWaterMark([...told.values()].map(({ resource }) => resource));
  return {
    resourceType: 'Bundle',
    ...(security.length > 0 ? { meta: { security } } : {}),
    type: 'history',
    timestamp: new Date(context.at).toISOString(),
    entry: [status, ...entries],
  };
}

/** What was told of whom: a record for each resource that was named or sent. */
export function disclosures(
  { actor, at }: Pick<Context, 'actor' | 'at'>,
  foci: readonly Focus[],
  outcome: number,
): AuditRecord[] {
  return foci.flatMap(({ event, reference, person, patient, owner }) =>
    reference === undefined
      ? []
      : [
          {
            at,
            actor,
            action: 'R' as const,
            outcome,
            type: event.type,
            target: reference,
            query: '$subscription-notification',
            interaction: 'disclose' as const,
            ...(person === undefined ? {} : { person }),
            ...(patient === undefined ? {} : { patient }),
            ...(owner === undefined ? {} : { owner }),
          },
        ],
  );
}
