import type { Resource } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { carryExact } from './exact-json.ts';
import { choiceKeys } from './path/compile.ts';
import { parseReference } from './references.ts';

/** Types whose values are links to be replaced. A canonical is none, nor is a string that only looks like one. */
const LINKS: ReadonlySet<string> = new Set(['uri', 'url', 'oid', 'uuid']);

/** Temporary ids of a transaction with what stands for them, and the base under which a relative link is read. */
interface Rewriting {
  readonly definitions: Definitions;
  readonly replacements: ReadonlyMap<string, string>;
  readonly root: string;
}

/**
 * A copy in which the temporary ids of a transaction (`urn:uuid:…`, `urn:oid:…` and other fullUrls) are replaced where the
 * specification wants it, by the type of the element: `Reference.reference`, elements of type uri, url, oid and uuid, and `href` and
 * `src` in a narrative; whole, or up to a `#`. Not in elements of type canonical, and in nothing that is text: string, markdown, code,
 * id. A relative link is read under `root`, the base of the entry that holds it. A Bundle that is stored is whole in itself and stays.
 * Rule: FHIR R4 http.html#trules, bundle.html#references.
 */
export function rewriteLinks<T extends Resource>(
  definitions: Definitions,
  resource: T,
  replacements: ReadonlyMap<string, string>,
  root: string,
): T {
  if (replacements.size === 0) return resource;
  return resourceCopy({ definitions, replacements, root }, resource) as T;
}

function resourceCopy(rewriting: Rewriting, value: unknown): unknown {
  const type: unknown = (value as { readonly resourceType?: unknown } | null)?.resourceType;
  return typeof type === 'string' && type !== 'Bundle' ? copyOf(rewriting, value, type) : value;
}

/** `type`: of the value, as definitions name it (`Patient.contact` for a nested element). */
function copyOf(rewriting: Rewriting, value: unknown, type: string): unknown {
  if (Array.isArray(value)) return value.map((item) => copyOf(rewriting, item, type));
  if (typeof value === 'string') return linkOf(rewriting, value, type);
  if (typeof value !== 'object' || value === null) return value;
  if (type === 'Resource') return resourceCopy(rewriting, value);
  const types = typesIn(rewriting.definitions, type);
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    const of = types.get(name) ?? (name.startsWith('_') ? 'Element' : undefined);
    result[name] = of === undefined ? child : copyOf(rewriting, child, of);
  }
  return carryExact(value, result);
}

function linkOf({ replacements, root }: Rewriting, text: string, type: string): string {
  if (type === 'xhtml') return narrativeOf(text, replacements);
  if (type !== LITERAL && !LINKS.has(type)) return text;
  const exact = replacements.get(text);
  if (exact !== undefined) return exact;
  if ((type === LITERAL || type === 'url') && parseReference(text).kind === 'local')
    return replacements.get(`${root}/${text}`) ?? text;
  const hash = text.indexOf('#');
  const stem = hash > 0 ? replacements.get(text.slice(0, hash)) : undefined;
  return stem === undefined ? text : stem + text.slice(hash);
}

function narrativeOf(div: string, replacements: ReadonlyMap<string, string>): string {
  return div.replace(/(\s(?:href|src)=")([^"]*)"/g, (whole, start: string, link: string) => {
    const target = replacements.get(link);
    return target === undefined ? whole : `${start}${target}"`;
  });
}

/** `Reference.reference`, which the definitions call a string. */
const LITERAL = 'Reference.reference';

const known = new WeakMap<Definitions, Map<string, ReadonlyMap<string, string>>>();

/** JSON name → type of its value, for the elements of a type. */
function typesIn(definitions: Definitions, type: string): ReadonlyMap<string, string> {
  let byType = known.get(definitions);
  if (byType === undefined) {
    byType = new Map();
    known.set(definitions, byType);
  }
  let types = byType.get(type);
  if (types === undefined) {
    types = new Map(
      (definitions.type(type)?.elements ?? []).flatMap((element): [string, string][] => {
        if (element.choice) return choiceKeys(element).map(({ key, type: of }) => [key, of]);
        const own = `${type}.${element.name}` === LITERAL ? LITERAL : element.types[0]?.code;
        return [[element.name, element.nested ?? own ?? 'Element']];
      }),
    );
    byType.set(type, types);
  }
  return types;
}
