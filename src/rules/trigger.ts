import type { Trigger } from '../model/store.ts';
import { routedTypes } from './routing.ts';

/** The router's own jobs: every change of a type it knows. Safety notes and their obligations go before all else. */
export const routeTriggers: readonly Trigger[] = routedTypes.map((resourceType) => ({
  handler: 'route',
  resourceType,
  on: ['create', 'update'],
  lane: resourceType === 'Communication' || resourceType === 'Task' ? 'safety' : 'normal',
}));
