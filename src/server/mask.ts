import type { Resource } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { carryExact, stringifyExact } from '../fhir/exact-json.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import type { Stored } from '../model/store.ts';
import type { Context } from './context.ts';
import { parseRow, type Row, rowKey } from './rows.ts';
import { openText } from './sealed-text.ts';
import { queryKeys } from './statements.ts';
import { visibleRows } from './visibility-sql.ts';

const ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
/** What stands where a reader may not know what is referred to: neither reference, display, identifier nor type. */
const masked = (): object => ({ extension: [{ url: ABSENT, valueCode: 'masked' }] });

export const isMasked = (value: unknown): boolean => {
  const extensions = (value as { extension?: readonly { url?: string; valueCode?: string }[] } | null)?.extension;
  return Array.isArray(extensions) && extensions.some((each) => each?.url === ABSENT && each.valueCode === 'masked');
};

/** A row as the reader gets it: JSON text, and the resource where it had to be taken apart. */
export interface Shown {
  readonly text: string;
  readonly resource: Stored | undefined;
}

/**
 * The JSON of rows the reader may see, references to what it may not see masked. A row of the reader's own organization that
 * points only at its own or at shared resources (`foreign_refs` 0) goes out as it lies. Rule: H4, H5, DESIGN 7.
 */
export async function showRows(context: Context, rows: readonly Row[]): Promise<Map<number, Shown>> {
  const keys = bodyKeysOf(context.tx.env);
  const { visibility } = context;
  const shown = new Map<number, Shown>();
  const open: { row: Row; resource: Stored; targets: Map<string, { type: string; id: string }> }[] = [];
  for (const row of rows) {
    const own = visibility.kind === 'organization' && row.owner_org === visibility.organization;
    if (visibility.kind === 'everything' || (own && row.foreign_refs === 0)) {
      shown.set(row.rid, { text: openText(row.json, keys), resource: undefined });
      continue;
    }
    const resource = parseRow(row, keys);
    open.push({ row, resource, targets: targetsOf(resource) });
  }
  const seen = await seenKeys(
    context,
    open.flatMap(({ targets }) => [...targets.values()]),
  );
  for (const { row, resource, targets } of open) {
    const own = visibility.kind === 'organization' && row.owner_org === visibility.organization;
    const hidden = new Set([...targets.keys()].filter((key) => (seen.has(key) ? !seen.get(key) : !own)));
    const result = hidden.size === 0 ? resource : (maskIn(resource, hidden) as Stored);
    shown.set(row.rid, {
      text: hidden.size === 0 ? openText(row.json, keys) : stringifyExact(result),
      resource: result,
    });
  }
  return shown;
}

function targetsOf(resource: object): Map<string, { type: string; id: string }> {
  const targets = new Map<string, { type: string; id: string }>();
  forEachReference(resource as Resource, ({ reference }) => {
    const parsed = parseReference(reference);
    if (parsed.kind === 'local') targets.set(rowKey(parsed.type, parsed.id), { type: parsed.type, id: parsed.id });
  });
  return targets;
}

/** `Type/id` → whether the reader may see it, for those that exist. */
async function seenKeys(
  context: Context,
  targets: readonly { type: string; id: string }[],
): Promise<Map<string, boolean>> {
  const unique = new Map(targets.map(({ type, id }) => [rowKey(type, id), [type, id] as const]));
  if (unique.size === 0) return new Map();
  const visible = visibleRows(context.visibility, 'r');
  const rows = await queryKeys<{ type: string; id: string; seen: number }>(
    context.tx,
    `SELECT r.type, r.id, CASE WHEN ${visible.text} THEN 1 ELSE 0 END AS seen FROM resource r WHERE (r.type, r.id) IN $KEYS`,
    [...unique.values()],
    visible.params,
  );
  return new Map(rows.map(({ type, id, seen }) => [rowKey(type, id), seen === 1]));
}

function maskIn(value: unknown, hidden: ReadonlySet<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => maskIn(item, hidden));
  const { reference } = value as { reference?: unknown };
  if (typeof reference === 'string') {
    const parsed = parseReference(reference);
    if (parsed.kind === 'local' && hidden.has(rowKey(parsed.type, parsed.id))) return masked();
  }
  const copy: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) copy[name] = maskIn(child, hidden);
  return carryExact(value, copy);
}

/** What the reader of a stored resource gets in its place, where something of it is masked; undefined: nothing is. */
export async function maskedView(context: Context, row: Row): Promise<Stored | undefined> {
  const shown = (await showRows(context, [row])).get(row.rid);
  return shown && shown.text !== openText(row.json, bodyKeysOf(context.tx.env)) ? shown.resource : undefined;
}

/**
 * What a client writes back after reading `view` gets its references again, place by place. Undefined when a mask of ours stands where
 * the view had none: it was moved, or is of an older view, and what stands there is another reference. One left out is taken out.
 * `view` undefined: now nothing is masked.
 */
export function unmask<T>(incoming: T, stored: unknown, view: Stored | undefined): T | undefined {
  let moved = false;
  const walk = (value: unknown, before: unknown, seen: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (isMasked(value)) {
      if (isMasked(before)) return value;
      if (isMasked(seen)) return before;
      // Somebody else's mask says so of any element.
      moved ||= view !== undefined || typeof (before as { reference?: unknown } | undefined)?.reference === 'string';
      return value;
    }
    const within = (from: unknown, name: string | number): unknown =>
      (from as Record<string | number, unknown> | null | undefined)?.[name];
    if (Array.isArray(value)) return value.map((item, at) => walk(item, within(before, at), within(seen, at)));
    const copy: Record<string, unknown> = {};
    for (const [name, child] of Object.entries(value))
      copy[name] = walk(child, within(before, name), within(seen, name));
    return carryExact(value, copy);
  };
  const result = walk(incoming, stored, view) as T;
  return moved ? undefined : result;
}
