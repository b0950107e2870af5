import type { Subscription } from '@medplum/fhirtypes';
import type { Definitions } from '../../fhir/definitions.ts';
import { refusalOf } from '../refusal.ts';
import { type AnyCondition, type Condition, parseSearch } from '../search-request.ts';
import { channelHeaders, type EndpointPolicy, endpointFault } from './subscription-endpoint.ts';
import { type TopicTrigger, topicOf } from './subscription-topics.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
const FHIR_JSON_TYPE = 'application/fhir+json';
const FILTERS_MAX = 20;

/** What a Subscription asks for, as the hub keeps and works with it. */
export interface Spec {
  /** Topic canonical; absent: an R4 criteria search. */
  readonly topic?: string;
  readonly triggers: readonly TopicTrigger[];
  /** `backport-filter-criteria`: all must hold. */
  readonly filters: readonly { readonly resourceType?: string; readonly query: string }[];
  /** `none`: R4 rest-hook without payload. */
  readonly content: 'none' | 'empty' | 'id-only' | 'full-resource';
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly heartbeatMs?: number;
  readonly timeoutMs: number;
  /** Events in one notification. */
  readonly maxCount: number;
  readonly endsAt?: number;
  readonly lane: 'safety' | 'normal';
}

export interface SpecFault {
  readonly text: string;
  readonly location: string;
}

const isFault = (value: unknown): value is SpecFault =>
  typeof value === 'object' && value !== null && 'location' in value;
const fault = (location: string, text: string): SpecFault => ({ location, text });

interface Extension {
  readonly url?: string;
  readonly [value: string]: unknown;
}
interface WithExtension {
  readonly extension?: readonly Extension[];
}

const extensions = (of: WithExtension | undefined, name: string): readonly Extension[] =>
  (of?.extension ?? []).filter(({ url }) => url === `${BACKPORT}${name}`);

/** Reads a Subscription, or says what about it the hub cannot do. Nothing of it is ignored in silence. Rule: DOMAIN B10. */
export function specOf(definitions: Definitions, subscription: Subscription, policy: EndpointPolicy): Spec | SpecFault {
  const { channel, criteria, end } = subscription;
  if (channel?.type !== 'rest-hook') return fault('Subscription.channel.type', 'only rest-hook channels are supported');
  const wrong = endpointFault(channel.endpoint ?? '', policy);
  if (wrong) return fault('Subscription.channel.endpoint', wrong);
  const headers = channelHeaders(channel.header ?? []);
  if (!headers) return fault('Subscription.channel.header', 'a header is malformed or may not be set');
  if (channel.payload !== undefined && !/^application\/(fhir\+)?json(;.*)?$/.test(channel.payload))
    return fault('Subscription.channel.payload', `the payload is ${FHIR_JSON_TYPE} or absent`);
  const whole = subscription as Subscription & { _criteria?: WithExtension };
  const what = topicOf(criteria) ? byTopic(definitions, whole) : byCriteria(definitions, criteria, channel.payload);
  if (isFault(what)) return what;
  const numbers = numbersOf(channel as unknown as WithExtension);
  if (isFault(numbers)) return numbers;
  return {
    ...what,
    ...numbers,
    endpoint: channel.endpoint!,
    headers,
    ...(end === undefined ? {} : { endsAt: Date.parse(end) }),
  };
}

type What = Pick<Spec, 'topic' | 'triggers' | 'filters' | 'content' | 'lane'>;

function byCriteria(definitions: Definitions, criteria: string, payload: string | undefined): What | SpecFault {
  const at = 'Subscription.criteria';
  if (/^[a-z][a-z0-9+.-]*:/i.test(criteria)) return fault(at, 'the topic is not offered here');
  const [resourceType = '', query = ''] = criteria.split(/\?(.*)/s);
  if (!definitions.isResourceType(resourceType)) return fault(at, 'the criteria name no resource type');
  const wrong = conditionsFault(definitions, resourceType, query);
  if (wrong) return fault(at, wrong);
  return {
    triggers: [{ resourceType, on: ['create', 'update'], ...(query === '' ? {} : { query }) }],
    filters: [],
    content: payload === undefined ? 'none' : 'full-resource',
    lane: 'normal',
  };
}

