import type { Tx } from '../../database/command.ts';
import type { Peer } from '../../model/actor.ts';
import type { AuditRecord } from '../audit.ts';
import { type Context, contextOf } from '../context.ts';
import type { Engine } from '../engine.ts';
import { loadRow } from '../rows.ts';
import {
  type Content,
  disclosures,
  type Focus,
  focusOf,
  loadEvents,
  type NotificationType,
  notification,
} from './subscription-notification.ts';
import { loadSubscribed, type Subscribed } from './subscription-state.ts';

export interface WorkArgs {
  readonly id: string;
  /** What its job is for: `handshake-3`, `heartbeat-…`, or anything else for what is yet to be told. */
  readonly what: string;
  readonly at: number;
  /** Base of the links in notifications. */
  readonly base: string;
}

/** One request to a subscriber's endpoint. */
export interface HookRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; absent: an empty body. */
  readonly body?: string;
  readonly timeoutMs: number;
  readonly urgent: boolean;
}

/** What a job of a subscription is to do now, content decided at this moment. */
export interface SubscriptionWork {
  readonly kind: 'handshake' | 'heartbeat' | 'events';
  readonly version: number;
  /** Absent: there is nothing to send, only to settle. */
  readonly request?: HookRequest;
  readonly last?: number;
  readonly audit: readonly AuditRecord[];
}

/**
 * The next thing to tell one subscriber, or undefined when nothing is to be told: it is not active, or was told already. What
 * the subscriber may not see at this moment is counted and not named. Rule: DOMAIN B10; DESIGN 7.
 */
export async function workOf(
  tx: Tx,
  engine: Engine,
  { id, what, at, base }: WorkArgs,
): Promise<SubscriptionWork | undefined> {
  const subscribed = await loadSubscribed(tx, id);
  const row = await loadRow(tx, 'Subscription', id);
  if (!subscribed || !row || row.deleted === 1) return undefined;
  const context = contextOf(tx, engine, { actor: subscribed.actor, at, base });
  const { version } = row;
  const [, kind, of] = /^(handshake|heartbeat)-(\d+)$/.exec(what) ?? [];
  if (kind === 'handshake') {
    if (subscribed.state !== 'requested' || Number(of) !== version) return undefined;
    const { topic } = subscribed.spec;
    return {
      kind,
      version,
      audit: [],
      ...(topic === undefined ? {} : { request: told(context, subscribed, 'handshake', []) }),
    };
  }
  if (subscribed.state !== 'active') return undefined;
  if (kind === 'heartbeat') {
    const { heartbeatMs, topic } = subscribed.spec;
    if (heartbeatMs === undefined || topic === undefined || subscribed.toldAt + heartbeatMs > at) return undefined;
    return { kind, version, audit: [], request: told(context, subscribed, 'heartbeat', []) };
  }
  return eventsWork(context, subscribed, version);
}

async function eventsWork(
  context: Context,
  subscribed: Subscribed,
  version: number,
): Promise<SubscriptionWork | undefined> {
  const { id, spec, sent, events: counted } = subscribed;
  const most = spec.topic !== undefined || spec.content === 'none' ? spec.maxCount : 1;
  const events = await loadEvents(context.tx, id, sent + 1, counted, most);
  const last = events.at(-1)?.number;
  // Events older than the hub keeps are gone; `$status` still shows that they were.
  if (last === undefined) return sent < counted ? { kind: 'events', version, last: counted, audit: [] } : undefined;
  const content: Content = spec.content === 'none' ? 'empty' : spec.content;
  const foci: Focus[] = [];
  for (const event of events) foci.push(await focusOf(context, event, content));
  const { actor } = context;
  const audit = disclosures({ ...context, actor: { ...actor, peer: peerAt(spec.endpoint) } }, foci, 200);
  const request =
    spec.topic === undefined ? plain(subscribed, foci) : told(context, subscribed, 'event-notification', foci);
  return { kind: 'events', version, last, audit, ...(request ? { request } : {}) };
}

/** The machine that hears; its address alone, for the rest of an endpoint may be a secret. */
const peerAt = (endpoint: string): Peer => ({ address: new URL(endpoint).hostname.replace(/^\[|\]$/g, '') });

const JSON_TYPE = { 'content-type': 'application/fhir+json; charset=utf-8' };

function told(context: Context, subscribed: Subscribed, type: NotificationType, foci: readonly Focus[]): HookRequest {
  const { endpoint, headers, timeoutMs, lane } = subscribed.spec;
  const bundle = notification(context, context.base, subscribed, type, foci);
  return {
    method: 'POST',
    url: endpoint,
    headers: { ...headers, ...JSON_TYPE },
    body: JSON.stringify(bundle),
    timeoutMs,
    urgent: lane === 'safety',
  };
}

/** R4: without payload an empty POST; with one the resource is put below the endpoint. Rule: FHIR R4 codesystem-subscription-channel-type, rest-hook. */
function plain({ spec }: Subscribed, foci: readonly Focus[]): HookRequest | undefined {
  const { endpoint, headers, timeoutMs, content } = spec;
  const knock: HookRequest = { method: 'POST', url: endpoint, headers, timeoutMs, urgent: false };
  if (content === 'none') return knock;
  const [focus] = foci;
  if (!focus?.reference) return undefined;
  // A sensitive resource is fetched, not sent: the subscriber only hears that there is something.
  if (!focus.resource) return knock;
  const url = `${endpoint.replace(/\/+$/, '')}/${focus.reference}`;
  return { ...knock, method: 'PUT', url, headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify(focus.resource) };
}
