import type { ChargeItem, Encounter, Patient, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { endpointFor } from '../../../src/flow/endpoint-choice.ts';
import type { Partner } from '../../../src/model/partner.ts';
import { relayedTrigger } from '../../../src/model/relay.ts';
import { route } from '../../../src/rules/routing.ts';
import type { Cause, RelayContext } from '../../../src/rules/routing-event.ts';
import { PARTNERS as NETWORK } from '../bots/network.ts';
import { endpointOf } from '../outbound/network.ts';

/** Every partner asks for everything. */
const PARTNERS: Partner[] = NETWORK.map((partner) => ({
  ...partner,
  endpoints: [endpointOf('riverside', { relays: ['ADT', 'DFT', 'RAS'] })],
}));

const cause = (trigger: string, parts: Partial<Cause> = {}): Cause => ({
  version: 1,
  trigger,
  organization: 'general',
  message: 'a'.repeat(64),
  at: '2026-03-02T10:00:00Z',
  targets: [],
  ...parts,
});

const visit = (parts: Partial<Encounter> = {}): Encounter => ({
  resourceType: 'Encounter',
  id: 'e1',
  status: 'in-progress',
  class: { code: 'IMP' },
  ...parts,
});
const OVER: Partial<Encounter> = { status: 'finished', period: { end: '2026-03-02T09:00:00Z' } };

interface Turn {
  readonly relay?: Partial<RelayContext>;
  readonly owner?: string;
  readonly facts?: readonly Resource[];
  readonly partners?: readonly Partner[];
}

function keys(
  change: Resource,
  causes: readonly Cause[],
  { relay, owner = 'general', facts = [], partners = PARTNERS }: Turn = {},
) {
  const context = {
    version: causes.at(-1)?.version ?? 1,
    causes,
    mayKnow: new Set(['riverside', 'general']),
    ...relay,
  };
  return route(change, facts, partners, { owner, relay: context }).map(
    ({ organization, eventKey }) => `${organization} ${eventKey}`,
  );
}

const key = (trigger: string, about = 'Encounter/e1', message = 'a') =>
  `riverside relay/${trigger}/${about}/${message.repeat(24)}`;

describe('what is told on of a visit', () => {
  const cases: [string, Encounter, Cause[], string[]][] = [
    ['an admission', visit(), [cause('ADT^A01')], [key('ADT^A01')]],
    ['a registration', visit({ status: 'arrived' }), [cause('ADT^A04')], [key('ADT^A04')]],
    ['a discharge', visit(OVER), [cause('ADT^A03')], [key('ADT^A03')]],
    ['an update, also of one that is over', visit(OVER), [cause('ADT^A08')], [key('ADT^A08')]],
    ['an admission taken back', visit({ status: 'cancelled' }), [cause('ADT^A11')], [key('ADT^A11')]],
    ['no discharge that was taken back since', visit(), [cause('ADT^A03')], []],
    ['no admission that was taken back since', visit({ status: 'cancelled' }), [cause('ADT^A01')], []],
    ['no transfer', visit(), [cause('ADT^A02')], []],
    ['nothing that a charge or a result said of it', visit(), [cause('DFT^P03')], []],
    ['nothing of one in error', visit({ status: 'entered-in-error' }), [cause('ADT^A08')], []],
  ];
  it.each(cases)('%s', (_title, change, causes, expected) => {
    expect(keys(change, causes)).toEqual(expected);
  });

  it('an admission that comes after its discharge tells the discharge again (H10)', () => {
    const causes = [
      cause('ADT^A03', { version: 1, message: 'd'.repeat(64) }),
      cause('ADT^A01', { version: 2, at: '2026-02-28T10:00:00Z' }),
    ];
    expect(keys(visit(OVER), causes)).toEqual([key('ADT^A03')]);
  });

  it('a job that runs late tells what its own message said', () => {
    const causes = [
      cause('ADT^A01', { version: 1 }),
      cause('ADT^A03', { version: 2, message: 'd'.repeat(64), at: '2026-03-05T10:00:00Z' }),
    ];
    expect(keys(visit(OVER), causes, { relay: { version: 1 } })).toEqual([key('ADT^A01')]);
    expect(keys(visit(OVER), causes, { relay: { version: 2 } })).toEqual([key('ADT^A03', 'Encounter/e1', 'd')]);
  });
});

describe('what is never told on (issue 3)', () => {
  it('a version that no message made', () => {
    expect(keys(visit(), [cause('ADT^A01', { version: 1 })], { relay: { version: 2 } })).toEqual([]);
  });

  it('what another organization said of it, or what belongs to the hub', () => {
    expect(keys(visit(), [cause('ADT^A01', { organization: 'lakeside' })])).toEqual([]);
    expect(
      route(visit(), [], PARTNERS, {
        relay: { version: 1, causes: [cause('ADT^A01')], mayKnow: new Set(['riverside']) },
      }),
    ).toEqual([]);
  });

  it('to the source itself, to whom no grant opens anything, or to whom did not ask', () => {
    expect(keys(visit(), [cause('ADT^A01')]).every((each) => !each.startsWith('general '))).toBe(true);
    expect(keys(visit(), [cause('ADT^A01')], { relay: { mayKnow: new Set(['lakeside']) } })).toEqual([
      key('ADT^A01').replace('riverside', 'lakeside'),
    ]);
    expect(keys(visit(), [cause('ADT^A01')], { partners: NETWORK })).toEqual([]);
  });

  it('a link made in the hub as A40 (H7)', () => {
    const survivor: Patient = {
      resourceType: 'Patient',
      id: 'p1',
      link: [{ other: { reference: 'Patient/p2' }, type: 'replaces' }],
    };
    const loser: Patient = {
      resourceType: 'Patient',
      id: 'p2',
      link: [{ other: { reference: 'Patient/p1' }, type: 'replaced-by' }],
    };
    const merged = cause('ADT^A40', { targets: ['Patient/p1', 'Patient/p2'] });
    const told = [key('ADT^A40', 'Patient/p2')];
    expect(keys(survivor, [merged], { facts: [loser] })).toEqual(told);
    expect(keys(loser, [merged], { facts: [survivor] })).toEqual(told);
    // The same two records, tied by a person after a message that said something else, or tied to a third.
    expect(keys(survivor, [merged], { facts: [loser], relay: { version: 2 } })).toEqual([]);
    expect(keys(survivor, [cause('ADT^A08', { targets: ['Patient/p1', 'Encounter/e1'] })], { facts: [loser] })).toEqual(
      [],
    );
    expect(keys(survivor, [cause('ADT^A40', { targets: ['Patient/p1'] })], { facts: [loser] })).toEqual([]);
  });

  it('a planned charge (H15)', () => {
    const charge: ChargeItem = { resourceType: 'ChargeItem', id: 'c1', status: 'billable', code: {}, subject: {} };
    expect(keys(charge, [cause('DFT^P03')])).toEqual([key('DFT^P03', 'ChargeItem/c1')]);
    expect(keys({ ...charge, status: 'planned' }, [cause('DFT^P03')])).toEqual([]);
    expect(keys(charge, [cause('ORU^R01')])).toEqual([]);
  });
});

describe('where a relayed event goes', () => {
  const event = { kind: 'relay', eventKey: 'relay/ADT^A03/Encounter/e1/abc', recipient: 'riverside' } as const;
  const partner = (...relays: (readonly ('ADT' | 'DFT' | 'RAS')[] | undefined)[]): Partner => ({
    ...NETWORK[0]!,
    endpoints: relays.map((each, index) => endpointOf('riverside', { id: `e${index}`, ...(each && { relays: each }) })),
  });

  it('the endpoint that names its message type, never one that takes everything', () => {
    expect(endpointFor(partner(undefined, ['RAS'], ['DFT', 'ADT']), event)?.id).toBe('e2');
    expect(endpointFor(partner(undefined, ['RAS']), event)).toBeUndefined();
    expect(endpointFor(partner(undefined), { ...event, kind: 'notice' })?.id).toBe('e0');
  });

  it('a key of another shape relays nothing', () => {
    expect(relayedTrigger(event)).toBe('ADT^A03');
    expect(relayedTrigger({ kind: 'relay', eventKey: 'relay/ADT/x' })).toBeUndefined();
    expect(relayedTrigger({ ...event, kind: 'notice' })).toBeUndefined();
  });
});
