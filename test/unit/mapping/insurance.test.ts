import { describe, expect, it } from 'vitest';
import { map, PID, resources, seg, text } from './network.ts';

const IN1 = seg('IN1', {
  1: '1',
  2: 'PPO^Plan^L',
  3: '77^^^PAYER',
  4: 'Sample Payer',
  16: 'Doe^Robin',
  17: 'FTH^Father^HL70063',
});
const admitted = (...segments: string[]) => map(text('ADT^A01', [PID, 'PV1|1|I', ...segments]));

describe('insurance', () => {
  it('the insured keeps his relation and his language', () => {
    const mapped = admitted(IN1, seg('IN2', { 34: 'spa^Spanish^ISO639-2' }));
    const [insured] = resources(mapped, 'RelatedPerson');
    expect(insured.relationship[0].coding[0]).toMatchObject({ code: 'FTH' });
    expect(insured.communication[0].language.coding.map(({ code }: { code: string }) => code)).toContain('es');
  });

  it('what the payer certified stands beside its own coverage (R45)', () => {
    const certified = seg('IN3', { 2: 'C-881^^^PAYER', 4: 'Y', 9: '20260301', 10: '20260331', 11: 'AP^15' });
    const other = seg('IN1', { 1: '2', 2: 'HMO', 3: '88^^^PAYER', 4: 'Other Payer' });
    const [first, second] = resources(admitted(IN1, 'IN2|', certified, other), 'Coverage');
    expect(first.extension[0].extension).toEqual([
      { url: 'number', valueString: 'C-881' },
      { url: 'required', valueBoolean: true },
      { url: 'start', valueDateTime: '2026-03-01' },
      { url: 'end', valueDateTime: '2026-03-31' },
      { url: 'days', valueDecimal: 15 },
    ]);
    expect(second.extension).toBeUndefined();
  });

  it('nothing of it is listed as lost', () => {
    const mapped = admitted(IN1, seg('IN3', { 2: 'C-881', 6: '20260228', 9: '20260301' }));
    expect(mapped.issues.filter(({ location }) => location?.startsWith('IN3'))).toEqual([]);
  });
});
