import { describe, expect, it } from 'vitest';
import { codes, map, PID, partner, resources, seg, stated, text } from './network.ts';

const prb = (fields: Readonly<Record<number, string>> = {}) =>
  seg('PRB', { 1: 'AD', 2: '20260301', 3: 'F33.2^Depression^I10C', 4: 'P1^ID', ...fields });
const gol = (fields: Readonly<Record<number, string>> = {}) =>
  seg('GOL', { 1: 'AD', 2: '20260301', 3: 'SLEEP^Sleeps^L', 4: 'G1^ID', ...fields });
const ppr = (trigger: string, ...segments: string[]) => map(text(`PPR^${trigger}^PPR_PC1`, [PID, ...segments]));
const pgl = (trigger: string, ...segments: string[]) => map(text(`PGL^${trigger}^PGL_PC6`, [PID, ...segments]));

describe('the action code decides, not the trigger', () => {
  it.each(['AD', 'UP', 'CO'])('%s states the problem', (act) => {
    const [condition] = resources(ppr('PC3', prb({ 1: act })), 'Condition');
    expect(condition.category[0].coding[0].code).toBe('problem-list-item');
    expect(condition.clinicalStatus.coding[0].code).toBe('active');
    expect(condition.verificationStatus).toBeUndefined();
  });

  it('DE takes the record back and leaves it neither clinical status nor end (R4 con-4, con-5)', () => {
    const mapped = ppr('PC1', prb({ 1: 'DE' }));
    const [condition] = resources(mapped, 'Condition');
    expect(condition.verificationStatus.coding[0].code).toBe('entered-in-error');
    expect(stated(mapped, 'Condition', 'clinicalStatus')).toEqual({ element: 'clinicalStatus', op: 'delete' });
    expect(stated(mapped, 'Condition', 'abatementDateTime')).toMatchObject({ op: 'delete' });
  });

  it('without a code the trigger decides, with an issue', () => {
    const mapped = ppr('PC3', prb({ 1: '' }));
    expect(resources(mapped, 'Condition')[0].verificationStatus.coding[0].code).toBe('entered-in-error');
    expect(codes(mapped)).toContain('map.code-unmapped');
  });

  it('LI and UN state the link and nothing else of the goal', () => {
    const linked = ppr('PC2', prb(), gol({ 1: 'LI', 18: 'ACHIEVED' }));
    const unlinked = ppr('PC2', prb(), gol({ 1: 'UN' }));
    const [condition] = resources(linked, 'Condition');
    const slot = `addresses[${condition.id}]`;
    expect(stated(linked, 'Goal', slot)).toMatchObject({ op: 'snapshot' });
    expect(stated(linked, 'Goal', 'lifecycleStatus')).toBeUndefined();
    expect(stated(unlinked, 'Goal', slot)).toEqual({ element: slot, op: 'delete' });
  });

  it('UC states neither problem nor link', () => {
    const mapped = ppr('PC2', prb(), gol({ 1: 'UC' }));
    expect(resources(mapped, 'Goal')[0].addresses).toBeUndefined();
  });

  it('a problem under a goal is linked by its own action code', () => {
    const linked = pgl('PC7', gol({ 1: 'UC' }), prb({ 1: 'LI' }));
    const [condition] = resources(linked, 'Condition');
    expect(resources(linked, 'Goal')[0].addresses).toEqual([{ reference: `Condition/${condition.id}` }]);
    expect(stated(linked, 'Condition', 'code')).toBeUndefined();
  });
});

describe('pathways (PPP)', () => {
  const ppp = (trigger: string, ...segments: string[]) => map(text(`PPP^${trigger}^PPP_PCB`, [PID, ...segments]));
  const pth = (act: string) => `PTH|${act}|IOP12^Twelve weeks^L|T1^ID|20260301|ACTIVE`;

  it('links the problems and goals that stand under it, and each link is taken back alone', () => {
    const mapped = ppp('PCB', pth('AD'), prb({ 1: 'LI' }), gol(), prb({ 1: 'UN', 4: 'P2^ID' }));
    const [plan] = resources(mapped, 'CarePlan');
    const [first, second] = resources(mapped, 'Condition');
    const [found] = resources(mapped, 'Goal');
    expect([plan.addresses, plan.goal]).toEqual([
      [{ reference: `Condition/${first.id}` }],
      [{ reference: `Goal/${found.id}` }],
    ]);
    expect(stated(mapped, 'CarePlan', `addresses[${second.id}]`)).toMatchObject({ op: 'delete' });
  });

  it('DE takes the pathway back, and no problem with it', () => {
    const mapped = ppp('PCD', pth('DE'), prb({ 1: 'UC' }));
    expect(resources(mapped, 'CarePlan')[0].status).toBe('entered-in-error');
    expect(stated(mapped, 'Condition', 'verificationStatus')).toBeUndefined();
  });
});

