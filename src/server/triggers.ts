import type { NewJob } from '../database/job-table.ts';
import type { Trigger } from '../model/store.ts';
import type { Engine } from './engine.ts';
import { type IndexRows, parameterKey } from './index-rows.ts';
import { isDecidable, meetsAll } from './search-match.ts';
import { type AnyCondition, parseSearch } from './search-request.ts';

/** One committed change as triggers look at it. */
export interface ChangeEvent {
  readonly interaction: 'create' | 'update' | 'delete';
  readonly resourceType: string;
  readonly resourceId: string;
  readonly versionId: string;
  readonly person: string | undefined;
  /** Id of the one Patient it is about. */
  readonly patient: string | undefined;
  readonly index: IndexRows;
}

interface Compiled {
  readonly trigger: Trigger;
  readonly conditions: readonly AnyCondition[];
}

const compiled = new WeakMap<Engine, ReadonlyMap<string, readonly Compiled[]>>();

/** The triggers by resource type. A criterion that is not a search on that type throws: the process must not start with it. */
export function compileTriggers(engine: Engine): ReadonlyMap<string, readonly Compiled[]> {
  let byType = compiled.get(engine);
  if (byType === undefined) {
    byType = Map.groupBy(
      engine.triggers.map((trigger) => ({ trigger, conditions: conditionsOf(engine, trigger) })),
      ({ trigger }) => trigger.resourceType,
    );
    compiled.set(engine, byType);
  }
  return byType;
}

function conditionsOf(engine: Engine, { resourceType, criteria }: Trigger): readonly AnyCondition[] {
  if (criteria === undefined) return [];
  const query = criteria.includes('?') ? criteria.slice(criteria.indexOf('?') + 1) : criteria;
  const { conditions } = parseSearch(engine.definitions, resourceType, [...new URLSearchParams(query)], true);
  if (!conditions.every(isDecidable))
    throw new Error(`a trigger on ${resourceType} asks more than the changed resource can tell`);
  return conditions;
}

/** The jobs a change causes: one per handler, whatever number of its triggers match. */
export function triggeredJobs(engine: Engine, event: ChangeEvent): NewJob[] {
  const jobs = new Map<string, NewJob>();
  const { person } = event;
  const patients = person === undefined ? [] : patientsOf(event);
  for (const { trigger, conditions } of compileTriggers(engine).get(event.resourceType) ?? []) {
    if (!trigger.on.includes(event.interaction)) continue;
    if (jobs.get(trigger.handler)?.lane === 'safety') continue;
    if (!meetsAll(conditions, event.resourceType, event.resourceId, event.index)) continue;
    jobs.set(trigger.handler, {
      handler: trigger.handler,
      resourceType: event.resourceType,
      resourceId: event.resourceId,
      versionId: event.versionId,
      interaction: event.interaction,
      ...(person === undefined ? {} : { person, patients }),
      lane: trigger.lane ?? 'normal',
    });
  }
  return [...jobs.values()];
}

const LINK = parameterKey('Patient', 'link');

/** What a Patient says of a merge comes after what was said of either record. */
function patientsOf({ patient, resourceType, index }: ChangeEvent): string[] {
  const own = patient === undefined ? [] : [patient];
  if (resourceType !== 'Patient') return own;
  const linked = [...(index.get('reference')?.values() ?? [])].filter(
    ([p, , type]) => p === LINK && type === 'Patient',
  );
  return [...own, ...linked.map(([, id]) => String(id))];
}
