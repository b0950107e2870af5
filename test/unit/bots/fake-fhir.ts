import type { BotEvent, MedplumClient } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { sameContent } from '../../../src/fhir/canonical.ts';
import { dateRange } from '../../../src/fhir/search-ranges.ts';
import { extractOne } from '../../../src/fhir/search-values.ts';
import { validate } from '../../../src/fhir/validate.ts';
import { R4 } from '../fhir/r4.ts';

type Any = Resource & { id: string };
type Query = string | URLSearchParams | Record<string, string>;
type Options = { headers?: Record<string, string> };

const MODIFIERS = new Set(['_count', '_sort', '_total', '_include', '_revinclude', '_offset']);

/**
 * A small FHIR server in memory for bots: the MedplumClient methods they use, with versions, If-Match, conditional create and update,
 * and patient searches that reach all records of a person. Search values come from the product's own index code. It refuses what is
 * not valid R4, as the real one does. It knows no visibility.
 */
export class FakeFhir {
  readonly #versions = new Map<string, Any[]>();
  readonly #persons: readonly (readonly string[])[];
  #lastId = 0;
  /** Time the server stamps on a version; a test moves it. */
  clock = '2026-11-21T12:00:00.000Z';
  /** Versions written since the start. */
  writes = 0;

  /** `persons`: ids of the Patients that are one human. */
  constructor(resources: readonly Resource[] = [], persons: readonly (readonly string[])[] = []) {
    this.#persons = persons;
    for (const each of resources) this.put(each as Any);
    this.writes = 0;
  }

  /** Itself, as the type bots are written against. */
  get client(): MedplumClient {
    return this as unknown as MedplumClient;
  }

  event(input: Resource): BotEvent {
    return { bot: { reference: 'Bot/test' }, contentType: 'application/fhir+json', input, secrets: {} };
  }

  /** All current resources of a type, in order of creation. */
  all<T extends Resource>(type: T['resourceType']): (T & { id: string })[] {
    return [...this.#versions.values()]
      .map((each) => each.at(-1)!)
      .filter((each) => each.resourceType === type) as never;
  }

  /** Stores a resource as it is; unchanged content makes no version. */
  put<T extends Resource>(resource: T & { id: string }): T & { id: string } {
    const faults = validate(R4, resource).filter((each) => each.severity === 'error');
    if (faults.length > 0) throw new Error(`not valid: ${JSON.stringify(faults)}`);
    const key = `${resource.resourceType}/${resource.id}`;
    const versions = this.#versions.get(key) ?? [];
    const last = versions.at(-1);
    if (last !== undefined && sameContent(last, resource)) return structuredClone(last) as never;
    const stored = {
      ...structuredClone(resource),
      meta: { ...resource.meta, versionId: `${versions.length + 1}`, lastUpdated: this.clock },
    };
    this.#versions.set(key, [...versions, stored as never]);
    this.writes++;
    return structuredClone(stored) as never;
  }

  async createResource(resource: Resource): Promise<Any> {
    const { id: _, ...rest } = resource;
    return this.put({ ...rest, id: `made-${++this.#lastId}` } as Any);
  }

  async createResourceIfNoneExist(resource: Resource, query: Query): Promise<Any> {
    const found = this.#find(resource.resourceType, query);
    if (found.length > 1) throw status(412);
    return found[0] ?? this.createResource(resource);
  }

  async updateResource(resource: Any, options: Options = {}): Promise<Any> {
    const current = this.#versions.get(`${resource.resourceType}/${resource.id}`)?.at(-1);
    const match = options.headers?.['If-Match'];
    if (match !== undefined && match !== `W/"${current?.meta?.versionId}"`) throw status(412);
    return this.put(resource);
  }

  async upsertResource(resource: Resource, query: Query): Promise<Any> {
    const found = this.#find(resource.resourceType, query);
    if (found.length > 1) throw status(412);
    return found[0] === undefined ? this.createResource(resource) : this.put({ ...resource, id: found[0].id } as Any);
  }

  async readResource(type: string, id: string): Promise<Any> {
    const found = this.#versions.get(`${type}/${id}`)?.at(-1);
    if (found === undefined) throw status(404);
    return structuredClone(found);
  }

  async readVersion(type: string, id: string, version: string): Promise<Any> {
    const found = this.#versions.get(`${type}/${id}`)?.[Number(version) - 1];
    if (found === undefined) throw status(404);
    return structuredClone(found);
  }

  async readHistory(type: string, id: string) {
    const versions = this.#versions.get(`${type}/${id}`) ?? [];
    const entry = structuredClone(versions.toReversed()).map((resource) => ({ resource }));
    return { resourceType: 'Bundle', type: 'history', total: entry.length, entry };
  }

  async readReference(reference: { reference?: string }): Promise<Any> {
    const [type = '', id = ''] = (reference.reference ?? '').split('/');
    return this.readResource(type, id);
  }

  async searchResources(type: string, query: Query = ''): Promise<Any[]> {
    return this.#find(type, query);
  }

  async *searchResourcePages(type: string, query: Query = ''): AsyncGenerator<Any[]> {
    yield this.#find(type, query);
  }

  async searchOne(type: string, query: Query = ''): Promise<Any | undefined> {
    return this.#find(type, query)[0];
  }

  async search(type: string, query: Query = '') {
    const entry = this.#find(type, query).map((resource) => ({ resource }));
    return { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry };
  }

  #find(type: string, query: Query): Any[] {
    const text = typeof query === 'string' && query.includes('?') ? query.slice(query.indexOf('?') + 1) : query;
    const wanted = [...new URLSearchParams(text)].filter(([name]) => !MODIFIERS.has(name));
    return structuredClone(
      this.all(type as never).filter((each) => wanted.every(([name, value]) => this.#meets(each, name, value))),
    );
  }

  #meets(resource: Any, name: string, value: string): boolean {
    if (name === '_id') return value.split(',').includes(resource.id);
    const [code = '', modifier] = name.split(':');
    if (R4.searchParameter(resource.resourceType, code) === undefined) throw status(400);
    const held = extractOne(R4, resource, code) as unknown as readonly Record<string, unknown>[];
    const one = (wanted: string) => held.some((each) => this.#equals(each, wanted));
    const some = value.split(',').some(one);
    return modifier === 'not' ? !some : some;
  }

  #equals(held: Record<string, unknown>, wanted: string): boolean {
    switch (held.kind) {
      case 'reference': {
        const id = wanted.includes('://') ? wanted : wanted.split('/').at(-1)!;
        const ids = this.#persons.find((each) => each.includes(id)) ?? [id];
        return ids.includes(String(held.id)) || held.url === wanted;
      }
      case 'token': {
        const [system, code] = wanted.includes('|') ? (wanted.split('|') as [string, string]) : [undefined, wanted];
        return (system === undefined || held.system === system) && (code === '' || held.code === code);
      }
      case 'date': {
        const [, prefix = 'eq', text = ''] = /^(ge|le|eq)?(.+)$/.exec(wanted) ?? [];
        const range = dateRange(text);
        if (range === undefined) throw status(400);
        const [low, high] = [Number(held.lo), Number(held.hi)];
        if (prefix === 'ge') return high >= range.lo;
        return prefix === 'le' ? low <= range.hi : range.lo <= low && high <= range.hi;
      }
      default:
        return String(held.uri ?? held.folded ?? '') === wanted;
    }
  }
}

const status = (code: number): Error =>
  Object.assign(new Error(`HTTP ${code}`), {
    status: code,
    outcome: {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: code === 412 ? 'conflict' : 'processing' }],
    },
  });
