import type { Basic, Coding, Observation, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { concept, RECORD, TASK_CODE } from '../../../src/model/codes.ts';
import { CONFIDENTIALITY_SYSTEM } from '../../../src/model/labels.ts';
import { claimDecisions } from '../../../src/model/released.ts';
import type { Purpose } from '../../../src/model/visibility.ts';
import { EMERGENCY } from '../../../src/rules/break-glass.ts';
import { decide } from '../../../src/rules/consent.ts';
import type { Owned, PersonFacts } from '../../../src/rules/facts.ts';
import {
  careTeam,
  consent,
  episode,
  owned,
  PART2,
  PSYTHPN,
  person,
  RESTRICTED,
  referral,
  referralTask,
  released,
} from './people.ts';

const AT = '2026-03-01T12:00:00.000Z';

const observation = (security: Coding[] = []): Observation => ({
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { text: 'score' },
  ...(security.length > 0 ? { meta: { security } } : {}),
});

function outcome(
  facts: PersonFacts,
  item: Owned,
  recipient: string,
  { purpose = 'TREAT', at = AT }: { purpose?: Purpose; at?: string } = {},
) {
  const [judgement] = decide({ facts, items: [item], recipient, purpose, at }).judgements;
  return judgement!.outcome;
}

const OF_RIVERSIDE = (security: Coding[] = []) => owned('riverside', observation(security));
const IN_CARE = owned('lakeside', episode('lakeside'));

describe('ordinary mental-health data', () => {
  const cases: [string, Owned[], string, string][] = [
    ['its owner', [], 'riverside', 'permit'],
    ['a stranger', [IN_CARE], 'stranger', 'deny'],
    ['an organization with an episode of its own', [IN_CARE], 'lakeside', 'permit'],
    ['an episode somebody else wrote', [owned('stranger', episode('practice'))], 'practice', 'deny'],
    [
      'a care team member',
      [owned('riverside', careTeam('riverside', 'PractitionerRole/practice-role'))],
      'practice',
      'permit',
    ],
    [
      'who names himself in a care team',
      [owned('stranger', careTeam('stranger', 'Organization/stranger'))],
      'stranger',
      'deny',
    ],
    [
      'the receiver of a released referral',
      [
        owned('riverside', referral('riverside', 'lakeside')),
        owned('riverside', referralTask('riverside', 'lakeside', released)),
      ],
      'lakeside',
      'permit',
    ],
    [
      'the receiver of a referral at the gate (R10)',
      [
        owned('riverside', referral('riverside', 'lakeside')),
        owned('riverside', referralTask('riverside', 'lakeside')),
      ],
      'lakeside',
      'deny',
    ],
    [
      'the receiver of a declined referral',
      [
        owned('riverside', referral('riverside', 'lakeside')),
        owned('riverside', referralTask('riverside', 'lakeside', { ...released, status: 'rejected' })),
      ],
      'lakeside',
      'deny',
    ],
    [
      'the responder of a note',
      [
        owned('lakeside', {
          ...referralTask('lakeside', 'practice'),
          code: concept(TASK_CODE, 'acknowledge-safety-note'),
          focus: { reference: 'Communication/n' },
        }),
      ],
      'practice',
      'permit',
    ],
  ];
  it.each(cases)('for %s', (_title, facts, recipient, expected) => {
    expect(outcome(person(...facts), OF_RIVERSIDE(), recipient)).toBe(expected);
  });

  it('is not open for payment or operations by a care relationship alone', () => {
    expect(outcome(person(IN_CARE), OF_RIVERSIDE(), 'lakeside', { purpose: 'HPAYMT' })).toBe('deny');
  });

  it('stays open for follow-up after an episode and closes after its tail (R27)', () => {
    const ended = person(
      owned(
        'lakeside',
        episode('lakeside', { status: 'finished', period: { start: '2026-01-01', end: '2026-02-01' } }),
      ),
    );
    expect(outcome(ended, OF_RIVERSIDE(), 'lakeside', { at: '2026-04-01T00:00:00Z' })).toBe('permit');
    expect(outcome(ended, OF_RIVERSIDE(), 'lakeside', { at: '2026-06-01T00:00:00Z' })).toBe('deny');
  });

  it('includes the label "mental health", which is no reason to withhold among those who treat', () => {
    const labelled = OF_RIVERSIDE([{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'MH' }]);
    expect(outcome(person(IN_CARE), labelled, 'lakeside')).toBe('permit');
  });

  it('shows another organization of an appointment only that the person is busy', () => {
    const dose = owned('riverside', {
      resourceType: 'Appointment',
      id: 'a1',
      status: 'booked',
      participant: [{ status: 'accepted' }],
    } as Resource);
    expect(outcome(person(IN_CARE), dose, 'lakeside')).toBe('redact');
    expect(outcome(person(IN_CARE), dose, 'stranger')).toBe('deny');
  });
});

describe('Part 2 data (H3)', () => {
  const part2 = OF_RIVERSIDE(part2Labels());
  const permit = owned('riverside', consent('riverside', 'lakeside'));

  it('stays without a consent, whatever the care relationship', () => {
    expect(outcome(person(IN_CARE), part2, 'lakeside')).toBe('deny');
  });

  it('goes under an active consent that names discloser, recipient, purpose and label', () => {
    const decision = decide({
      facts: person(IN_CARE, permit),
      items: [part2],
      recipient: 'lakeside',
      purpose: 'TREAT',
      at: AT,
    });
    expect(decision.judgements[0]).toMatchObject({ outcome: 'permit', reasons: ['consent:permit'] });
    expect(decision.basis).toContain('Consent/consent-riverside-lakeside/_history/3');
    expect(decision.consents.map((each) => each.id)).toEqual(['consent-riverside-lakeside']);
  });

  it('goes under a consent that cites 42 CFR part 2 and lists no label', () => {
    const { securityLabel: _, ...provision } = consent('riverside', 'lakeside').provision!;
    const citing = { ...consent('riverside', 'lakeside'), provision, policyRule: { coding: [PART2] } };
    expect(outcome(person(owned('riverside', citing)), part2, 'lakeside')).toBe('permit');
  });

  const faults: [string, Owned][] = [
    ['revoked', owned('riverside', consent('riverside', 'lakeside', {}, { status: 'inactive' }))],
    ['entered in error', owned('riverside', consent('riverside', 'lakeside', {}, { status: 'entered-in-error' }))],
    ['expired', owned('riverside', consent('riverside', 'lakeside', { period: { end: '2026-02-28' } }))],
    ['not yet in force', owned('riverside', consent('riverside', 'lakeside', { period: { start: '2026-03-02' } }))],
    ['for another recipient', owned('riverside', consent('riverside', 'practice'))],
    ['for another discloser', owned('general', consent('general', 'lakeside'))],
    ['recorded by the recipient itself', owned('lakeside', consent('riverside', 'lakeside'))],
    ['recorded by a stranger', owned('stranger', consent('riverside', 'lakeside'))],
    ['for payment only', owned('riverside', consent('riverside', 'lakeside', { purpose: [{ code: 'HPAYMT' }] }))],
    ['without a purpose', owned('riverside', consent('riverside', 'lakeside', { purpose: [] }))],
    ['without a recipient', owned('riverside', consent('riverside', 'lakeside', { actor: [] }))],
    [
      'without a label and without citing the law',
      owned('riverside', consent('riverside', 'lakeside', { securityLabel: [] })),
    ],
    [
      'limited to single resources the hub does not evaluate',
      owned('riverside', consent('riverside', 'lakeside', { code: [{ text: 'x' }] })),
    ],
    [
      'limited to another type',
      owned(
        'riverside',
        consent('riverside', 'lakeside', {
          class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }],
        }),
      ),
    ],
  ];
  it.each(faults)('stays when the consent is %s', (_title, fact) => {
    expect(outcome(person(IN_CARE, fact), part2, 'lakeside')).toBe('deny');
  });

  it('limited to a type goes with the patient it is about and nothing else', () => {
    const only = { class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] };
    const facts = person(owned('riverside', consent('riverside', 'lakeside', only)));
    const security = part2Labels();
    const of = (type: string) => owned('riverside', { resourceType: type, id: 'x', meta: { security } } as Resource);
    expect(['Observation', 'Patient', 'Goal'].map((type) => outcome(facts, of(type), 'lakeside'))).toEqual([
      'permit',
      'permit',
      'deny',
    ]);
  });

  it('stays when another consent refuses: deny overrides permit', () => {
    const refusal = { ...consent('riverside', 'lakeside', { type: 'deny' }), id: 'refusal' };
    expect(outcome(person(IN_CARE, permit, owned('riverside', refusal)), part2, 'lakeside')).toBe('deny');
  });

  it('stays when a provision inside the permit takes it out again', () => {
    const nested = consent('riverside', 'lakeside', {
      provision: [{ type: 'deny', class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] }],
    });
    expect(outcome(person(owned('riverside', nested)), part2, 'lakeside')).toBe('deny');
  });

  it('goes by a permit inside a general refusal, to nobody else', () => {
    const { type: _, ...exception } = consent('riverside', 'lakeside').provision!;
    const consented = {
      ...consent('riverside', 'lakeside'),
      provision: { type: 'deny' as const, provision: [{ ...exception, type: 'permit' as const }] },
    };
    const facts = person(IN_CARE, owned('riverside', consented), owned('general', episode('general')));
    expect(outcome(facts, part2, 'lakeside')).toBe('permit');
    expect(outcome(facts, OF_RIVERSIDE(), 'general')).toBe('deny');
  });
});