function byTopic(
  definitions: Definitions,
  subscription: Subscription & { _criteria?: WithExtension },
): What | SpecFault {
  const { url, triggers, lane } = topicOf(subscription.criteria)!;
  const channel = subscription.channel as Subscription['channel'] & { _payload?: WithExtension };
  const content = extensions(channel._payload, 'backport-payload-content')[0]?.valueCode;
  if (content !== 'empty' && content !== 'id-only' && content !== 'full-resource')
    return fault(
      'Subscription.channel.payload.extension',
      'backport-payload-content must be empty, id-only or full-resource',
    );
  const given = extensions(subscription._criteria, 'backport-filter-criteria');
  if (given.length > FILTERS_MAX) return fault('Subscription.criteria.extension', 'there are too many filters');
  const filters: { resourceType?: string; query: string }[] = [];
  for (const { valueString } of given) {
    const text = typeof valueString === 'string' ? valueString : '';
    const mark = text.indexOf('?');
    const resourceType = mark < 0 ? undefined : text.slice(0, mark);
    const types = triggers
      .map((each) => each.resourceType)
      .filter((type) => resourceType === undefined || type === resourceType);
    const query = text.slice(mark + 1);
    if (types.length === 0)
      return fault('Subscription.criteria.extension', 'a filter is for a type the topic does not tell of');
    for (const type of types) {
      const wrong = query === '' ? 'a filter is empty' : conditionsFault(definitions, type, query);
      if (wrong) return fault('Subscription.criteria.extension', wrong);
    }
    filters.push({ ...(resourceType === undefined ? {} : { resourceType }), query });
  }
  return { topic: url, triggers, filters, content, lane };
}

/** Why a search cannot be decided on one resource alone; undefined when it can. */
function conditionsFault(definitions: Definitions, type: string, query: string): string | undefined {
  try {
    const { conditions, includes, sort } = parseSearch(definitions, type, [...new URLSearchParams(query)], true);
    if (includes.length > 0 || sort.length > 0) return 'the search includes or sorts';
    return conditions.every(isLocal) ? undefined : 'the search needs more than the changed resource to decide';
  } catch (error) {
    if (!refusalOf(error)) throw error;
    return 'the search is not understood';
  }
}

const LOCAL_TYPES = new Set(['token', 'reference', 'string', 'uri', 'date', 'number']);

function isLocal(condition: AnyCondition): condition is Condition {
  if (condition.kind !== 'value') return false;
  const { parameter, modifier } = condition;
  if (parameter.code === '_id') return modifier === undefined;
  if (!LOCAL_TYPES.has(parameter.type) || parameter.code === '_lastUpdated') return false;
  if (modifier === undefined || modifier === 'missing') return true;
  return parameter.type === 'token' ? modifier === 'not' : parameter.type === 'reference' && modifier !== 'identifier';
}

function numbersOf(channel: WithExtension): Pick<Spec, 'heartbeatMs' | 'timeoutMs' | 'maxCount'> | SpecFault {
  const read = (name: string, value: string, least: number, most: number): number | SpecFault | undefined => {
    const [found] = extensions(channel, name);
    if (!found) return undefined;
    const number = found[value];
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number;
    return fault('Subscription.channel.extension', `${name} is out of range`);
  };
  const heartbeat = read('backport-heartbeat-period', 'valueUnsignedInt', 10, 86_400);
  const timeout = read('backport-timeout', 'valueUnsignedInt', 1, 60);
  const maxCount = read('backport-max-count', 'valuePositiveInt', 1, 1000);
  for (const each of [heartbeat, timeout, maxCount]) if (isFault(each)) return each;
  return {
    ...(heartbeat === undefined ? {} : { heartbeatMs: (heartbeat as number) * 1000 }),
    timeoutMs: ((timeout as number | undefined) ?? 20) * 1000,
    maxCount: (maxCount as number | undefined) ?? 20,
  };
}
