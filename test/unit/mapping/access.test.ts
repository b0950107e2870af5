import { describe, expect, it } from 'vitest';
import { readConsent } from '../../../src/rules/consent-provision.ts';
import { map, PID, resources, seg, text } from './network.ts';

const adt = (...segments: string[]) =>
  map(text('ADT^A08^ADT_A01', [PID, 'PV1|1|O|||||||||||||||||V1^^^VN^VN', ...segments]));
const labels = (mapped: ReturnType<typeof adt>, type: string): string[] =>
  mapped.resources.find((each) => each.type === type)!.labels.map((label) => label.code);

describe('access restrictions raise labels', () => {
  it.each([
    ['PSY', ['R', 'PSY']],
    ['HIV', ['R', 'HIV']],
    ['SMD', ['R']],
    ['SOMETHING', ['R']],
  ])('%s labels all the message states about the patient %j', (value, expected) => {
    const mapped = adt(`ARV|1|A|${value}`);
    expect([labels(mapped, 'Patient'), labels(mapped, 'Encounter')]).toEqual([expected, expected]);
  });

  it('a restriction of personal data labels the Patient only', () => {
    const mapped = adt('ARV|1|A|PID-17');
    expect([labels(mapped, 'Patient'), labels(mapped, 'Encounter')]).toEqual([['R', 'REL'], []]);
  });

  it.each(['ARV|1|D|PSY', 'ARV|1|A|NO', 'ARV|1|A|OI'])('%s lowers nothing and raises nothing', (arv) => {
    expect(labels(adt(arv), 'Patient')).toEqual([]);
  });

  it('a famous patient is labelled by the reason', () => {
    expect(labels(adt('ARV|1|A|ALL|VIP'), 'Encounter')).toEqual(['R', 'CEL']);
  });
});

describe('consents of a message open nothing (H3)', () => {
  const con = (fields: Readonly<Record<number, string>>) => seg('CON', { 1: '1', 13: '20260301', ...fields });

  it.each(['A', 'L', 'B', 'P'])('a consent to disclose in status %s is proposed', (status) => {
    const [consent] = resources(
      adt(con({ 2: '001', 4: 'F1^ID', 11: status, 14: '20260301', 15: '20270301' })),
      'Consent',
    );
    expect(consent.status).toBe('proposed');
    expect(consent.provision).toBeUndefined();
    expect(readConsent(consent, 'clinic-org', {})).toBeUndefined();
  });

  it('a code that nobody knows is treated as a consent to disclose', () => {
    const [consent] = resources(adt(con({ 2: 'LOCAL7', 11: 'A' })), 'Consent');
    expect([consent.status, consent.scope.coding[0].code]).toEqual(['proposed', 'patient-privacy']);
  });

  it('a consent to a treatment is active, and is none to disclose', () => {
    const [consent] = resources(adt(con({ 2: '017', 11: 'A' })), 'Consent');
    expect([consent.status, consent.scope.coding[0].code]).toEqual(['active', 'treatment']);
    expect(readConsent(consent, 'clinic-org', {})).toBeUndefined();
  });

  it('a refusal and a withdrawal are recorded', () => {
    const status = (code: string) => resources(adt(con({ 2: '001', 11: code })), 'Consent')[0].status;
    expect([status('R'), status('X')]).toEqual(['rejected', 'inactive']);
  });

  it('a request to restrict disclosure goes to a person', () => {
    expect(adt(con({ 2: '110', 11: 'A' })).parked.map((part) => part.code)).toEqual(['map.restriction-requested']);
  });

  it('who consented, and the words, travel along', () => {
    const [consent] = resources(adt(con({ 2: '017', 5: 'I agree', 11: 'A', 25: 'SEL' })), 'Consent');
    expect(consent.performer).toEqual([consent.patient]);
    expect(Buffer.from(consent.sourceAttachment.data, 'base64').toString()).toBe('I agree');
  });
});
