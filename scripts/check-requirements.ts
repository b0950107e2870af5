/**
 * Every requirement R01–R68 and hazard H1–H26 has a row in test/requirements.md that names the title of a test which exists,
 * or says "not yet: reason". Exits 1 naming each row that does not. Rule: DESIGN 7.
 */
import { globSync, readFileSync } from 'node:fs';

const wanted = [
  ...Array.from({ length: 68 }, (_, i) => `R${String(i + 1).padStart(2, '0')}`),
  ...Array.from({ length: 26 }, (_, i) => `H${i + 1}`),
];
const titles = new Set<string>();
for (const file of globSync('test/**/*.test.ts')) {
  for (const match of readFileSync(file, 'utf8').matchAll(
    /\b(?:it|test)(?:\.\w+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?)*\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g,
  )) {
    titles.add((match[2] ?? '').replace(/\\(.)/g, '$1'));
  }
}
const rows = new Map<string, string[]>();
for (const line of readFileSync('test/requirements.md', 'utf8').split('\n')) {
  const match = /^\| *([RH]\d+) *\|(.*)\|\s*$/.exec(line);
  if (match)
    rows.set(
      match[1] ?? '',
      (match[2] ?? '').split('<br>').map((cell) => cell.trim()),
    );
}
const problems: string[] = [];
for (const id of wanted) {
  const cells = rows.get(id);
  if (!cells || cells.every((cell) => cell === '')) problems.push(`${id}: no row, or an empty one`);
  for (const cell of cells ?? []) {
    if (cell === '' || /^not yet: \S/.test(cell)) continue;
    if (!titles.has(cell)) problems.push(`${id}: no test has the title "${cell}"`);
  }
}
for (const problem of problems) console.error(problem);
const shown = [...rows.values()].filter((cells) =>
  cells.some((cell) => cell !== '' && !cell.startsWith('not yet:')),
).length;
console.log(
  `${shown} of ${wanted.length} requirements and hazards are shown by a test, ${wanted.length - shown} not yet`,
);
process.exit(problems.length > 0 ? 1 : 0);
