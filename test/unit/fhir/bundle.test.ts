import { describe, expect, it } from 'vitest';
import { putEntry, transaction } from '../../../src/fhir/bundle.ts';
import { validate } from '../../../src/fhir/validate.ts';
import { R4 } from './r4.ts';

describe('transaction', () => {
  it('is valid FHIR, with entries and without', () => {
    const id = '0c3151bd-1cbf-8d64-b04d-cd9187a4c6e0';
    const bundle = transaction([putEntry({ resourceType: 'Patient', id, name: [{ text: 'x' }] })]);
    expect(bundle.entry?.[0]?.request).toEqual({ method: 'PUT', url: `Patient/${id}` });
    expect(validate(R4, bundle)).toEqual([]);
    expect(validate(R4, transaction([]))).toEqual([]);
  });
});
