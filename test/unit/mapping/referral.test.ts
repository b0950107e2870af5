import { describe, expect, it } from 'vitest';
import { map, PID, partner, resources, stated, text } from './network.ts';

const REFERRALS = 'https://hospital.example/referral';
const hospital = partner({
  id: 'hospital',
  organization: 'hospital-org',
  authorities: { MRN: 'https://hospital.example/mrn', REF: REFERRALS },
  issues: [REFERRALS, 'https://hospital.example/mrn'],
});
const program = partner({
  id: 'program',
  organization: 'program-org',
  authorities: { PMRN: 'https://program.example/mrn', MRN: 'https://hospital.example/mrn', REF: REFERRALS },
  issues: ['https://program.example/mrn'],
});
const both = [hospital, program];
const RF1 = (status: string, reason = '') => `RF1|${status}|S|PSY|||R1^REF|20260302|||${reason}`;
const ref = (trigger: string) =>
  map(text(`REF^${trigger}`, [RF1('P'), 'PRD|PP|Okoye^Dan|||||123^NPI', PID]), hospital, both);
const rri = (status: string, trigger = 'I12', pid = 'PID|1||55^^^PMRN^MR||Doe^Pat') =>
  map(text(`RRI^${trigger}`, ['MSA|AA|1', RF1(status, '^No place'), pid]), program, both);
const of = (mapped: ReturnType<typeof map>, type: string) => mapped.resources.find((each) => each.type === type)!;

describe('the referral loop', () => {
  it('REF and its RRI, sent by the other side, meet in one Task that the originator owns', () => {
    expect(of(rri('A'), 'Task')).toMatchObject({ id: of(ref('I12'), 'Task').id, owner: 'hospital-org' });
  });

  it.each([
    ['A', 'accepted'],
    ['P', 'received'],
    ['R', 'rejected'],
    ['E', 'failed'],
  ])('RF1-1 %s of an answer is %s', (status, expected) => {
    expect(stated(rri(status), 'Task', 'status')).toMatchObject({ value: expected });
  });

  it('a refusal has its reason', () => {
    expect(stated(rri('R'), 'Task', 'statusReason')).toMatchObject({ value: { text: 'No place' } });
  });

  it('MSA accepts nothing: an answer without RF1-1 is refused', () => {
    expect(rri('').refused).toMatchObject({ code: 'map.code-unmapped', location: 'RF1[1]-1' });
  });

  it('an answer never states the request of its author', () => {
    expect(
      rri('A')
        .resources.find((each) => each.type === 'ServiceRequest')
        ?.elements.map((each) => each.element) ?? [],
    ).not.toContain('status');
  });

  it('an answer that only echoes the other side number of the patient states no patient', () => {
    const mapped = rri('A', 'I12', PID);
    expect(resources(mapped, 'Patient')).toEqual([]);
    expect(of(mapped, 'Task').patient).toBe(ref('I12').patients[0]);
  });

  it('I13 and I15 never send the Task back to requested', () => {
    for (const trigger of ['I13', 'I15']) expect(stated(ref(trigger), 'Task', 'status')).toBeUndefined();
  });

  it('I14 revokes the request and asks to cancel: it does not cancel the work', () => {
    const mapped = ref('I14');
    expect(stated(mapped, 'ServiceRequest', 'status')).toMatchObject({ value: 'revoked' });
    const tasks = resources(mapped, 'Task');
    expect(tasks.map((task) => task.code?.coding.at(-1).code).sort()).toEqual(['abort', 'fulfill']);
    expect(stated({ ...mapped, resources: [of(mapped, 'Task')] }, 'Task', 'status')).toBeUndefined();
  });

  it('the outpatient provider (PRD PP) joins the care team', () => {
    const [team] = resources(ref('I12'), 'CareTeam');
    expect(team.participant).toMatchObject([
      { role: [{ coding: [{ code: 'PP' }] }], member: { display: 'Dan Okoye' } },
    ]);
  });

  it('without RF1-6 there is no loop: refused', () => {
    expect(map(text('REF^I12', ['RF1|P', PID]), hospital, both).refused).toMatchObject({
      code: 'map.key-missing',
      location: 'RF1[1]-6',
    });
  });

  it('whom to ask on a side (CTD) stands beside the request, and of an answer beside its Task', () => {
    const CTD = 'CTD|PR^Contact^HL70131|Reyes^Ana|1 Main^^Town^NY||^WPN^PH^^1^555^0100';
    const asked = map(text('REF^I12', [RF1('P'), 'PRD|RP|Okoye^Dan|||||123^NPI', CTD, PID]), hospital, both);
    const [request] = resources(asked, 'ServiceRequest');
    const contact = request.extension.find((each: { url: string }) => each.url.endsWith('/contact'));
    expect(contact.extension).toMatchObject([
      { url: 'of', valueCodeableConcept: { coding: [{ code: 'RP' }] } },
      { url: 'role', valueCodeableConcept: { coding: [{ code: 'PR' }] } },
      { url: 'name', valueHumanName: { family: 'Reyes', given: ['Ana'] } },
      { url: 'address', valueAddress: { city: 'Town' } },
      { url: 'telecom', valueContactPoint: { system: 'phone', value: '+1 555 0100' } },
    ]);
    expect(asked.issues.filter((issue) => issue.location?.startsWith('CTD'))).toEqual([]);
    const answered = map(text('RRI^I12', ['MSA|AA|1', RF1('A'), 'PRD|RT|X^Y', CTD, PID]), program, both);
    expect(stated(answered, 'Task', 'extension[CTD]')).toMatchObject({ op: 'snapshot' });
    expect(resources(answered, 'ServiceRequest').flatMap((each) => each.extension ?? [])).toEqual([]);
  });
});
