import type { Issue } from '../../model/assertion.ts';
import type { Entry, Scene } from './scene.ts';

/**
 * What identifies or describes the copy in the hub and not the event: it has no place in a message. `meta.security` is not
 * here: a label that no field carries is said by the writer of labels. Narrative repeats the elements.
 */
const OF_THE_COPY = new Set(['resourceType', 'id', 'meta', 'text', 'implicitRules', 'language']);

/**
 * Everything in the resources that no row carried, each named once at the highest element of which nothing was carried.
 * A resource that nothing touched is one issue. Rule: "nothing silent".
 */
export function lossOf(scene: Scene, carried: ReadonlySet<string>): readonly Issue[] {
  const issues: Issue[] = [];
  const touched = prefixes(carried);
  for (const entry of scene.entries) {
    if (!touched.has(entry.path)) {
      issues.push(lost(entry.path, 'render.resource-left-out', 'nothing of this resource has a place in the message'));
    } else if (!carried.has(entry.path)) {
      visitResource(entry, carried, touched, issues);
    }
  }
  return issues;
}

function visitResource(
  entry: Entry,
  carried: ReadonlySet<string>,
  touched: ReadonlySet<string>,
  issues: Issue[],
): void {
  for (const [name, value] of Object.entries(entry.value)) {
    if (!OF_THE_COPY.has(name) && !isBeside(name, entry.path, touched))
      visit(value, `${entry.path}.${name}`, carried, touched, issues);
  }
}

function visit(
  value: unknown,
  path: string,
  carried: ReadonlySet<string>,
  touched: ReadonlySet<string>,
  issues: Issue[],
): void {
  if (carried.has(path) || value === undefined) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(item, `${path}[${index}]`, carried, touched, issues);
  } else if (!touched.has(path) || typeof value !== 'object' || value === null) {
    issues.push(lost(path, 'render.element-left-out', 'this element has no place in the message'));
  } else {
    for (const [name, member] of Object.entries(value)) {
      // An extension whose value went out needs no name there: the field is its name.
      if (name === 'url' && /xtension\[\d+\]$/.test(path)) continue;
      if (isBeside(name, path, touched)) continue;
      visit(member, `${path}.${name}`, carried, touched, issues);
    }
  }
}

/** The original text of a time that went out (`_sent` beside `sent`): the same time in its source's words. */
function isBeside(name: string, path: string, touched: ReadonlySet<string>): boolean {
  return name.startsWith('_') && touched.has(`${path}.${name.slice(1)}`);
}

function lost(location: string, code: string, text: string): Issue {
  return { severity: 'information', code, location, text };
}

/** Every path and every path above it, with and without its index. */
function prefixes(carried: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of carried) {
    let end = path.length;
    while (end > 0 && !all.has(path.slice(0, end))) {
      const part = path.slice(0, end);
      all.add(part);
      end = Math.max(part.lastIndexOf('.'), part.endsWith(']') ? part.lastIndexOf('[') : -1);
    }
  }
  return all;
}
