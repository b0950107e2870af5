/** One place of a structure: a segment by any of its names, or a group of places. */
export type Rule = SegmentRule | GroupRule;

export interface SegmentRule {
  readonly kind: 'segment';
  readonly names: readonly string[];
  readonly required: boolean;
  readonly repeats: boolean;
}

export interface GroupRule {
  readonly kind: 'group';
  readonly name: string;
  readonly items: readonly Rule[];
  readonly required: boolean;
  readonly repeats: boolean;
}

const TOKEN = /[[\](){}]|[A-Z0-9_]+:|[A-Z0-9|]+/g;
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' };

/** Compiles the notation of `structures.ts`. The notation is ours, so a mistake in it throws. */
export function compile(structure: string, notation: string): GroupRule {
  const tokens = notation.match(TOKEN) ?? [];
  if (tokens.join('') !== notation.replace(/\s/g, '')) throw new TypeError(`${structure}: not the notation`);
  const reader = { structure, tokens, at: 0 };
  const items = readItems(reader, undefined);
  return { kind: 'group', name: structure, items, required: true, repeats: false };
}

interface Reader {
  readonly structure: string;
  readonly tokens: readonly string[];
  at: number;
}

function readItems(reader: Reader, until: string | undefined): Rule[] {
  const items: Rule[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (token === until) {
      reader.at += 1;
      return items;
    }
    if (token === undefined) throw new TypeError(`${reader.structure}: ${until} is missing`);
    items.push(readItem(reader));
  }
}

function readItem(reader: Reader): Rule {
  const { structure, tokens } = reader;
  const token = tokens[reader.at]!;
  reader.at += 1;
  if (/^[A-Z0-9|]+$/.test(token)) return { kind: 'segment', names: token.split('|'), required: true, repeats: false };
  const closing = CLOSING[token];
  if (closing === undefined) throw new TypeError(`${structure}: ${token} at ${reader.at}`);
  const content = readBracket(reader, closing);
  return {
    ...content,
    required: token !== '[' && content.required,
    repeats: token === '{' || content.repeats,
  };
}

/** A bracket holds a named group, or exactly one item. */
function readBracket(reader: Reader, closing: string): Rule {
  const token = reader.tokens[reader.at];
  if (token?.endsWith(':')) {
    reader.at += 1;
    return {
      kind: 'group',
      name: token.slice(0, -1),
      items: readItems(reader, closing),
      required: true,
      repeats: false,
    };
  }
  const items = readItems(reader, closing);
  const [only] = items;
  if (items.length !== 1 || only === undefined) throw new TypeError(`${reader.structure}: an unnamed group`);
  return only;
}
