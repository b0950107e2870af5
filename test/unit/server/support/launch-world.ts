import fc from 'fast-check';
import { type Actor, HUB } from '../../../../src/model/actor.ts';
import type { FhirResponse } from '../../../../src/server/exchange.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

const BASE = 'http://hub.test/fhir/R4';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
/** Patient → owner. `anna-b` is another practice's record of the same human; `cora` is a stranger's. */
export const OWNERS = { anna: 'org-a', ben: 'org-a', 'anna-b': 'org-b', cora: 'org-b' } as const;
export type PatientId = keyof typeof OWNERS;
export const SAME_AS_ANNA: readonly string[] = ['anna', 'anna-b'];
export const TYPES = ['Observation', 'Condition'] as const;

export interface Version {
  readonly subject: PatientId;
  readonly category: 'survey' | 'laboratory';
}
export interface Made {
  readonly type: (typeof TYPES)[number];
  readonly versions: readonly Version[];
  readonly deleted: boolean;
}
const version = fc.record<Version>({
  subject: fc.constantFrom('anna', 'anna', 'ben', 'anna-b', 'cora'),
  category: fc.constantFrom('survey', 'laboratory'),
});
export const population = fc.array(
  fc.record<Made>({
    type: fc.constantFrom(...TYPES),
    versions: fc.array(version, { minLength: 1, maxLength: 3 }),
    deleted: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 8 },
);

export interface Token {
  readonly scopes: readonly string[];
  /** Type that a search narrows: what was deleted is found by nothing, so such a scope opens none of its past. */
  readonly searched?: string;
  /** The scopes in plain words. */
  opens(type: string, operation: 'r' | 's', about: Version | undefined): boolean;
}
const isAnnas = (about: Version | undefined): boolean => about !== undefined && SAME_AS_ANNA.includes(about.subject);
export const TOKENS: readonly Token[] = [
  { scopes: ['patient/*.rs'], opens: (_type, _operation, about) => isAnnas(about) },
  {
    scopes: ['patient/Observation.r'],
    opens: (type, operation, about) => type === 'Observation' && operation === 'r' && isAnnas(about),
  },
  {
    scopes: ['patient/Patient.rs', `patient/Observation.rs?category=${CATEGORY}|survey`],
    searched: 'Observation',
    opens: (type, _operation, about) =>
      isAnnas(about) && (type === 'Patient' || (type === 'Observation' && about?.category === 'survey')),
  },
  {
    scopes: ['patient/Condition.rs', 'patient/Patient.rs', 'user/Observation.rs?category=laboratory'],
    searched: 'Observation',
    opens: (type, _operation, about) => (type === 'Observation' ? about?.category === 'laboratory' : isAnnas(about)),
  },
  { scopes: ['user/*.rs'], opens: () => true },
];

export class World {
  at = 1_700_000_000_000;
  readonly store: MemoryStore;
  readonly actor: Actor;
  constructor(store: MemoryStore, scopes: readonly string[]) {
    this.store = store;
    this.actor = { kind: 'user', id: 'doc', organization: 'org-a', app: 'app', launchPatient: 'anna', scopes };
  }

  async ask(text: string, actor: Actor = this.actor, body?: object | string, headers = {}) {
    const [method = '', address = ''] = text.split(/ (.*)/s);
    const [path = '', search = ''] = address.split(/\?(.*)/s);
    const request = {
      method,
      path: path.split('/').filter(Boolean),
      query: [...new URLSearchParams(search)],
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
    this.at += 10;
    const call = { request, actor, at: this.at, base: BASE };
    try {
      return await this.store.run<FhirResponse>('fhir.handle', call);
    } catch (error) {
      return { status: (error as { detail: { status: number } }).detail.status, headers: {} } as FhirResponse;
    }
  }

  /** `Type/id` of all that one answer holds, each once, in order; deletions left out. */
  async reached(text: string, body?: object | string, headers = {}): Promise<string[]> {
    const answer = await this.ask(text, this.actor, body, headers);
    if (answer.status >= 400 || answer.body === undefined) return [];
    const bundle = JSON.parse(answer.body) as { entry?: { resource?: { resourceType: string; id: string } }[] };
    const found = (bundle.entry ?? []).flatMap(({ resource }) =>
      resource ? [`${resource.resourceType}/${resource.id}`] : [],
    );
    return [...new Set(found)].sort();
  }
}

export const resourceOf = (type: string, id: string, { subject, category }: Version) => ({
  resourceType: type,
  id,
  ...(type === 'Observation'
    ? { status: 'final', category: [{ coding: [{ system: CATEGORY, code: category }] }] }
    : {}),
  code: { text: 'x' },
  subject: { reference: `Patient/${subject}` },
});

/** A store that holds these, as the hub wrote them, and a launched token on it. */
export async function worldOf(made: readonly Made[], scopes: readonly string[]): Promise<World> {
  const world = new World(await memoryStore(), scopes);
  const put = (resource: { resourceType: string; id: string }) =>
    world.ask(`PUT ${resource.resourceType}/${resource.id}`, HUB, resource);
  for (const [id, owner] of Object.entries(OWNERS)) {
    const managingOrganization = { reference: `Organization/${owner}` };
    const link = id === 'anna-b' ? { link: [{ type: 'seealso', other: { reference: 'Patient/anna' } }] } : {};
    await put({ resourceType: 'Patient', id, managingOrganization, name: [{ family: id }], ...link } as never);
  }
  const { tx } = world.store;
  await tx.run("INSERT INTO person (person, created_at) VALUES ('anna', 0)");
  for (const patient of SAME_AS_ANNA) {
    await tx.run("INSERT INTO person_member (patient, person, since, basis) VALUES (?, 'anna', 0, 'test')", [patient]);
    await tx.run("UPDATE resource SET person = 'anna' WHERE type = 'Patient' AND id = ?", [patient]);
  }
  for (const [at, { type, versions, deleted }] of made.entries()) {
    for (const each of versions) await put(resourceOf(type, `${type}-${at}`, each));
    if (deleted) await world.ask(`DELETE ${type}/${type}-${at}`, HUB);
  }
  // org-b lets org-a see Anna, and nobody else of its patients.
  await tx.run(
    `INSERT INTO access_grant (person, owner, recipient, purpose, labels, withheld, since, until, basis)
     VALUES ('anna', 'org-b', 'org-a', 'TREAT', 0, ',,', '2000-01-01T00:00:00.000Z', NULL, 'test')`,
  );
  return world;
}

/** Who owns it was settled by its first version; who it is about by its last. */
export const isVisible = ({ versions }: Made): boolean =>
  OWNERS[versions[0]!.subject] === 'org-a' || SAME_AS_ANNA.includes(versions.at(-1)!.subject);

/** What the plain predicate says of these under a token, as sorted `Type/id`. */
export function predicate(made: readonly Made[], token: Token) {
  const open = (operation: 'r' | 's', each: Made): boolean =>
    !each.deleted && isVisible(each) && token.opens(each.type, operation, each.versions.at(-1));
  return {
    open,
    records: (operation: 'r' | 's', type: string, also: (each: Made) => boolean = () => true): string[] =>
      made
        .flatMap((each, at) => (each.type === type && open(operation, each) && also(each) ? [nameOf(each, at)] : []))
        .sort(),
    patients: (operation: 'r' | 's'): string[] =>
      (Object.keys(OWNERS) as PatientId[])
        .filter((id) => id !== 'cora' && token.opens('Patient', operation, { subject: id, category: 'survey' }))
        .map((id) => `Patient/${id}`)
        .sort(),
    /** Whether a version that reads so is open, of a record whose last one is the record's. */
    version(each: Made, as: Version): boolean {
      const past = !each.deleted || each.type !== token.searched;
      return (
        past && isVisible(each) && token.opens(each.type, 'r', each.versions.at(-1)) && token.opens(each.type, 'r', as)
      );
    },
  };
}

export const nameOf = ({ type }: Made, at: number): string => `${type}/${type}-${at}`;

export const about =
  (...ids: readonly string[]) =>
  ({ versions }: Made): boolean =>
    ids.includes(versions.at(-1)!.subject);