describe('orders among problems', () => {
  it('an order belongs to the problem before it, and ends with the next', () => {
    const mapped = ppr(
      'PC1',
      prb(),
      'ORC|NW|A1^ID',
      'OBR|1|A1^ID||2951-2^Sodium^LN',
      'NTE|1||of the order',
      prb({ 4: 'P2^ID' }),
      'NTE|1||of the second',
    );
    const [first, second] = resources(mapped, 'Condition');
    const [request] = resources(mapped, 'ServiceRequest');
    expect(request.reasonReference).toEqual([{ reference: `Condition/${first.id}` }]);
    expect(request.note[0].text).toBe('of the order');
    expect(second.note[0].text).toBe('of the second');
  });

  it('a message of twenty thousand segments is read in one pass', () => {
    const many = Array.from(
      { length: 10_000 },
      (_, i) => `OBX|${i}|NM|44261-6^PHQ-9^LN|${i}|19||||||F\rNTE|1||note ${i}`,
    );
    expect(resources(ppr('PC1', prb(), ...many), 'Observation')).toHaveLength(10_000);
  });
});

describe('what a problem is', () => {
  it.each(['INT', 'RQO', 'EXP', 'PRP'])('mood %s is parked: it is no problem the patient has', (mood) => {
    const mapped = ppr('PC1', prb({ 28: mood }));
    expect(resources(mapped, 'Condition')).toEqual([]);
    expect(mapped.parked.map((part) => part.code)).toEqual(['map.mood-unsupported']);
  });

  it('a date of resolution ends it, whatever PRB-14 says (R4 con-4)', () => {
    const mapped = ppr('PC2', prb({ 9: '20260401', 14: 'ACTIVE' }));
    expect(resources(mapped, 'Condition')[0].clinicalStatus.coding[0].code).toBe('resolved');
    expect(codes(mapped)).toContain('map.contradiction');
    expect(
      resources(ppr('PC2', prb({ 9: '20260401', 14: 'REMISSION' })), 'Condition')[0].clinicalStatus.coding[0].code,
    ).toBe('remission');
  });

  it('an active problem takes an earlier end back', () => {
    const mapped = ppr('PC2', prb({ 14: 'ACTIVE' }));
    expect(stated(mapped, 'Condition', 'abatementDateTime')).toEqual({ element: 'abatementDateTime', op: 'delete' });
  });

  it('an unmapped life cycle is an issue and no status', () => {
    const mapped = ppr('PC1', prb({ 14: 'GREEN' }));
    expect(codes(mapped)).toContain('map.code-unmapped');
    expect(stated(mapped, 'Condition', 'clinicalStatus')).toBeUndefined();
  });

  it('PRB-25 raises the label, an unknown code to restricted', () => {
    const labels = (code: string) =>
      ppr('PC1', prb({ 25: code }))
        .resources.find((each) => each.type === 'Condition')!
        .labels.map((label) => label.code);
    expect(labels('ETH')).toEqual(['R', 'ETH']);
    expect(labels('NOBODYKNOWS')).toEqual(['R']);
  });

  it('with an id it keeps its identity when its code changes, and shares it with DG1-20', () => {
    const [before] = resources(ppr('PC1', prb()), 'Condition');
    const [after] = resources(ppr('PC2', prb({ 1: 'UP', 3: 'F33.1^Depression^I10C' })), 'Condition');
    expect(after.id).toBe(before.id);
  });

  it('OBX after a pathway is still evidence of the problem', () => {
    const mapped = ppr('PC1', prb(), 'PTH|AD|IOP^IOP^L|T1^ID|20260301', 'OBX|1|NM|44261-6^PHQ-9^LN||19||||||F');
    const [observation] = resources(mapped, 'Observation');
    expect(resources(mapped, 'Condition')[0].evidence).toEqual([
      { detail: [{ reference: `Observation/${observation.id}` }] },
    ]);
  });

  it('a note belongs to what it follows', () => {
    const mapped = ppr(
      'PC1',
      prb(),
      'NTE|1||of the problem',
      'OBX|1|NM|44261-6^PHQ-9^LN||19||||||F',
      'NTE|1||of the score',
      gol(),
      'NTE|1||of the goal',
    );
    const notes = (type: string) => resources(mapped, type)[0].note.map((note: { text: string }) => note.text);
    expect([notes('Condition'), notes('Observation'), notes('Goal')]).toEqual([
      ['of the problem'],
      ['of the score'],
      ['of the goal'],
    ]);
  });

  it('a partner may say what its own life cycle codes mean', () => {
    const own = partner({
      codeTables: {
        'PRB-14': {
          GREEN: { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'inactive' },
        },
      },
    });
    const mapped = map(text('PPR^PC1^PPR_PC1', [PID, prb({ 14: 'GREEN' })]), own);
    expect(resources(mapped, 'Condition')[0].clinicalStatus.coding[0].code).toBe('inactive');
  });
});
