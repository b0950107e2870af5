import type { Resource } from '@medplum/fhirtypes';
import { MIRROR } from '../flow/react.ts';
import type { Database } from '../model/database.ts';
import type { RouteJob } from '../model/flow.ts';
import type { Partner } from '../model/partner.ts';
import type { Store, Trigger } from '../model/store.ts';
import { EVERYTHING } from '../model/visibility.ts';
import { deriveGrants } from '../rules/consent.ts';
import { mirrorEvents, mirroredTypes, mirrorsOf } from '../rules/mirror.ts';
import { factQueries, route, routedTypes } from '../rules/routing.ts';
import type { Cause, RelayContext } from '../rules/routing-event.ts';
import { relayedTypes } from '../rules/routing-relay.ts';
import type { ChangedRow, GatheredRows } from './gather-commands.ts';

/** The router is a job of its own: the changes that may concern somebody else. Safety notes and obligations go first. */
const routeTrigger = (resourceType: string): Trigger => ({
  handler: 'route',
  resourceType,
  on: ['create', 'update'],
  lane: resourceType === 'Communication' || resourceType === 'Task' ? 'safety' : 'normal',
});

/** Changes that are only told on cause a job where an endpoint asks for them: an admission costs nothing where nobody does. */
export function routeTriggers(partners: readonly Partner[]): readonly Trigger[] {
  return [...routedTypes, ...(isRelayed(partners) ? relayedTypes : [])].map(routeTrigger);
}

/** Every change of a type that a mirror holds. Which types these are is known at the start; the rest of a mirror's settings may change. */
export const mirrorTriggers = (partners: readonly Partner[]): readonly Trigger[] =>
  mirroredTypes(mirrorsOf(partners)).map((resourceType) => ({
    handler: MIRROR,
    resourceType,
    on: ['create', 'update', 'delete'],
  }));

/** Whether any endpoint asks to be told on. The store's triggers depend on it: a change needs a restart. */
export const isRelayed = (partners: readonly Partner[]): boolean =>
  partners.some(({ endpoints }) => endpoints.some(({ relays = [] }) => relays.length > 0));

interface RouteParts {
  readonly database: Database;
  readonly store: Store;
  readonly partners: () => readonly Partner[];
}

/** Which events a committed change causes, from the store as it stands. */
export function routeJob(parts: RouteParts): RouteJob {
  return async (job) => {
    if (job.handler === MIRROR) return mirrorEvents(job, mirrorsOf(parts.partners()));
    const { resourceType, resourceId, versionId } = job;
    const changed = await parts.database.read<ChangedRow | undefined>('hub.changed', {
      type: resourceType,
      id: resourceId,
    });
    if (!changed) return [];
    const change = changed.resource as Resource;
    const relay = await relayContext(parts, change, Number(versionId), changed.owner);
    const found = await Promise.all(factQueries(change).map((query) => parts.store.search(query, EVERYTHING)));
    return route(change, found.flat() as unknown as Resource[], parts.partners(), {
      owner: changed.owner,
      person: changed.person,
      turn: changed.turn,
      answeredBy: changed.answeredBy,
      relay,
    });
  };
}

/** Undefined: nothing of this type is told on, or no message made this version. */
async function relayContext(
  { database }: RouteParts,
  change: Resource,
  version: number,
  owner: string | undefined,
): Promise<RelayContext | undefined> {
  if (!(relayedTypes as readonly string[]).includes(change.resourceType)) return undefined;
  const causes = await database.read<Cause[]>('hub.causes', { type: change.resourceType, id: change.id });
  if (!causes.some((each) => each.version === version)) return undefined;
  const gathered = await database.read<GatheredRows>('hub.gather', {
    references: [`${change.resourceType}/${change.id}`],
  });
  if (gathered.kind === 'missing') return undefined;
  const grants = deriveGrants(gathered.facts).filter((each) => each.owner === owner && each.purpose === 'TREAT');
  return { version, causes, mayKnow: new Set(grants.map(({ recipient }) => recipient)) };
}
