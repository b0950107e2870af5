import { beforeEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../../src/model/actor.ts';
import type { ApplyUnit } from '../../../src/model/store.ts';
import { map, PID, text } from '../mapping/network.ts';
import { type MemoryStore, memoryStore } from './support/memory-store.ts';

const OTHER = 'PID|1||200^^^MRN^MR||Doe^Patricia||19900101|F';
const OPERATOR: Actor = { kind: 'operator', id: 'operator', scopes: [] };
const NOW = Date.parse('2026-03-03T12:00:00Z');

describe('the undo of a merge', () => {
  let store: MemoryStore;
  let units = 0;
  beforeEach(async () => {
    store = await memoryStore();
    for (const [i, pid] of [PID, OTHER].entries()) await apply('A28', [pid], `2026030210000${i}`);
  });

  async function apply(trigger: string, segments: readonly string[], at: string): Promise<readonly string[]> {
    const mapped = map(text(`ADT^${trigger}`, segments, at));
    const { stamp, event } = mapped;
    const unit: ApplyUnit = {
      journalId: `j${++units}`,
      partner: 'clinic',
      organization: 'clinic-org',
      stamp,
      mapped,
      provenance: { bodyHash: stamp.hash, mappingVersion: '1', receivedAt: stamp.at, event },
    };
    expect(await store.run('store.apply', { unit, at: NOW + units })).not.toMatchObject({ outcome: 'refused' });
    return mapped.patients;
  }
  const patients = async () => {
    const rows = await store.tx.query<{ json: string; person: string }>(
      "SELECT json, person FROM resource WHERE type = 'Patient' ORDER BY id",
    );
    return rows.map(({ json, person }) => {
      const { active, link, identifier, id } = JSON.parse(json);
      return { id, active, link, identifier, person };
    });
  };
  const unmerge = (patient: string, other: string) =>
    store.run<string>('store.unmerge', { patient, other, by: OPERATOR, at: NOW });

  it.each(['A18', 'A30', 'A34', 'A39', 'A40', 'A46', 'A47'])(
    '%s by an operator gives both records back as they were, and the merge played again does not return (H7)',
    async (trigger) => {
      const before = await patients();
      const merge = (at: string) => apply(trigger, [PID, 'MRG|200^^^MRN^MR'], at);
      const [survivor, loser] = await merge('20260302110000');
      const merged = await patients();
      expect(new Set(merged.map(({ person }) => person)).size).toBe(1);
      expect(merged.find(({ id }) => id === loser)).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] });
      expect(await unmerge(loser!, survivor!)).toBe('apart');
      expect(await patients()).toEqual(before);
      await merge('20260302110000');
      expect(await patients()).toEqual(before);
      expect(await unmerge(loser!, survivor!)).toBe('not-together');
    },
  );

  it('is later than the merge, although the clock of the source runs ahead; a new merge of the source counts', async () => {
    const [survivor, loser] = await apply('A40', [PID, 'MRG|200^^^MRN^MR'], '20260310110000');
    expect(await unmerge(survivor!, loser!)).toBe('apart');
    expect((await patients()).flatMap(({ link }) => link ?? [])).toEqual([]);
    await apply('A40', [PID, 'MRG|200^^^MRN^MR'], '20260311110000');
    expect((await patients()).flatMap(({ link }) => link ?? [])).toHaveLength(2);
  });

  it('names who did it, in Provenance and in the audit', async () => {
    const [survivor, loser] = await apply('A40', [PID, 'MRG|200^^^MRN^MR'], '20260302110000');
    await unmerge(survivor!, loser!);
    const rows = await store.tx.query<{ json: string }>("SELECT json FROM resource WHERE type = 'Provenance'");
    const made = rows
      .map(({ json }) => JSON.parse(json))
      .filter(({ activity }) => activity.coding?.[0].code === 'UPDATE');
    expect(made).toHaveLength(2);
    expect(made[0].agent[0].who.identifier.value).toBe('operator');
    expect(await store.tx.query("SELECT action, target FROM audit WHERE query = 'unmerge'")).toEqual([
      { action: 'U', target: `Patient/${survivor}` },
    ]);
  });

  it('of records that are not there, or never were one human, is refused and writes nothing', async () => {
    const before = await patients();
    expect(await unmerge(before[0]!.id, 'nobody')).toBe('unknown');
    expect(await unmerge(before[0]!.id, before[1]!.id)).toBe('not-together');
    expect(await patients()).toEqual(before);
  });
});
