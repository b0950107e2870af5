import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../../mappings/definitions.ts';
import { checkConfig } from '../../../src/config/load.ts';
import { CasesFailed, requireCases } from '../../../src/hub/partner-cases.ts';
import { compileMaps } from '../../../src/mapping/map-message.ts';

const FIXTURES = new URL('../../../fixtures/general-hospital/', import.meta.url).pathname;
const MAPS = compileMaps(DEFINITIONS);
const MRN = 'https://general-hospital.example/sid/mrn';

describe('golden cases of a partner', () => {
  let home: string;
  let ran = 0;
  const trouble: string[] = [];
  const kept = (code: string) => void trouble.push(code);
  const maps = {
    ...MAPS,
    find: (event: string) => {
      ran += 1;
      return MAPS.find(event);
    },
  };
  const config = (of: Readonly<Record<string, unknown>> = {}) =>
    checkConfig(
      join(home, 'handoff.yaml'),
      {
        keyFile: join(home, 'hub.key'),
        partners: [
          {
            id: 'general-hospital',
            name: 'General Hospital',
            organization: 'general-hospital',
            zone: 'America/New_York',
            authorities: { GENH: MRN },
            cases: 'cases',
            ...of,
          },
        ],
      },
      {},
    );
  const refusal = async (of?: Readonly<Record<string, unknown>>): Promise<CasesFailed> => {
    const error = await requireCases(config(of), maps, kept).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CasesFailed);
    return error as CasesFailed;
  };

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'handoff-cases-'));
    cpSync(join(FIXTURES, 'a40-merge'), join(home, 'cases', 'a40-merge'), { recursive: true });
    ran = 0;
    trouble.length = 0;
  });

  it('that pass let it load, and are run again only when its settings, its cases or the maps changed', async () => {
    await requireCases(config(), maps, kept);
    expect(ran).toBe(1);
    await requireCases(config(), maps, kept);
    await requireCases(
      config({ endpoints: [{ id: 'x', transport: { kind: 'mllp', host: 'h', port: 1 } }] }),
      maps,
      kept,
    );
    expect(ran).toBe(1);
    await requireCases(config({ codeTables: { '9999': {} } }), maps, kept);
    expect(ran).toBe(2);
    await requireCases(config({ codeTables: { '9999': {} } }), { ...maps, version: 'next' }, kept);
    expect(ran).toBe(3);
    const file = join(home, 'cases', 'a40-merge', '0-inbound.hl7');
    writeFileSync(file, readFileSync(file, 'utf8').replace('|GH0010|', '|GH0011|'));
    await requireCases(config(), maps, kept);
    expect(ran).toBe(4);
  });

  it('that fail refuse the load: partner, case, file and first differing path, no value', async () => {
    const { code, message } = await refusal({ authorities: { GENH: 'https://other.example/sid/mrn' } });
    expect(code).toBe('config.case-failed');
    expect(message).toBe(
      `${join(home, 'handoff.yaml')}: partners[0].cases: a40-merge/1-bundle.json: bundle.entry[0].fullUrl: is not what the map gives`,
    );
    expect(existsSync(join(home, 'passed-cases.json'))).toBe(false);
  });

  it('that failed are run again at the next start, however often', async () => {
    await requireCases(config(), maps, kept);
    const other = { zone: 'America/New_York', codeTables: { '0001': { F: { system: 'x', code: 'male' } } } };
    for (const _ of [1, 2]) expect((await refusal(other)).message).toContain('bundle.entry[0].resource.gender');
    await requireCases(config(), maps, kept);
    expect(ran).toBe(3);
  });

  it('without an expectation, or no JSON, are failures: nobody has accepted what the map gives', async () => {
    mkdirSync(join(home, 'cases', 'new'));
    writeFileSync(join(home, 'cases', 'new', '0-inbound.hl7'), 'MSH|^~\\&|A|B|C|D|20260302||ADT^A01|1|T|2.5.1\r');
    writeFileSync(join(home, 'cases', 'a40-merge', '1-bundle.json'), '{');
    const { message } = await refusal();
    expect(message).toContain('new/1-bundle.json: is missing');
    expect(message).toContain('a40-merge/1-bundle.json: is not JSON');
  });

  it('a folder that is not there, or holds no case, refuses the load', async () => {
    expect((await refusal({ cases: 'nowhere' })).message).toContain('cannot be read (ENOENT)');
    mkdirSync(join(home, 'empty'));
    expect((await refusal({ cases: 'empty' })).message).toContain('has no case');
  });

  it('a memory of what passed that cannot be read passes nothing', async () => {
    writeFileSync(join(home, 'passed-cases.json'), '{"general-hospital": 1');
    await requireCases(config(), maps, kept);
    expect(ran).toBe(1);
  });

  it('a memory that cannot be written costs time and not the load', async () => {
    mkdirSync(join(home, 'passed-cases.json', 'x'), { recursive: true });
    await requireCases(config(), maps, kept);
    await requireCases(config(), maps, kept);
    expect([ran, trouble]).toEqual([2, ['EISDIR', 'EISDIR']]);
  });
});
