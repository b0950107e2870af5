import type { AuditEvent } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimedRow, RowOutcome } from '../../../src/flow/outbox-commands.ts';
import { type Ask, askAs } from '../server/support/ask.ts';
import { balp, unmet } from '../server/support/balp-profiles.ts';
import { observation, patient } from '../server/support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../server/support/test-store.ts';

describe.each(ENGINES)('the audit of deliveries on %s', (engine) => {
  let hub: TestStore;
  let riverside: Ask;
  let lakeside: Ask;

  beforeAll(async () => {
    hub = await openTestStore(engine);
    riverside = askAs(hub.fhir, client('riverside'));
    lakeside = askAs(hub.fhir, client('lakeside'));
    await riverside('PUT Patient/anna', patient({ id: 'anna' }));
    await riverside('PUT Organization/riverside', { resourceType: 'Organization', id: 'riverside', name: 'R' });
  });
  afterAll(() => hub?.close());

  /** Queues an event about a new Observation, and ends its row as if it had been tried. */
  async function deliver(id: string, outcome: RowOutcome, reached = true): Promise<void> {
    await riverside(`PUT Observation/${id}`, observation('Patient/anna', { id }));
    const event = {
      recipient: 'lake',
      organization: 'lakeside',
      eventKey: `notice/${id}`,
      kind: 'notice',
      lane: 'normal',
      purpose: 'COC',
      resources: [`Observation/${id}`, 'Patient/anna'],
    };
    const now = hub.clock.now();
    await hub.database.write('outbox.insert', { events: [event], now });
    const claim = { recipient: 'lake', limit: 1, safetyOnly: false, leaseMs: 60_000, now };
    const [row] = await hub.database.write<ClaimedRow[]>('outbox.claim', claim);
    const resources = [`Observation/${id}`, 'Patient/anna', 'Organization/riverside'];
    const told = reached ? { told: { address: 'lake.example', resources } } : {};
    await hub.database.write('outbox.settle', { settled: [{ id: row!.id, lease: row!.lease, outcome, ...told }], now });
  }
  const told = async (ask: Ask, id: string): Promise<AuditEvent[]> => {
    const search = `_source=urn:handoff:access-log&entity=Observation/${id}&agent=lake`;
    return ((await ask(`GET AuditEvent?${search}`)).body.entry ?? []).map(
      (each: { resource: AuditEvent }) => each.resource,
    );
  };
  const SENT: RowOutcome = { kind: 'sent', ackCode: 'AA', ack: new Uint8Array() };

  it('what a partner was sent is a disclosure that its owner reads, and nobody else', async () => {
    await deliver('sent', SENT);
    const [event, ...more] = await told(riverside, 'sent');
    expect(more).toEqual([]);
    expect(event?.meta?.profile).toEqual([balp('PrivacyDisclosure.Source')]);
    expect(unmet(event!, balp('PrivacyDisclosure.Source'))).toEqual([]);
    expect(event?.purposeOfEvent?.[0]?.coding?.[0]?.code).toBe('COC');
    expect(event?.agent.find(({ network }) => network?.type === '1')?.network?.address).toBe('lake.example');
    expect(event?.entity?.map(({ what }) => what?.reference)).toEqual(['Observation/sent', 'Patient/anna']);
    expect(await told(lakeside, 'sent')).toEqual([]);
    const valid = await riverside('POST AuditEvent/$validate', event);
    expect(valid.body.issue.filter((each: { severity: string }) => each.severity === 'error')).toEqual([]);
  });

  it('what may have arrived is kept as a failure; what goes again, or never went, is not kept', async () => {
    await deliver('unknown', { kind: 'unknown', code: 'deliver.outcome-unknown', text: '', holdLane: false });
    expect((await told(riverside, 'unknown')).map(({ outcome, meta }) => [outcome, meta?.profile])).toEqual([
      ['4', undefined],
    ]);
    await deliver('unreached', { kind: 'parked', code: 'deliver.endpoint-missing', text: '', holdLane: false }, false);
    expect(await told(riverside, 'unreached')).toEqual([]);
    await deliver('again', { kind: 'again', at: 0, counted: true, code: 'ack.error', text: '' });
    expect(await told(riverside, 'again')).toEqual([]);
  });
});