it('a permit that names nobody is for those who treat, not for whoever asks', () => {
  const open = owned('riverside', consent('riverside', 'x', { actor: [], securityLabel: [] }));
  expect(outcome(person(IN_CARE, open), OF_RIVERSIDE(), 'stranger')).toBe('deny');
});

describe('labels that need more than a consent for treatment', () => {
  it('psychotherapy notes leave only under an authorization for nothing else', () => {
    const note = OF_RIVERSIDE([RESTRICTED, PSYTHPN]);
    const broad = owned('riverside', consent('riverside', 'lakeside', { securityLabel: [PART2, PSYTHPN] }));
    const own = owned('riverside', consent('riverside', 'lakeside', { securityLabel: [PSYTHPN] }));
    expect(outcome(person(IN_CARE), note, 'lakeside')).toBe('deny');
    expect(outcome(person(IN_CARE, broad), note, 'lakeside')).toBe('deny');
    expect(outcome(person(IN_CARE, own), note, 'lakeside')).toBe('permit');
  });

  it('an unknown label is restricted, and no consent opens it', () => {
    const unknown = OF_RIVERSIDE([{ system: 'urn:somebody', code: 'X' }]);
    const all = owned(
      'riverside',
      consent('riverside', 'lakeside', { securityLabel: [{ system: 'urn:somebody', code: 'X' }] }),
    );
    expect(outcome(person(IN_CARE, all), unknown, 'lakeside')).toBe('deny');
  });

  it('restricted alone is not opened by a care relationship', () => {
    expect(outcome(person(IN_CARE), OF_RIVERSIDE([{ system: CONFIDENTIALITY_SYSTEM, code: 'R' }]), 'lakeside')).toBe(
      'deny',
    );
  });

  it('a party sees what names it, unless that is labelled', () => {
    const note = (security: Coding[]): Owned =>
      owned('riverside', {
        resourceType: 'Communication',
        id: 'c',
        status: 'completed',
        recipient: [{ reference: 'PractitionerRole/stranger-role' }],
        ...(security.length ? { meta: { security } } : {}),
      });
    expect(outcome(person(), note([]), 'stranger')).toBe('permit');
    expect(outcome(person(), note([PART2]), 'stranger')).toBe('deny');
  });

  it('a held referral opens nothing to the party it names (R10)', () => {
    const held = [
      owned('riverside', referral('riverside', 'lakeside')),
      owned('riverside', referralTask('riverside', 'lakeside')),
    ];
    expect(outcome(person(...held), held[0]!, 'lakeside')).toBe('deny');
    expect(outcome(person(...held), held[1]!, 'lakeside')).toBe('deny');
  });
});

