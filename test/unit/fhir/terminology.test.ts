import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expandValueSet, type TerminologySource } from '../../../src/fhir/expand.ts';
import { loadTerminology } from '../../../src/fhir/terminology.ts';

const TERMINOLOGY = loadTerminology(readFileSync(new URL('../../../build/terminology.json.gz', import.meta.url)));
const GENDER = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const GENDER_SYSTEM = 'http://hl7.org/fhir/administrative-gender';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

describe('the terminology of R4, offline', () => {
  it('expands a value set, versioned or not', () => {
    const codes = TERMINOLOGY.expand(`${GENDER}|4.0.1`)?.concepts.map(({ code }) => code);
    expect(codes).toEqual(['male', 'female', 'other', 'unknown']);
    expect(TERMINOLOGY.expand('http://example.org/none')).toBeUndefined();
  });

  it('says member, not a member, or that it does not know', () => {
    expect(TERMINOLOGY.validateCode(GENDER, 'male', GENDER_SYSTEM)).toEqual({
      result: 'member',
      system: GENDER_SYSTEM,
      display: 'Male',
    });
    expect(TERMINOLOGY.validateCode(GENDER, 'M').result).toBe('not-a-member');
    expect(TERMINOLOGY.validateCode(GENDER, 'male', 'http://example.org').result).toBe('not-a-member');
    expect(
      TERMINOLOGY.validateCode('http://hl7.org/fhir/ValueSet/condition-code', '1', 'http://snomed.info/sct').result,
    ).toBe('unknown');
    expect(TERMINOLOGY.lookup('http://snomed.info/sct', '1').result).toBe('unknown');
  });

  it('knows the Part 2 codes of v3-ActCode in R4', () => {
    for (const code of ['ETH', 'ETHUD', 'PSY', 'PSYTHPN', '42CFRPart2', 'NORDSCLCD']) {
      expect(TERMINOLOGY.lookup(ACT_CODE, code).result, code).toBe('member');
    }
    expect(TERMINOLOGY.lookup(ACT_CODE, 'NORDSLCD').result).toBe('not-a-member');
  });
});

describe('expansion', () => {
  const source: TerminologySource = {
    system: (url) =>
      url === 'urn:s'
        ? {
            url,
            name: 'S',
            caseSensitive: true,
            content: 'complete',
            concepts: [
              ['a', 'A', -1],
              ['a1', 'A1', 0],
              ['a2', 'A2', 1],
              ['b', 'B', -1],
            ],
          }
        : undefined,
    valueSet: (url) => (url === 'urn:v:loop' ? { url, name: 'L', include: [{ valueSet: ['urn:v:loop'] }] } : undefined),
  };
  const codes = (include: object, exclude?: object) =>
    expandValueSet(
      { url: 'urn:v', name: 'V', include: [include], ...(exclude ? { exclude: [exclude] } : {}) },
      source,
    ).concepts.map(({ code }) => code);
  const filter = (op: string, value: string) => ({ system: 'urn:s', filter: [{ property: 'concept', op, value }] });

  it('filters by the hierarchy', () => {
    expect(codes(filter('is-a', 'a'))).toEqual(['a', 'a1', 'a2']);
    expect(codes(filter('descendent-of', 'a1'))).toEqual(['a2']);
    expect(codes(filter('is-not-a', 'a'))).toEqual(['b']);
    expect(codes({ system: 'urn:s' }, filter('is-a', 'a1'))).toEqual(['a', 'b']);
  });

  it('a system that is not here, a filter it cannot apply and a value set that includes itself stay open', () => {
    const open = (include: object) => expandValueSet({ url: 'urn:v', name: 'V', include: [include] }, source).open;
    expect(open({ system: 'urn:other' })).toEqual(['urn:other']);
    expect(open({ system: 'urn:s', filter: [{ property: 'x', op: '=', value: 'y' }] })).toEqual(['urn:s']);
    expect(open({ valueSet: ['urn:v:loop'] })).toEqual(['urn:v:loop']);
  });
});
