import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ElementAssertion, Mapped, ResourceAssertions } from '../../../src/model/assertion.ts';
import type { ApplyUnit } from '../../../src/model/store.ts';
import { EVERYTHING } from '../../../src/model/visibility.ts';
import { ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const ORG = 'org-hospital';

function said(
  type: string,
  id: string,
  elements: Record<string, unknown>,
  more: Partial<ResourceAssertions> = {},
): ResourceAssertions {
  const list = Object.entries(elements).map(
    ([element, value]): ElementAssertion =>
      value === null ? { element, op: 'delete' } : { element, op: 'set', value: value as never },
  );
  return {
    type,
    id,
    key: { type, owner: ORG, authority: 'a', value: id },
    owner: ORG,
    labels: [],
    elements: list,
    ...more,
  };
}

let journal = 0;
function unit(at: string, mapped: Partial<Mapped>, more: Partial<ApplyUnit> = {}): ApplyUnit {
  journal += 1;
  return {
    journalId: `j${journal}`,
    partner: 'hospital',
    organization: ORG,
    stamp: { at, hash: `${at}-${journal}` },
    mapped: { resources: [], groups: [], identity: [], issues: [], parked: [], ...mapped },
    provenance: { bodyHash: 'ab'.repeat(32), mappingVersion: '1', receivedAt: at, event: 'ADT^A01' },
    ...more,
  };
}

describe.each(ENGINES)('apply on %s', (engine) => {
  let hub: TestStore;
  beforeAll(async () => {
    hub = await openTestStore(engine, {
      triggers: [
        {
          handler: 'watch',
          resourceType: 'Encounter',
          criteria: 'Encounter?status=finished',
          on: ['create', 'update'],
        },
      ],
    });
  });
  afterAll(() => hub?.close());

  const read = (type: string, id: string) => hub.store.read(type, id, EVERYTHING);

  it('the later stamp wins, not the later arrival; a delete leaves its stamp', async () => {
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', {
        resources: [said('Patient', 'p1', { birthDate: '1980-01-01', gender: 'female' })],
      }),
    );
    await hub.store.apply(unit('2026-03-01T12:00:00Z', { resources: [said('Patient', 'p1', { gender: null })] }));
    await hub.store.apply(
      unit('2026-03-01T11:00:00Z', { resources: [said('Patient', 'p1', { gender: 'male', birthDate: '1980-02-02' })] }),
    );
    expect(await read('Patient', 'p1')).toMatchObject({ birthDate: '1980-02-02', meta: { versionId: '3' } });
    expect(await read('Patient', 'p1')).not.toHaveProperty('gender');
  });

  it('a message that says nothing new makes no version, and a repeat of a journal row is unchanged', async () => {
    const first = unit('2026-03-01T10:00:00Z', { resources: [said('Patient', 'p2', { birthDate: '1980-01-01' })] });
    expect(await hub.store.apply(first)).toMatchObject({
      outcome: 'applied',
      changed: [{ type: 'Patient', id: 'p2', versionId: '1' }],
    });
    expect(await hub.store.apply(first)).toEqual({ outcome: 'unchanged', changed: [] });
    const same = unit('2026-03-01T13:00:00Z', { resources: [said('Patient', 'p2', { birthDate: '1980-01-01' })] });
    expect(await hub.store.apply(same)).toMatchObject({ outcome: 'unchanged' });
    expect(await read('Patient', 'p2')).toMatchObject({ meta: { versionId: '1' } });
  });

  it('a resource without its required elements is a placeholder until a message brings them', async () => {
    await hub.store.apply(
      unit('2026-03-01T12:00:00Z', {
        resources: [said('Encounter', 'e1', { 'period.end': '2026-03-01T12:00:00Z' }, { patient: 'p1' })],
      }),
    );
    expect(await read('Encounter', 'e1')).toBeUndefined();
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', {
        resources: [
          said(
            'Encounter',
            'e1',
            { status: 'finished', class: { code: 'IMP' }, subject: { reference: 'Patient/p1' } },
            { patient: 'p1' },
          ),
        ],
      }),
    );
    expect(await read('Encounter', 'e1')).toMatchObject({
      status: 'finished',
      period: { end: '2026-03-01T12:00:00Z' },
    });
    const jobs = await hub.database.read<{ id: number }[]>('store.search', {
      query: 'Provenance?target=Encounter/e1',
      as: EVERYTHING,
      at: 0,
    });
    expect(jobs).toHaveLength(1);
  });

  it('slots of a repeating element stand side by side in slot order', async () => {
    const name = (family: string) => ({ family });
    await hub.store.apply(
      unit('2026-03-01T12:00:00Z', {
        resources: [said('Patient', 'p3', { 'name[b]': name('B'), 'name[a]': name('A') })],
      }),
    );
    await hub.store.apply(unit('2026-03-01T13:00:00Z', { resources: [said('Patient', 'p3', { 'name[b]': null })] }));
    expect(await read('Patient', 'p3')).toMatchObject({ name: [name('A')] });
  });

  it('what a FHIR actor wrote last is changed only by a listed row', async () => {
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', {
        resources: [said('Patient', 'p4', { birthDate: '1980-01-01', gender: 'female' })],
      }),
    );
    const now = (await read('Patient', 'p4'))!;
    const actor = { kind: 'client' as const, id: 'c', organization: ORG, scopes: ['system/*.cruds'] };
    await hub.store.put({ ...now, gender: 'other' } as typeof now, actor);
    await hub.store.apply(
      unit('2026-03-05T10:00:00Z', { resources: [said('Patient', 'p4', { birthDate: '1981-01-01', gender: 'male' })] }),
    );
    expect(await read('Patient', 'p4')).toMatchObject({ gender: 'other', birthDate: '1981-01-01' });
    const listed = said(
      'Patient',
      'p4',
      {},
      { elements: [{ element: 'gender', op: 'set', value: 'male', overFhir: true }] },
    );
    await hub.store.apply(unit('2026-03-06T10:00:00Z', { resources: [listed] }));
    expect(await read('Patient', 'p4')).toMatchObject({ gender: 'male' });
  });

  it('a member that the latest whole snapshot leaves out is removed, also when it arrives later', async () => {
    const appointment = (id: string, status: string) =>
      said(
        'Appointment',
        id,
        { status, start: '2026-03-09T10:00:00Z', end: '2026-03-09T11:00:00Z', participant: [{ status: 'accepted' }] },
        { patient: `patient-${id}` },
      );
    const group = (ids: string[], complete = true) => ({
      group: 'g1',
      members: ids.map((id) => ({ type: 'Appointment', id })),
      onRemoved: [{ element: 'status', op: 'set' as const, value: 'cancelled' }],
      complete,
    });
    await hub.store.apply(
      unit('2026-03-01T12:00:00Z', { resources: [appointment('a2', 'booked')], groups: [group(['a2'])] }),
    );
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', {
        resources: [appointment('a1', 'booked'), appointment('a2', 'booked')],
        groups: [group(['a1', 'a2'])],
      }),
    );
    expect(await read('Appointment', 'a1')).toMatchObject({ status: 'cancelled' });
    expect(await read('Appointment', 'a2')).toMatchObject({ status: 'booked' });
    await hub.store.apply(unit('2026-03-01T14:00:00Z', { resources: [], groups: [group([], false)] }));
    expect(await read('Appointment', 'a2')).toMatchObject({ status: 'booked' });
  });

  it('one Provenance per person names only that person', async () => {
    const appointment = (id: string) =>
      said(
        'Appointment',
        id,
        {
          status: 'booked',
          start: '2026-03-09T10:00:00Z',
          end: '2026-03-09T11:00:00Z',
          participant: [{ status: 'accepted' }],
        },
        { patient: `patient-${id}` },
      );
    await hub.store.apply(unit('2026-03-01T12:00:00Z', { resources: [appointment('b1'), appointment('b2')] }));
    const found = await hub.store.search('Provenance?target=Appointment/b1', EVERYTHING);
    expect(found).toHaveLength(1);
    expect(JSON.stringify(found)).not.toContain('b2');
  });

  it('an exact shared identifier makes one person; a social security number never does', async () => {
    const identifier = (system: string, value: string) => [{ system, value }];
    const ssn = 'http://hl7.org/fhir/sid/us-ssn';
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', { resources: [said('Patient', 'q1', { identifier: identifier('urn:mrn', '7') })] }),
    );
    await hub.store.apply(
      unit('2026-03-01T10:00:01Z', { resources: [said('Patient', 'q2', { identifier: identifier('urn:mrn', '7') })] }),
    );
    await hub.store.apply(
      unit('2026-03-01T10:00:02Z', { resources: [said('Patient', 'q3', { identifier: identifier(ssn, '7') })] }),
    );
    await hub.store.apply(
      unit('2026-03-01T10:00:03Z', { resources: [said('Patient', 'q4', { identifier: identifier(ssn, '7') })] }),
    );
    const goal = { lifecycleStatus: 'active', description: { text: 'x' }, subject: { reference: 'Patient/q2' } };
    await hub.store.apply(
      unit('2026-03-01T10:00:04Z', { resources: [said('Goal', 'goal-q2', goal, { patient: 'q2' })] }),
    );
    expect(await hub.store.search('Goal?patient=q1', EVERYTHING)).toHaveLength(1);
    expect(await hub.store.search('Goal?patient=q3', EVERYTHING)).toHaveLength(0);
  });

  it('a link is undone by an unlink, and resources follow', async () => {
    const goal = { lifecycleStatus: 'active', description: { text: 'x' }, subject: { reference: 'Patient/l2' } };
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', {
        resources: [
          said('Patient', 'l1', { gender: 'male' }),
          said('Patient', 'l2', { gender: 'male' }),
          said('Goal', 'goal-l2', goal, { patient: 'l2' }),
        ],
      }),
    );
    await hub.store.apply(unit('2026-03-01T11:00:00Z', { identity: [{ op: 'link', patient: 'l1', other: 'l2' }] }));
    expect(await hub.store.search('Goal?patient=l1', EVERYTHING)).toHaveLength(1);
    expect(await read('Patient', 'l1')).toMatchObject({
      link: [{ other: { reference: 'Patient/l2' }, type: 'seealso' }],
    });
    await hub.store.apply(unit('2026-03-01T12:00:00Z', { identity: [{ op: 'unlink', patient: 'l1', other: 'l2' }] }));
    expect(await hub.store.search('Goal?patient=l1', EVERYTHING)).toHaveLength(0);
    expect(await read('Patient', 'l1')).not.toHaveProperty('link');
  });

  it('a merge keeps both records and retires the loser; undone, both are as they were', async () => {
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', {
        resources: [said('Patient', 'm1', { active: true }), said('Patient', 'm2', { active: true })],
      }),
    );
    await hub.store.apply(unit('2026-03-01T11:00:00Z', { identity: [{ op: 'merge', survivor: 'm1', loser: 'm2' }] }));
    expect(await read('Patient', 'm2')).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] });
    expect(await read('Patient', 'm1')).toMatchObject({ active: true, link: [{ type: 'replaces' }] });
    const by = { kind: 'operator', id: 'operator', scopes: [] };
    const undo = () => hub.database.write('store.unmerge', { patient: 'm2', other: 'm1', by, at: Date.now() });
    expect([await undo(), await undo()]).toEqual(['apart', 'not-together']);
    for (const id of ['m1', 'm2']) {
      expect(await read('Patient', id)).toMatchObject({ active: true });
      expect(await read('Patient', id)).not.toHaveProperty('link');
    }
  });

  it('a known identifier with another name, birth date and sex is refused and writes nothing', async () => {
    const who = (family: string, birthDate: string, gender: string) => ({
      identifier: [{ system: 'urn:mrn', value: '9' }],
      name: [{ family }],
      birthDate,
      gender,
    });
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', { resources: [said('Patient', 'w1', who('Test', '1980-01-01', 'female'))] }),
    );
    const other = await hub.store.apply(
      unit('2026-03-01T11:00:00Z', { resources: [said('Patient', 'w1', who('Sample', '1999-09-09', 'male'))] }),
    );
    expect(other).toMatchObject({ outcome: 'refused', code: 'identity.mismatch' });
    expect(await read('Patient', 'w1')).toMatchObject({ meta: { versionId: '1' } });
    const married = await hub.store.apply(
      unit('2026-03-01T12:00:00Z', { resources: [said('Patient', 'w1', who('Other', '1980-01-01', 'female'))] }),
    );
    expect(married).toMatchObject({ outcome: 'applied' });
  });

  it('a number of another record with neither its name nor its birth date ties nothing, whatever the sex (H7)', async () => {
    const who = (value: string, family: string, birthDate: string) => ({
      identifier: [
        { system: 'urn:own', value },
        { system: 'urn:mrn', value: '77' },
      ],
      name: [{ family }],
      birthDate,
      gender: 'female',
    });
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', { resources: [said('Patient', 'x1', who('1', 'Test', '1980-01-01'))] }),
    );
    const mistyped = unit('2026-03-01T11:00:00Z', {
      resources: [said('Patient', 'x2', who('2', 'Sample', '1999-09-09'))],
    });
    expect(await hub.store.apply(mistyped)).toMatchObject({
      outcome: 'refused',
      code: 'identity.mismatch',
      location: 'PID[1]-3',
    });
    expect(await read('Patient', 'x2')).toBeUndefined();
    const sameName = unit('2026-03-01T12:00:00Z', {
      resources: [said('Patient', 'x3', who('3', 'Test', '1980-01-10'))],
    });
    expect(await hub.store.apply(sameName)).toMatchObject({ outcome: 'applied' });
  });

  it('a resource that a FHIR actor makes where a message waited as a placeholder stays as the actor made it', async () => {
    const id = '11111111-2222-8333-8444-555555555555';
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', { resources: [said('Encounter', id, { 'period.end': '2026-03-01' })] }),
    );
    const actor = { kind: 'client' as const, id: 'c', organization: ORG, scopes: ['system/*.cruds'] };
    await hub.store.put({ resourceType: 'Encounter', id, status: 'planned', class: { code: 'AMB' } } as never, actor);
    await hub.store.apply(
      unit('2026-03-02T10:00:00Z', {
        resources: [said('Encounter', id, { status: 'finished', class: { code: 'IMP' }, length: { value: 1 } })],
      }),
    );
    expect(await read('Encounter', id)).toMatchObject({
      status: 'planned',
      class: { code: 'AMB' },
      length: { value: 1 },
    });
  });

  it('labels are sticky', async () => {
    const label = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: '42CFRPart2' };
    await hub.store.apply(
      unit('2026-03-01T10:00:00Z', { resources: [said('Patient', 's1', { gender: 'male' }, { labels: [label] })] }),
    );
    await hub.store.apply(unit('2026-03-01T11:00:00Z', { resources: [said('Patient', 's1', { gender: 'female' })] }));
    expect(await read('Patient', 's1')).toMatchObject({ meta: { security: [label] } });
  });
});
