import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob, SettledJob } from '../../../src/flow/job-commands.ts';
import type { ClaimedRow, RowOutcome } from '../../../src/flow/outbox-commands.ts';
import { HUB } from '../../../src/model/actor.ts';
import type { RoutedEvent } from '../../../src/model/flow.ts';
import type { Trigger } from '../../../src/model/store.ts';
import { observation, patient } from '../server/support/records.ts';
import { ENGINES, openTestStore, type TestStore } from '../server/support/test-store.ts';

const HANDLER = 'route';
const TRIGGERS: readonly Trigger[] = ['Observation', 'Patient'].map((resourceType) => ({
  handler: HANDLER,
  resourceType,
  on: ['create', 'update'],
}));
const SHARED = { identifier: [{ system: 'https://registry.example/id', value: '1' }], birthDate: '1980-01-01' };
const NOW = 1;

/** The person is named after the least of its records: with `abe` beside her `zoe` belongs to a person of another name. */
describe.each(ENGINES)(
  'order about one Patient that becomes or ceases to be one person with another, on %s',
  (engine) => {
    let hub: TestStore;
    const opened: TestStore[] = [];
    beforeEach(async () => {
      hub = await openTestStore(engine, { triggers: TRIGGERS });
      opened.push(hub);
    });
    afterAll(() => Promise.all(opened.map((each) => each.close())));

    const put = (resource: { resourceType: string; id?: string; [element: string]: unknown }, id: string) =>
      hub.store.put({ ...resource, id }, HUB);
    const measured = (valueInteger: number) => put(observation('Patient/zoe', { valueInteger }), 'o');

    /** Settles what was claimed, and claims what then heads its lanes: `Type/id/version`. */
    let held: readonly ClaimedJob[] = [];
    async function nextJobs(): Promise<string[]> {
      const settled: SettledJob[] = held.map(({ id, lease }) => ({ id, lease, outcome: { kind: 'done', events: [] } }));
      const args = { settled, limit: 20, safetyOnly: false, leaseMs: 60_000, now: NOW };
      ({ claimed: held } = await hub.database.write<{ claimed: readonly ClaimedJob[] }>('job.settle', args));
      return held.map(({ resourceType, resourceId, versionId }) => `${resourceType}/${resourceId}/${versionId}`).sort();
    }
    async function noJobs(): Promise<void> {
      while ((await nextJobs()).length > 0);
    }

    it('a job waits for the earlier one of its Patient, which has the lane of another person', async () => {
      await put(patient(SHARED), 'zoe');
      await noJobs();
      await measured(1);
      await put(patient(SHARED), 'abe');
      await measured(2);
      expect(await nextJobs()).toEqual(['Observation/o/1', 'Patient/abe/1']);
      expect(await nextJobs()).toEqual(['Observation/o/2']);

      await measured(3);
      await put(patient(), 'abe');
      await measured(4);
      expect(await nextJobs()).toEqual(['Observation/o/3']);
      expect(await nextJobs()).toEqual(['Observation/o/4', 'Patient/abe/2']);
    });

    it('the job of the record that survives a merge waits for what was said of the other', async () => {
      await put(patient(), 'zoe');
      await put(patient(), 'abe');
      await noJobs();
      await measured(1);
      await put(patient({ link: [{ type: 'replaces', other: { reference: 'Patient/zoe' } }] }), 'abe');
      expect(await nextJobs()).toEqual(['Observation/o/1']);
      expect(await nextJobs()).toEqual(['Patient/abe/2']);
    });

    const event = (key: string, person: string | undefined, ...resources: string[]): RoutedEvent => ({
      recipient: 'riverside',
      organization: 'riverside',
      eventKey: key,
      kind: 'relay',
      lane: 'normal',
      ...(person === undefined ? {} : { person }),
      purpose: 'TREAT',
      resources,
    });

    /** Queues one after the other, and gives what goes together, in the order it goes. */
    async function sentInTurn(...events: readonly RoutedEvent[]): Promise<string[][]> {
      for (const each of events) await hub.database.write('outbox.insert', { events: [each], now: NOW });
      const turns: string[][] = [];
      const outcome: RowOutcome = { kind: 'sent', ackCode: 'AA', ack: new Uint8Array() };
      for (;;) {
        const claim = { recipient: 'riverside', limit: 20, safetyOnly: false, leaseMs: 60_000, now: NOW };
        const rows = await hub.database.write<ClaimedRow[]>('outbox.claim', claim);
        if (rows.length === 0) return turns;
        turns.push(rows.map((row) => row.event.eventKey));
        const settled = rows.map(({ id, lease }) => ({ id, lease, outcome }));
        await hub.database.write('outbox.settle', { settled, now: NOW });
      }
    }

    it('a row waits for the earlier one that names its Patient, before, within and after the time of one person', async () => {
      expect(
        await sentInTurn(
          event('apart', 'zoe', 'Encounter/e', 'Patient/zoe'),
          event('abe', 'abe', 'Encounter/f', 'Patient/abe'),
          event('together', 'abe', 'Encounter/e', 'Patient/zoe'),
          event('apart-again', 'zoe', 'Encounter/e', 'Patient/zoe'),
        ),
      ).toEqual([['apart', 'abe'], ['together'], ['apart-again']]);
    });

    it('a merge goes after what was told of either record', async () => {
      expect(
        await sentInTurn(
          event('visit', 'zoe', 'Encounter/e', 'Patient/zoe'),
          event('merge', 'abe', 'Patient/abe', 'Patient/zoe'),
          event('later', 'abe', 'Encounter/f', 'Patient/abe'),
        ),
      ).toEqual([['visit'], ['merge'], ['later']]);
    });

    it('what concerns several persons waits for each, and holds up nothing that names no patient', async () => {
      expect(
        await sentInTurn(
          event('visit', 'zoe', 'Encounter/e', 'Patient/zoe'),
          event('group', undefined, 'Appointment/a', 'Patient/max', 'Patient/zoe'),
          event('max', 'max', 'Encounter/m', 'Patient/max'),
          event('answer', undefined),
        ),
      ).toEqual([['visit', 'answer'], ['group'], ['max']]);
    });
  },
);
