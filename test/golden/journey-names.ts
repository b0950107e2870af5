import type { StateRow } from './journey-store.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const ACT = /\b[0-9a-f]{40}\b/g;

/**
 * Names for what the hub numbered: `appointment-lakeside-1`, in the order in which things came to be. A reviewer reads them, and one
 * resource more at the beginning of a journey does not rename all that follows. The same thing has one name in every file of a case.
 */
export class Names {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  learn(rows: readonly StateRow[]): void {
    for (const { type, id, owner_org: owner } of rows) {
      if (id.match(UUID)) this.#name(id, `${kebab(type)}-${owner === '' ? 'hub' : owner}`);
    }
  }

  /** A text with names instead of ids, keys of acts and control ids. */
  in(text: string): string {
    return text
      .replace(UUID, (id) => this.#name(id, 'entry'))
      .replace(ACT, (hash) => this.#name(hash, 'act'))
      .replace(/\bH[0-9A-F]{19}\b/g, (id) => this.#name(id, 'CONTROL'));
  }

  /** The way back: ids for the names a request uses. */
  out(text: string): string {
    let result = text;
    for (const [id, name] of this.#names) result = result.replace(new RegExp(`(?<=/)${name}(?![\\w-])`, 'g'), id);
    return result;
  }

  #name(id: string, kind: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const n = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, n);
    const name = `${kind}-${n}`;
    this.#names.set(id, name);
    return name;
  }
}

const kebab = (type: string): string => type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
