import type { BotEvent, MedplumClient, WithId } from '@medplum/core';
import type { OperationOutcome, Provenance, Reference, Resource, ResourceType } from '@medplum/fhirtypes';
import { jsonHash } from '../src/fhir/canonical.ts';
import { ACT_IDENTIFIER } from '../src/model/codes.ts';
import type { Trigger } from '../src/model/store.ts';
import { type Directory, readDirectory } from '../src/rules/directory.ts';
import { affiliationsOf, organizationOf } from '../src/rules/facts.ts';

/** The few plain interactions a bot uses; any FHIR server has them. */
export type Fhir = Pick<
  MedplumClient,
  | 'readResource'
  | 'readHistory'
  | 'searchResources'
  | 'searchResourcePages'
  | 'createResourceIfNoneExist'
  | 'updateResource'
>;

export interface BotDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type BotHandler = (medplum: Fhir, event: BotEvent) => Promise<unknown>;

/** A bot as the hub registers it. `cron`: node-cron pattern with seconds; its event has no input. */
export interface BotModule {
  readonly name: string;
  readonly triggers: readonly Trigger[];
  readonly cron?: string;
  readonly make: (deps: BotDeps) => BotHandler;
}

type Made<T> = { -readonly [K in keyof T]: T[K] };

/** An identifier of one act. Whoever does the act again finds it by this. */
export const act = (key: string) => ({ system: ACT_IDENTIFIER, value: key });

/** A key as a hash: who may see the resource of another organization need not learn whose ids its key was made of (H4). */
export const opaque = (key: string): string => jsonHash(key).slice(0, 40);

const byAct = (key: string) => `identifier=${encodeURIComponent(`${ACT_IDENTIFIER}|${key}`)}`;

/** `createOnce` for what others see: the act's identifier says nothing. */
export const raiseOnce = <T extends Resource>(medplum: Fhir, key: string, resource: T): Promise<WithId<T>> =>
  createOnce(medplum, opaque(key), resource);

export const findRaised = <K extends ResourceType>(medplum: Fhir, type: K, key: string) =>
  findAct(medplum, type, opaque(key));

/** Creates the resource of an act unless it is there; gives the one in the store, as it stands there now. */
export async function createOnce<T extends Resource>(medplum: Fhir, key: string, resource: T): Promise<WithId<T>> {
  const whole = { ...resource, identifier: [act(key), ...others(resource, key)] } as Made<T>;
  return medplum.createResourceIfNoneExist(whole as T, byAct(key));
}

function others(resource: Resource, key: string): { system?: string; value?: string }[] {
  const own = (resource as { identifier?: { system?: string; value?: string }[] }).identifier ?? [];
  return own.filter((each) => each.value !== key);
}

export async function findAct<K extends ResourceType>(medplum: Fhir, type: K, key: string) {
  const [found] = await medplum.searchResources(type, byAct(key));
  return found;
}

/** Writes a resource that was read before; fails, and is tried again, when somebody else wrote it meanwhile. */
export async function update<T extends Resource>(medplum: Fhir, resource: T): Promise<WithId<T>> {
  const version = resource.meta?.versionId;
  return medplum.updateResource(resource, version === undefined ? {} : { headers: { 'If-Match': `W/"${version}"` } });
}

/** Whether a write failed because somebody else wrote the resource meanwhile. Medplum names it by the outcome's id, we by its code. */
export function isConflict(error: unknown): boolean {
  const { outcome } = error as { outcome?: OperationOutcome };
  return outcome?.id === 'precondition-failed' || outcome?.issue?.[0]?.code === 'conflict';
}

/** Looks again this often before it leaves the rest to the next run. */
const LOOKS_MAX = 4;

/**
 * Does something with a resource that ends in an `update` of it, and again with the resource as it stands then when somebody else was
 * first. What `run` does besides must be idempotent.
 */
