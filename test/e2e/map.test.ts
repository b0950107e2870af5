import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { generalHospital } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { handoff, temporaryFolder } from './network.ts';

const { admission } = generalHospital(calendar('2026-03-02'));
const QUERY = 'MSH|^~\\&|A|B|C|D|20260302||QBP^Q22|Q1|T|2.5.1\rQPD|Q22^Find^HL7|1|@PID.5.1^DOE\r';

describe('handoff map', () => {
  let folder: string;
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = temporaryFolder();
  });

  test('a message is a Bundle on standard output, its issues are lines on standard error; exit 0', async () => {
    const { code, out, err } = await handoff(['map', file('a.hl7', admission)]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ resourceType: 'Bundle', type: 'transaction' });
    for (const line of err.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ code: expect.any(String) });
  });

  test.each([
    ['no message', 'garbage', 'hl7.no-header', undefined],
    ['a message without a map', QUERY, 'map.no-map', 'MSH[1]-9'],
  ])('%s is refused with a code and a place, explained or not; exit 2', async (_, text, code, location) => {
    const path = file('refused.hl7', text);
    for (const args of [[path], [path, '--explain']]) {
      const ended = await handoff(['map', ...args]);
      expect(ended.code).toBe(2);
      const issues = ended.err
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(issues).toContainEqual(expect.objectContaining({ code, ...(location && { location }) }));
      expect(ended.out + ended.err).not.toContain('DOE');
    }
  });

  test('a file that is not there is a misuse, said in a line; exit 2', async () => {
    const { code, err } = await handoff(['map', join(folder, 'nowhere.hl7')]);
    expect([code, err.split('\n')[0]]).toEqual([2, 'the file cannot be read (ENOENT)']);
  });

  test('--explain names for each output its input and row, for each input its fate, and no value', async () => {
    const { code, out } = await handoff(['map', file('b.hl7', admission), '--explain']);
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(lines).toContainEqual([
      expect.stringMatching(/^Patient\/\S+ birthDate$/),
      'PID[1]-7',
      'PID[Patient] PID-7 → birthDate',
    ]);
    expect(lines).toContainEqual(['PID[1]-7[1].1.1', 'carried', expect.stringContaining('PID-7 → birthDate')]);
    for (const line of lines) expect(line).toHaveLength(3);
    for (const value of admission.split(/[|^~\r]/).filter((each) => /^[A-Z][a-z]{3,}$|^\d{6,}$/.test(each)))
      expect(out).not.toMatch(new RegExp(`\\b${value}\\b`));
  });

  test('a folder gives a Bundle, its issues and an explanation for each message, and a summary; exit 2 when one is refused', async () => {
    file('in/one.hl7', admission);
    file('in/deep/two.hl7', QUERY);
    const out = join(folder, 'out');
    const ended = await handoff(['map', join(folder, 'in'), '--out', out, '--explain']);
    expect([ended.code, ended.err]).toEqual([
      2,
      expect.stringMatching(/^1 converted, 1 refused, \d+ places reached no row\n$/),
    ]);
    const names = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('.'))
      .sort();
    expect(names).toEqual(
      ['one', 'deep/two']
        .flatMap((name) => ['explain.tsv', 'issues.json', 'json'].map((kind) => `${name}.${kind}`))
        .sort(),
    );
    expect(readFileSync(join(out, 'one.explain.tsv'), 'utf8')).toContain('PID[Patient] PID-7 → birthDate');
  });
});
