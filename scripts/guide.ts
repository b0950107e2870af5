import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Reads the official tables (HL7 v2-to-FHIR 1.0.0) beside the repository and writes which v2 element they map to which FHIR element:
 * `mappings/guide.gen.json`. Facts only: no text of the guide. `node scripts/guide.ts`; run again when the guide has a new version.
 */

const SHARED = process.env.HANDOFF_SHARED ?? fileURLToPath(new URL('../../shared', import.meta.url));
const GUIDE = join(SHARED, 'v2-to-fhir');
const OUT = fileURLToPath(new URL('../mappings/guide.gen.json', import.meta.url));

/** Fields of a CSV with quotes and line breaks in them. */
function cells(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',' || char === '\n') {
      rows.at(-1)!.push(cell.trim());
      cell = '';
      if (char === '\n') rows.push([]);
    } else if (char !== '\r') cell += char;
  }
  rows.at(-1)!.push(cell.trim());
  return rows;
}

type Table = Record<string, string[][]>;

function read(kind: string, take: (row: string[]) => string[] | undefined): Table {
  const table: Table = {};
  for (const file of readdirSync(join(GUIDE, kind)).sort()) {
    const name = /(?:R4_|Map_) (.+?) - /.exec(file)?.[1];
    if (name === undefined) continue;
    const rows = cells(readFileSync(join(GUIDE, kind, file), 'utf8').replace(/^\uFEFF/, '')).slice(2);
    table[name] = rows.flatMap((row) => {
      const found = take(row);
      return found === undefined ? [] : [found];
    });
  }
  return table;
}

const mapped = (row: string[]): string[] | undefined => {
  const to = row[9] || (row[10] ? `?${row[10]}` : '');
  return to ? [row[1] ?? '', to.replace(/\s+/g, ' ')] : undefined;
};

function main(): void {
  if (!existsSync(GUIDE)) throw new Error('the guide is not beside the repository; set HANDOFF_SHARED');
  const guide = {
    segments: read('segments', mapped),
    datatypes: read('datatypes', mapped),
    codes: read('codesystems', (row) => (row[0] && row[6] ? [row[0], row[9] ?? '', row[6]] : undefined)),
    messages: read('messages', (row) =>
      row[1] && row[10] ? [row[1].replace(/\s+/g, ''), row[10].replace(/\s+/g, '')] : undefined,
    ),
  };
  writeFileSync(OUT, `${JSON.stringify(guide)}\n`);
  for (const [kind, table] of Object.entries(guide)) {
    console.log(kind, Object.keys(table).length, Object.values(table).flat().length);
  }
}

main();
