import type { Resource } from '@medplum/fhirtypes';
import { MIRROR } from '../flow/react.ts';
import type { Database } from '../model/database.ts';
import type { RouteJob } from '../model/flow.ts';
import type { Partner } from '../model/partner.ts';
import type { Store, Trigger } from '../model/store.ts';
import { EVERYTHING } from '../model/visibility.ts';
import { mirrorEvents, mirroredTypes, mirrorsOf } from '../rules/mirror.ts';
import { factQueries, route, routedTypes } from '../rules/routing.ts';
import type { ChangedRow } from './gather-commands.ts';

/** The router is a job of its own: the changes that may concern somebody else. Safety notes and obligations go first. */
export const routeTriggers: readonly Trigger[] = routedTypes.map((resourceType) => ({
  handler: 'route',
  resourceType,
  on: ['create', 'update'],
  lane: resourceType === 'Communication' || resourceType === 'Task' ? 'safety' : 'normal',
}));

/** Every change of a type that a mirror holds. Which types these are is known at the start; the rest of a mirror's settings may change. */
export const mirrorTriggers = (partners: readonly Partner[]): readonly Trigger[] =>
  mirroredTypes(mirrorsOf(partners)).map((resourceType) => ({
    handler: MIRROR,
    resourceType,
    on: ['create', 'update', 'delete'],
  }));

/** Which events a committed change causes, from the store as it stands. */
export function routeJob(parts: {
  readonly database: Database;
  readonly store: Store;
  readonly partners: () => readonly Partner[];
}): RouteJob {
  return async (job) => {
    if (job.handler === MIRROR) return mirrorEvents(job, mirrorsOf(parts.partners()));
    const { resourceType, resourceId } = job;
    const changed = await parts.database.read<ChangedRow | undefined>('hub.changed', {
      type: resourceType,
      id: resourceId,
    });
    if (!changed) return [];
    const change = changed.resource as Resource;
    const found = await Promise.all(factQueries(change).map((query) => parts.store.search(query, EVERYTHING)));
    return route(change, found.flat() as unknown as Resource[], parts.partners(), {
      owner: changed.owner,
      person: changed.person,
      turn: changed.turn,
    });
  };
}