describe('a medical emergency (H6)', () => {
  const declared = (more: Partial<Basic> = {}): Basic => ({
    resourceType: 'Basic',
    id: 'b',
    code: concept(RECORD, 'emergency-disclosure'),
    subject: { reference: 'Patient/patient-riverside' },
    author: { reference: 'Practitioner/p' },
    extension: [
      {
        url: EMERGENCY.recipient,
        valueReference: { reference: 'Organization/practice', display: 'Emergency department' },
      },
      { url: EMERGENCY.affiliation, valueString: 'County hospital' },
      { url: EMERGENCY.nature, valueString: 'Respiratory arrest' },
      { url: EMERGENCY.attestation, valueBoolean: true },
      { url: EMERGENCY.period, valuePeriod: { start: '2026-03-01T11:00:00Z' } },
    ],
    ...more,
  });
  const part2 = OF_RIVERSIDE(part2Labels());
  const ask = (facts: PersonFacts, at = AT) => outcome(facts, part2, 'practice', { purpose: 'ETREAT', at });

  it('opens what the disclosing program declared, for a day, and under no other purpose', () => {
    const facts = person(owned('riverside', declared()));
    expect(ask(facts)).toBe('permit');
    expect(ask(facts, '2026-03-02T11:00:00Z')).toBe('deny');
    expect(outcome(facts, part2, 'practice')).toBe('deny');
  });

  it('is not declared by the recipient', () => {
    expect(ask(person(owned('practice', declared())))).toBe('deny');
  });

  it.each(Object.keys(EMERGENCY) as (keyof typeof EMERGENCY)[])('is refused without %s', (part) => {
    const without = declared().extension!.filter((each) => each.url !== EMERGENCY[part]);
    expect(ask(person(owned('riverside', declared({ extension: without }))))).toBe('deny');
  });

  it('does not override a refusal or a revocation', () => {
    const refused = owned('riverside', consent('riverside', 'practice', {}, { status: 'rejected' }));
    const revoked = owned('riverside', consent('riverside', 'practice', {}, { status: 'inactive' }));
    const ranOut = owned(
      'riverside',
      consent('riverside', 'practice', { period: { end: '2026-02-01' } }, { status: 'inactive' }),
    );
    expect(ask(person(owned('riverside', declared()), refused))).toBe('deny');
    expect(ask(person(owned('riverside', declared()), revoked))).toBe('deny');
    expect(ask(person(owned('riverside', declared()), ranOut))).toBe('permit');
  });
});

it('nobody else can make a decision', () => {
  expect(() => claimDecisions()).toThrow(/rules\/consent/);
});
