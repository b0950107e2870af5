import type { Coding, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelBits } from '../../../src/fhir/labels.ts';
import { ACT_CODE_SYSTEM } from '../../../src/model/labels.ts';
import type { Purpose } from '../../../src/model/visibility.ts';
import { decide, deriveGrants, grantsCover } from '../../../src/rules/consent.ts';
import { affiliationsNeeded, type Owned } from '../../../src/rules/facts.ts';
import {
  careTeam,
  consent,
  episode,
  ORGS,
  owned,
  PART2,
  PSYTHPN,
  person,
  RESTRICTED,
  referral,
  referralTask,
  released,
} from './people.ts';

const HIV = { system: ACT_CODE_SYSTEM, code: 'HIV' };
const MH = { system: ACT_CODE_SYSTEM, code: 'MH' };
const ODD = { system: 'urn:odd', code: 'odd' };
const LABELS: readonly Coding[] = [PART2, RESTRICTED, PSYTHPN, HIV, MH, ODD];
const TYPES = ['Patient', 'Observation', 'Condition', 'Appointment', 'Consent', 'CarePlan', 'MedicationRequest'];
const DATES = ['2026-01-01', '2026-02-01T06:00:00Z', '2026-03-01', '2026-04-01T00:00:00-05:00', '2026-05'];

const org = fc.constantFrom(...ORGS);
const labels = fc.subarray([...LABELS]);
const period = fc.record(
  { start: fc.constantFrom(...DATES.slice(0, 3)), end: fc.constantFrom(...DATES.slice(2)) },
  { requiredKeys: [] },
);
const purpose = fc.constantFrom<Purpose>('TREAT', 'COC', 'ETREAT', 'HPAYMT', 'HOPERAT');
const instant = fc.oneof(
  fc.constantFrom('2026-02-01T06:00:00.000Z', '2026-03-01T00:00:00.000Z', '2026-04-01T05:00:00.000Z'),
  fc.integer({ min: Date.UTC(2025, 11, 15), max: Date.UTC(2026, 8, 1) }).map((ms) => new Date(ms).toISOString()),
);

const plain = fc.record(
  {
    type: fc.constantFrom('permit' as const, 'deny' as const),
    period,
    securityLabel: labels,
    purpose: fc.subarray(['TREAT', 'COC', 'HPAYMT']).map((codes) => codes.map((code) => ({ code }))),
    class: fc
      .subarray(TYPES)
      .map((types) => types.map((code) => ({ system: 'http://hl7.org/fhir/resource-types', code }))),
    actor: fc.array(
      org.map((id) => ({
        role: { coding: [{ code: 'IRCP' }] },
        reference: { reference: `Organization/${id}` as const },
      })),
      {
        maxLength: 2,
      },
    ),
  },
  { requiredKeys: [] },
);
const provision = fc
  .tuple(plain, fc.option(fc.array(plain, { maxLength: 2 }), { nil: undefined }))
  .map(([root, nested]) => (nested === undefined ? root : { ...root, provision: nested }));

const aConsent = fc
  .tuple(
    fc.constantFrom('discloser' as const, 'discloser' as const, undefined, ...ORGS),
    org,
    org,
    fc.oneof(fc.constant({}), provision),
    fc.constantFrom('active' as const, 'active' as const, 'inactive' as const, 'rejected' as const),
    fc.nat(),
  )
  .map(([row, from, to, body, status, id]) =>
    owned(row === 'discloser' ? from : row, { ...consent(from, to, body, { status }), id: `consent-${id}` }),
  );
const anEpisode = fc
  .tuple(org, org, period, fc.constantFrom('active' as const, 'finished' as const, 'cancelled' as const))
  .map(([row, of, span, status]) => owned(row === 'stranger' ? row : of, episode(of, { period: span, status })));
const aTeam = fc.tuple(org, org).map(([row, member]) => owned(row, careTeam(row, `PractitionerRole/${member}-role`)));
const aReferral = fc
  .tuple(org, org, fc.boolean(), fc.constantFrom('requested' as const, 'accepted' as const, 'rejected' as const))
  .map(([from, to, free, status]): Owned[] => [
    owned(from, referral(from, to)),
    owned(from, referralTask(from, to, { status, ...(free ? released : {}) })),
  ]);

const facts = fc
  .tuple(fc.array(fc.oneof(aConsent, anEpisode, aTeam), { maxLength: 5 }), fc.array(aReferral, { maxLength: 2 }))
  .map(([some, referrals]) => person(...some, ...referrals.flat()));

describe('grants', () => {
  it('cover a resource exactly when the decision permits it, for anyone, any type, label, purpose and instant', () => {
    const seen = { permit: 0, redact: 0, deny: 0, consented: 0 };
    fc.assert(
      fc.property(facts, labels, purpose, instant, (known, security, why, at) => {
        const grants = deriveGrants(known);
        for (const recipient of ORGS) {
          const items = [...ORGS, undefined]
            .filter((owner) => owner !== recipient)
            .flatMap((owner) =>
              TYPES.map((type): Owned => {
                const resource = { resourceType: type, id: `${owner}-${type}`, meta: { security } } as Resource;
                return { resource, owner, parties: [] };
              }),
            );
          const { judgements } = decide({ facts: known, items, recipient, purpose: why, at });
          for (const [index, { outcome, reasons }] of judgements.entries()) {
            const { owner, resource } = items[index]!;
            seen[outcome]++;
            if (outcome === 'permit' && reasons.includes('consent:permit')) seen.consented++;
            const row = { owner, type: resource.resourceType, labels: labelBits(security) };
            expect(grantsCover(grants, row, { recipient, purpose: why, at })).toBe(outcome === 'permit');
          }
        }
      }),
      { numRuns: 1500, seed: 20261121 },
    );
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(50);
  });

  it('of one owner, recipient and purpose never repeat themselves over touching spans', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const grants = deriveGrants(known);
        for (const grant of grants) {
          const { since: _since, until, ...shape } = grant;
          const next = grants.find((each) => {
            const { since, until: _until, ...other } = each;
            return since === until && JSON.stringify(other) === JSON.stringify(shape);
          });
          expect(next).toBeUndefined();
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('are none for a person of whom nothing is known', () => {
    expect(deriveGrants(person())).toEqual([]);
  });

  it('end at the expiry of the consent they rest on, without anything being written then', () => {
    const until = owned('riverside', consent('riverside', 'lakeside', { period: { end: '2026-06-30' } }));
    const rows = deriveGrants(person(until)).filter((each) => each.purpose === 'TREAT');
    expect(rows).toEqual([
      expect.objectContaining({
        owner: 'riverside',
        recipient: 'lakeside',
        since: '2026-01-05T12:00:00.000Z',
        until: '2026-07-01T00:00:00.000Z',
        basis: 'Consent/consent-riverside-lakeside/_history/3',
      }),
    ]);
  });
});

it('the roles and services whose organization must be known are named by the facts', () => {
  const known = [owned('riverside', careTeam('riverside', 'PractitionerRole/a', 'Practitioner/b', 'Organization/c'))];
  expect(affiliationsNeeded(known)).toEqual(['PractitionerRole/a']);
});
