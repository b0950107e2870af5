import type { Coding, Observation, Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import {
  highWaterMark,
  keepsLabels,
  labelBits,
  mergeLabels,
  part2Labels,
  resourceBits,
  withLabels,
} from '../../../src/fhir/labels.ts';
import { ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM, LABEL, SENSITIVE_LABELS } from '../../../src/model/labels.ts';

const act = (code: string): Coding => ({ system: ACT_CODE_SYSTEM, code });
const confidentiality = (code: string): Coding => ({ system: CONFIDENTIALITY_SYSTEM, code });

describe('label bits', () => {
  it.each(['42CFRPart2', 'SUD', 'ETH', 'ETHUD', 'OPIOIDUD'])('%s is Part 2', (code) => {
    expect(labelBits([act(code)])).toBe(LABEL.PART2);
  });

  it('a code, a system or a coding the hub does not know is restricted (H3)', () => {
    for (const coding of [act('NEWCODE'), { system: 'urn:x', code: 'R' }, { code: 'N' }, {}, act('constructor')]) {
      expect(labelBits([coding])).toBe(LABEL.UNKNOWN);
    }
    expect(SENSITIVE_LABELS & LABEL.UNKNOWN).toBe(LABEL.UNKNOWN);
  });

  it('normal confidentiality and handling instructions withhold nothing by themselves', () => {
    expect(labelBits([confidentiality('N'), act('NORDSCLCD'), act('PERSISTLABEL'), act('CPLYCD')])).toBe(0);
  });

  it('mental health is a label of its own and not sensitive among treating parties; a psychotherapy note is', () => {
    expect(labelBits([act('MH')]) & SENSITIVE_LABELS).toBe(0);
    expect(labelBits([act('PSYTHPN')]) & SENSITIVE_LABELS).toBe(LABEL.PSYTHPN);
  });

  it('the Part 2 stamp is restricted and Part 2, with every code known', () => {
    expect(labelBits(part2Labels())).toBe(LABEL.PART2 | LABEL.RESTRICTED);
  });
});

describe('sticky labels', () => {
  const patient: Patient = { resourceType: 'Patient', meta: { security: part2Labels() } };

  it('a client can raise labels and never lower them', () => {
    expect(mergeLabels(part2Labels(), [confidentiality('N')])).toEqual(part2Labels());
    expect(mergeLabels(part2Labels(), [])).toEqual(part2Labels());
    expect(mergeLabels([confidentiality('N')], [confidentiality('V'), act('HIV')])).toEqual([
      confidentiality('V'),
      act('HIV'),
    ]);
  });

  it('tells a write that lowers them', () => {
    expect(keepsLabels(part2Labels(), [...part2Labels(), act('HIV')])).toBe(true);
    expect(
      keepsLabels(
        part2Labels(),
        part2Labels().filter(({ code }) => code !== 'SUD'),
      ),
    ).toBe(false);
    expect(keepsLabels([confidentiality('R')], [confidentiality('N')])).toBe(false);
    expect(keepsLabels([confidentiality('R')], [confidentiality('V')])).toBe(true);
  });

  it('adding what is there already gives the same object', () => {
    expect(withLabels(patient, part2Labels())).toBe(patient);
    expect(withLabels(patient, [act('HIV')]).meta?.security).toEqual([...part2Labels(), act('HIV')]);
  });

  it('a Bundle carries the labels of everything in it, contained resources too', () => {
    const observation: Observation = { resourceType: 'Observation', status: 'final', code: {}, contained: [patient] };
    const mark = highWaterMark([{ resourceType: 'Bundle', type: 'collection', entry: [{ resource: observation }] }]);
    expect(labelBits(mark)).toBe(LABEL.PART2 | LABEL.RESTRICTED);
    expect(resourceBits(observation)).toBe(LABEL.PART2 | LABEL.RESTRICTED);
  });
});