export async function onNewest<T extends Resource>(
  medplum: Fhir,
  resource: T,
  run: (newest: T) => Promise<void>,
): Promise<void> {
  let newest = resource;
  for (let look = 1; ; look++) {
    try {
      return await run(newest);
    } catch (error) {
      if (look === LOOKS_MAX || !isConflict(error)) throw error;
      newest = (await medplum.readResource(resource.resourceType, resource.id ?? '')) as T;
    }
  }
}

/** Policy, routes and levels of care, as the hub wrote them at start. */
export async function directoryOf(medplum: Fhir): Promise<Directory> {
  const [organizations, services, policies] = await Promise.all([
    allOf(medplum, 'Organization', ''),
    allOf(medplum, 'HealthcareService', ''),
    byIds(medplum, 'Basic', ['safety-policy']),
  ]);
  return readDirectory([...organizations, ...services, ...policies]);
}

/** Organization of each role and service the references name. */
export async function affiliationsFor(
  medplum: Fhir,
  references: readonly (Reference | undefined)[],
): Promise<Record<string, string>> {
  const found: Resource[] = [];
  for (const type of ['PractitionerRole', 'HealthcareService'] as const) {
    const ids = references.flatMap((each) =>
      each?.reference?.startsWith(`${type}/`) ? each.reference.slice(type.length + 1) : [],
    );
    found.push(...(await byIds(medplum, type, ids)));
  }
  return affiliationsOf(found);
}

/**
 * The organization that says something: the one a reference names, else the author its Provenance names. Undefined: nobody known.
 * `stated`: sender, requester or the like.
 */
export async function sourceOf(
  medplum: Fhir,
  resource: Resource,
  stated: Reference | undefined,
): Promise<string | undefined> {
  const affiliations = await affiliationsFor(medplum, [stated]);
  const named = organizationOf(stated, affiliations);
  if (named !== undefined) return named;
  const provenances = await allOf(medplum, 'Provenance', `target=${resource.resourceType}/${resource.id}`);
  const agents = provenances.flatMap((each: Provenance) =>
    each.agent.flatMap((agent) => [agent.who, agent.onBehalfOf]),
  );
  const known = await affiliationsFor(medplum, agents);
  return agents.map((each) => organizationOf(each, known)).find((each) => each !== undefined);
}

/** Resources of a type about the person a patient reference belongs to; the server resolves the person. */
export function ofPatient<K extends ResourceType>(medplum: Fhir, type: K, patient: string, more = '') {
  return allOf(medplum, type, `patient=${patient}${more}`);
}

/** Does the same to each, whatever becomes of the others; what failed is thrown together at the end, so that it is tried again. */
export async function eachOnItsOwn<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await run(item);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${items.length} failed`);
}

/** Every match of a search, page by page. */
export async function allOf<K extends ResourceType>(medplum: Fhir, type: K, query: string) {
  const found = [];
  const asked = query === '' ? '_count=500' : `${query}&_count=500`;
  for await (const page of medplum.searchResourcePages(type, asked)) found.push(...page);
  return found;
}

/** Ids in one question; more make an address too long for some servers. */
const IDS_MAX = 200;

/** The resources of the ids that match the rest of the query too. */
export async function byIds<K extends ResourceType>(medplum: Fhir, type: K, ids: readonly string[], more = '') {
  const wanted = [...new Set(ids)];
  const found = [];
  for (let at = 0; at < wanted.length; at += IDS_MAX) {
    found.push(...(await allOf(medplum, type, `_id=${wanted.slice(at, at + IDS_MAX).join(',')}${more}`)));
  }
  return found;
}

/** The changed resource of an event; undefined when it is of another type or the event is a timer's. */
export function inputOf<T extends Resource>(event: BotEvent, type: T['resourceType']): T | undefined {
  const input = event.input as Resource | undefined;
  return input?.resourceType === type ? (input as T) : undefined;
}

export const instant = (ms: number): string => new Date(ms).toISOString();
