import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasCorpus, type Report, survival } from './outbound-corpus.ts';

const BASELINE = fileURLToPath(new URL('outbound-survival.json', import.meta.url));

/** `kept/total` a line: what a person reads, and the next run compares with. */
function written(report: Report): string {
  const section = (counts: Report['fields']) =>
    Object.fromEntries(
      Object.entries(counts)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { kept, total }]) => [key, `${kept}/${total}`]),
    );
  return `${JSON.stringify({ messages: section(report.messages), fields: section(report.fields) }, null, 2)}\n`;
}

describe.skipIf(!hasCorpus)('v2 → FHIR → v2 over the corpus', () => {
  it('what survived of each field survives still', () => {
    const report = survival();
    if (process.env.GOLDEN_UPDATE === '1') writeFileSync(BASELINE, written(report));
    const before = JSON.parse(readFileSync(BASELINE, 'utf8')) as Record<keyof Report, Record<string, string>>;
    const worse: string[] = [];
    for (const part of ['messages', 'fields'] as const) {
      for (const [key, text] of Object.entries(before[part])) {
        const kept = Number(text.split('/')[0]);
        const now = report[part][key] ?? { kept: 0, total: 0 };
        if (now.kept < kept) worse.push(`${key}: ${text}, now ${now.kept}/${now.total}`);
      }
    }
    expect(worse).toEqual([]);
  });
});
