import { afterEach, describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { translatePort } from '../../src/hub/translate-port.ts';
import { compileMaps } from '../../src/mapping/map-message.ts';
import { ENGINES, FEED, type FlowUnderTest, message, PARTNER, startFlowUnderTest } from './flow-kit.ts';

const PORT = translatePort(compileMaps(DEFINITIONS), [PARTNER], Buffer.alloc(32, 'flow'), 'test');
const MERGES = ['A18', 'A30', 'A34', 'A39', 'A40', 'A46', 'A47'];
const UNMAPPED = Object.keys(DEFINITIONS.unsafe).filter((event) => event.startsWith('ADT^'));

/** The kindest feed: what parks for any other reason lets the patient's later messages pass. */
const KIND = { onPark: 'pass', ackWaitMs: 300 } as const;

// What is compiled at the first message must not cost the first test its wait.
PORT.translate({
  bytes: message({ controlId: 'WARM', event: 'ADT^A19' }),
  feed: FEED,
  partner: PARTNER,
  hash: '',
  receivedAt: 0,
});

// What is compiled at the first message must not cost the first test its wait.
PORT.translate({
  bytes: message({ controlId: 'WARM', event: 'ADT^A19' }),
  feed: FEED,
  partner: PARTNER,
  hash: '',
  receivedAt: 0,
});

describe.each(ENGINES)('identity events on %s', (engine) => {
  let flow: FlowUnderTest | undefined;
  let serial = Date.now();
  const fresh = () => `I${serial++}`;
  const start = async () => {
    const started = await startFlowUnderTest({
      engine,
      feed: KIND,
      translate: (inbound) => PORT.translate(inbound),
    });
    flow = started;
    return started;
  };
  afterEach(async () => {
    await flow?.stop();
    flow = undefined;
  });
  const merge = (event: string, survivor: string, loser: string) =>
    message({ controlId: fresh(), event, patients: [survivor], extra: `MRG|${loser}^^^GH^MR` });
  const update = async (patient: string) => {
    const sent = await flow!.send(message({ controlId: fresh(), patients: [patient] }));
    return sent.errors[0]?.code ?? sent.code;
  };

  it('that have no map are named by the hub itself', () => {
    expect(UNMAPPED.length).toBeGreaterThan(10);
    for (const trigger of MERGES) expect(UNMAPPED).not.toContain(`ADT^${trigger}`);
  });

  it.each(UNMAPPED)('%s parks, somebody is told, and both patients wait behind it (H7)', async (event) => {
    const { send, store, parked } = await start();
    const [survivor, loser] = [fresh(), fresh()];
    const sent = await send(merge(event, survivor, loser));
    expect([sent.code, sent.errors[0]?.code]).toEqual(['AE', 'map.identity-unsupported']);
    expect(parked.times).toBe(1);
    expect(await update(survivor)).toBe('apply.late');
    expect(await update(loser)).toBe('apply.late');
    expect(store.applied).toEqual([]);
    expect(await update(fresh())).toBe('AA');
  });

  it.each(MERGES)('%s is applied as a merge before later messages of either patient', async (trigger) => {
    const { send, store } = await start();
    const [survivor, loser] = [fresh(), fresh()];
    expect((await send(merge(`ADT^${trigger}`, survivor, loser))).code).toBe('AA');
    expect(store.applied[0]?.mapped.identity).toMatchObject([{ op: 'merge' }]);
    expect(await update(survivor)).toBe('AA');
    expect(await update(loser)).toBe('AA');
  });

  it.each(MERGES)(
    '%s that cannot be applied holds its patient although the feed lets others pass (H7)',
    async (trigger) => {
      const { send, store, parked } = await start();
      const patient = fresh();
      const sent = await send(merge(`ADT^${trigger}`, patient, patient));
      expect([sent.code, sent.errors[0]?.code]).toEqual(['AE', 'map.merge-self']);
      expect(parked.times).toBe(1);
      expect(await update(patient)).toBe('apply.late');
      expect(store.applied).toEqual([]);
    },
  );

  it('a merge that the store refuses holds its patients too', async () => {
    const { send, store } = await start();
    const [survivor, loser] = [fresh(), fresh()];
    store.before = async ({ mapped }) =>
      mapped.identity.length > 0 ? { outcome: 'refused', code: 'identity.mismatch', text: 'another human' } : undefined;
    expect((await send(merge('ADT^A40', survivor, loser))).errors[0]?.code).toBe('identity.mismatch');
    expect(await update(loser)).toBe('apply.late');
  });
});
