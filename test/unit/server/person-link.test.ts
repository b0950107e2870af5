import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResourceAssertions } from '../../../src/model/assertion.ts';
import type { ApplyUnit } from '../../../src/model/store.ts';
import { EVERYTHING } from '../../../src/model/visibility.ts';
import { ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const HOSPITAL = 'https://hospital.example/sid/mrn';
const PROGRAM = 'https://program.example/sid/mrn';

function patient(org: string, id: string, identifiers: readonly (readonly [string, string])[]): ResourceAssertions {
  return {
    type: 'Patient',
    id,
    key: { type: 'Patient', owner: org, authority: 'a', value: id },
    owner: org,
    labels: [],
    elements: [
      { element: 'identifier', op: 'snapshot', value: identifiers.map(([system, value]) => ({ system, value })) },
      { element: 'gender', op: 'set', value: 'female' },
    ],
  };
}

function unit(journalId: string, org: string, at: string, said: ResourceAssertions): ApplyUnit {
  return {
    journalId,
    partner: org,
    organization: org,
    stamp: { at, hash: journalId },
    mapped: { resources: [said], groups: [], identity: [], issues: [], parked: [] },
    provenance: { bodyHash: 'ab'.repeat(32), mappingVersion: '1', receivedAt: at, event: 'ADT^A04' },
  };
}

describe.each(ENGINES)('one human, several records, on %s', (engine) => {
  let hub: TestStore;
  beforeAll(async () => {
    hub = await openTestStore(engine);
  });
  afterAll(() => hub?.close());

  const seenTogether = async (id: string): Promise<string[]> =>
    (await hub.store.search(`Patient?_id=${id}`, EVERYTHING)).map((each) => each.id);

  it.each([
    ['the fuller message first', ['full', 'short']],
    ['the fuller message last', ['short', 'full']],
  ])('an identifier that a later message leaves out ends no link: %s', async (name, order) => {
    const key = name.replace(/\W/g, '');
    const [inHospital, inProgram] = [`h-${key}`, `p-${key}`];
    await hub.store.apply(
      unit(`a${key}`, 'hospital', '2026-03-01T08:00:00Z', patient('hospital', inHospital, [[HOSPITAL, key]])),
    );
    const said = {
      full: unit(
        `f${key}`,
        'program',
        '2026-03-02T08:00:00Z',
        patient('program', inProgram, [
          [PROGRAM, key],
          [HOSPITAL, key],
        ]),
      ),
      short: unit(`s${key}`, 'program', '2026-03-03T08:00:00Z', patient('program', inProgram, [[PROGRAM, key]])),
    };
    for (const each of order) await hub.store.apply(said[each as 'full' | 'short']);
    const goal = {
      resourceType: 'Goal',
      id: `g-${key}`,
      lifecycleStatus: 'active',
      description: { text: 'x' },
      subject: { reference: `Patient/${inProgram}` },
    };
    await hub.store.put(goal, { kind: 'hub', id: 'hub', scopes: ['system/*.cruds'] });
    const found = await hub.store.search(`Goal?patient=${inHospital}`, EVERYTHING);
    expect(found.map((each) => each.id)).toEqual([`g-${key}`]);
    expect(await seenTogether(inProgram)).toEqual([inProgram]);
  });
});
