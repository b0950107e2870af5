import type { Context } from '../context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from '../exchange.ts';
import { visibleRow } from '../read-interactions.ts';
import { refuse } from '../refusal.ts';
import { readable } from '../search-sql.ts';
import { executed, type Operation, type Target } from './operation.ts';
import { askedOf } from './parameters.ts';
import {
  type Content,
  disclosures,
  type Focus,
  focusOf,
  loadEvents,
  notification,
  statusParameters,
} from './subscription-notification.ts';
import { loadSubscribed, STATE_COLUMNS, type Subscribed, toSubscribed } from './subscription-state.ts';

const DEFINITION = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-';
const EVENTS_MAX = 1000;
const STATUSES_MAX = 1000;

export const SUBSCRIPTION_OPERATIONS: readonly Operation[] = [
  {
    name: 'status',
    definition: `${DEFINITION}status`,
    types: ['Subscription'],
    levels: ['type', 'instance'],
    parameters: ['id', 'status'],
    get: true,
    run: status,
  },
  {
    name: 'events',
    definition: `${DEFINITION}events`,
    types: ['Subscription'],
    levels: ['instance'],
    parameters: ['eventsSinceNumber', 'eventsUntilNumber', 'content'],
    get: true,
    run: events,
  },
];

/** Subscription/$status, in error too: the counter goes on. Of one, of those named, or of all the reader has. Rule: backport-subscription-status. */
async function status(context: Context, request: FhirRequest, { id }: Target): Promise<FhirResponse> {
  context.scopes.require('Subscription', 'r');
  const asked = askedOf(context, request);
  const named = id === undefined ? list(asked.texts('id')) : [id];
  const states = list(asked.texts('status'));
  const found = id === undefined ? await all(context) : [await one(context, id)];
  const entries = found
    .filter(
      (each) => (named.length === 0 || named.includes(each.id)) && (states.length === 0 || states.includes(each.state)),
    )
    .map((each) => ({
      fullUrl: `urn:uuid:${context.engine.newId()}`,
      resource: statusParameters(context.base, each, 'query-status'),
      search: { mode: 'match' },
    }));
  const bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    timestamp: new Date(context.at).toISOString(),
    total: entries.length,
    ...(entries.length > 0 ? { entry: entries } : {}),
  };
  const access = {
    name: 'status',
    type: 'Subscription',
    ...(id === undefined ? {} : { target: `Subscription/${id}` }),
  };
  return executed(context, jsonResponse(200, JSON.stringify(bundle)), access);
}

const list = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.split(',')).filter((text) => text !== '');

async function one(context: Context, id: string): Promise<Subscribed> {
  const row = await visibleRow(context, 'Subscription', id);
  const subscribed = row && row.deleted === 0 ? await loadSubscribed(context.tx, id) : undefined;
  if (!subscribed) throw refuse(404, 'not-found', 'no such Subscription');
  return subscribed;
}

async function all(context: Context): Promise<Subscribed[]> {
  const seen = await readable(context, 'r', ['Subscription'], 'r');
  const rows = await context.tx.query(
    `SELECT ${STATE_COLUMNS} FROM subscription s JOIN resource r ON r.type = 'Subscription' AND r.id = s.id
     WHERE r.deleted = 0 AND ${seen.text} ORDER BY s.id LIMIT ?`,
    [...seen.params, STATUSES_MAX],
  );
  return rows.map(toSubscribed);
}

/** Subscription/[id]/$events: what was missed, under what the reader may see now. Rule: backport-subscription-events. */
async function events(context: Context, request: FhirRequest, { id = '' }: Target): Promise<FhirResponse> {
  context.scopes.require('Subscription', 'r');
  const asked = askedOf(context, request);
  const subscribed = await one(context, id);
  const from = asked.count('eventsSinceNumber') ?? 1;
  const to = asked.count('eventsUntilNumber') ?? subscribed.events;
  const content = asked.text('content') ?? subscribed.spec.content;
  if (!['empty', 'id-only', 'full-resource', 'none'].includes(content))
    throw refuse(400, 'value', 'content is empty, id-only or full-resource');
  const foci: Focus[] = [];
  for (const event of await loadEvents(context.tx, id, from, to, EVENTS_MAX))
    foci.push(await focusOf(context, event, content === 'none' ? 'empty' : (content as Content)));
  const bundle = notification(context, context.base, subscribed, 'query-event', foci);
  const response = executed(context, jsonResponse(200, JSON.stringify(bundle)), {
    name: 'events',
    type: 'Subscription',
    target: `Subscription/${id}`,
  });
  return { ...response, audit: [...(response.audit ?? []), ...disclosures(context, foci, 200)] };
}
