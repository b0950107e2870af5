import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  ElementAssertion,
  GroupAssertion,
  IdentityAssertion,
  ResourceAssertions,
  Stamp,
} from '../../../src/model/assertion.ts';
import type { Applied, ApplyUnit } from '../../../src/model/store.ts';
import { type MemoryStore, memoryStore } from './support/memory-store.ts';

const PATIENTS = ['a1', 'a2', 'b1'];
const ORG = 'org';

const key = (type: string, id: string) => ({ type, owner: ORG, authority: 'x', value: id });
const set = (element: string, value: unknown): ElementAssertion => ({ element, op: 'set', value: value as never });

const patientElement: fc.Arbitrary<ElementAssertion> = fc.oneof(
  fc.constantFrom('1980-01-01', '1981-02-02').map((date) => set('birthDate', date)),
  fc.constantFrom('male', 'female').map((gender) => set('gender', gender)),
  fc.constantFrom('A', 'B').map((family) => set('name[PID-5]', { family })),
  fc.constantFrom<ElementAssertion>({ element: 'gender', op: 'delete' }, { element: 'name[PID-5]', op: 'delete' }),
  fc.subarray(['1', '2', '3']).map(
    (values): ElementAssertion => ({
      element: 'identifier',
      op: 'snapshot',
      value: values.map((value) => ({ system: 'urn:id', value })),
    }),
  ),
  fc.constantFrom('home', 'work').map(
    (use): ElementAssertion => ({
      element: `telecom[${use}]`,
      op: 'set',
      value: { system: 'phone', use, value: '1' },
    }),
  ),
);
const encounterElement: fc.Arbitrary<ElementAssertion> = fc.oneof(
  fc.constantFrom('planned', 'in-progress', 'finished').map((status) => set('status', status)),
  fc.constant(set('class', { code: 'AMB' })),
  fc.constantFrom('2026-03-01', '2026-03-02').map((end) => set('period.end', end)),
  fc.constant<ElementAssertion>({ element: 'period', op: 'delete' }),
);

const resource = (
  type: string,
  id: string,
  patient: string,
  elements: readonly ElementAssertion[],
): ResourceAssertions => ({
  type,
  id,
  key: key(type, id),
  owner: ORG,
  patient,
  elements,
  labels:
    elements.length % 2 === 0 ? [] : [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }],
});

const said: fc.Arbitrary<ResourceAssertions> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...PATIENTS), fc.array(patientElement, { minLength: 1, maxLength: 3 }))
    .map(([id, elements]) => resource('Patient', id, id, elements)),
  fc
    .tuple(fc.constantFrom(...PATIENTS), fc.array(encounterElement, { minLength: 1, maxLength: 3 }))
    .map(([id, elements]) => resource('Encounter', `e-${id}`, id, elements)),
);
const group: fc.Arbitrary<GroupAssertion> = fc.tuple(fc.subarray(PATIENTS), fc.boolean()).map(([ids, complete]) => ({
  group: 'g',
  complete,
  members: ids.map((id) => ({ type: 'Encounter', id: `e-${id}` })),
  onRemoved: [set('status', 'cancelled')],
}));
const identity: fc.Arbitrary<IdentityAssertion> = fc.oneof(
  fc.constantFrom<'link' | 'unlink'>('link', 'unlink').map((op) => ({ op, patient: 'a1', other: 'a2' })),
  fc.constant<IdentityAssertion>({ op: 'merge', survivor: 'a1', loser: 'b1' }),
);
const message = fc.record({
  resources: fc.array(said, { maxLength: 3 }),
  groups: fc.array(group, { maxLength: 1 }),
  identity: fc.array(identity, { maxLength: 1 }),
  minute: fc.integer({ min: 0, max: 5 }),
});

function units(messages: readonly (typeof message extends fc.Arbitrary<infer T> ? T : never)[]): ApplyUnit[] {
  return messages.map(({ minute, ...mapped }, n) => {
    const stamp: Stamp = { at: `2026-03-01T10:0${minute}:00.000Z`, hash: `h${n}` };
    return {
      journalId: `j${n}`,
      partner: 'p',
      organization: ORG,
      stamp,
      mapped: { ...mapped, issues: [], parked: [] },
      provenance: { bodyHash: 'x', mappingVersion: '1', receivedAt: stamp.at, event: 'ADT^A08' },
    };
  });
}

/** What the store says, without what only tells how it got there. */
async function stateOf(store: MemoryStore): Promise<unknown> {
  const rows = await store.tx.query<Record<string, string>>(
    "SELECT type, id, json, owner_org, person, patient, labels FROM resource WHERE type <> 'Provenance' AND deleted = 0 ORDER BY type, id",
  );
  return rows.map(({ json, ...row }) => {
    const { meta, ...content } = JSON.parse(json!) as { meta: { security?: unknown } };
    return { ...row, content, security: meta.security };
  });
}

async function applyAll(store: MemoryStore, list: readonly ApplyUnit[]): Promise<Applied[]> {
  const results: Applied[] = [];
  for (const unit of list)
    results.push(await store.run<Applied>('store.apply', { unit, at: 1_000_000 + results.length }));
  return results;
}

describe('messages in any order', () => {
  it('end in the same resources, persons and labels', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 2, maxLength: 7 }),
        fc.infiniteStream(fc.nat()),
        async (messages, random) => {
          const list = units(messages);
          const shuffled = list
            .map((unit) => ({ unit, by: random.next().value as number }))
            .sort((a, b) => a.by - b.by)
            .map(({ unit }) => unit);
          const [one, other] = [await memoryStore(), await memoryStore()];
          const first = await applyAll(one, list);
          const second = await applyAll(other, shuffled);
          fc.pre([...first, ...second].every(({ outcome }) => outcome !== 'refused'));
          expect(await stateOf(other)).toEqual(await stateOf(one));
          one.close();
          other.close();
        },
      ),
      { numRuns: 120 },
    );
  });

  it('applied again change nothing: no version, no job, no Provenance', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 6 }), async (messages) => {
        const list = units(messages);
        const store = await memoryStore();
        await applyAll(store, list);
        const before = [
          await stateOf(store),
          await store.tx.query('SELECT type, id, version, json FROM resource ORDER BY rid'),
        ];
        const again = await applyAll(store, list);
        expect(again.map(({ outcome }) => outcome).filter((outcome) => outcome === 'applied')).toEqual([]);
        expect([
          await stateOf(store),
          await store.tx.query('SELECT type, id, version, json FROM resource ORDER BY rid'),
        ]).toEqual(before);
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});
