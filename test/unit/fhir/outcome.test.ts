import { describe, expect, it } from 'vitest';
import { FAILURE_SYSTEM, isAcceptable, issue, outcome } from '../../../src/fhir/outcome.ts';

describe('outcome', () => {
  it('carries the hub code, the text and where', () => {
    expect(
      issue({ code: 'required', failure: 'validate.required', text: 'needs a status', expression: 'Task.status' }),
    ).toEqual({
      severity: 'error',
      code: 'required',
      details: { coding: [{ system: FAILURE_SYSTEM, code: 'validate.required' }], text: 'needs a status' },
      diagnostics: 'needs a status',
      expression: ['Task.status'],
    });
  });

  it('an outcome has at least one issue', () => {
    expect(outcome().issue).toHaveLength(1);
    expect(isAcceptable(outcome().issue)).toBe(true);
  });

  it('warnings are acceptable, errors are not', () => {
    expect(isAcceptable([issue({ severity: 'warning', code: 'invariant' })])).toBe(true);
    expect(isAcceptable([issue({ code: 'invariant' })])).toBe(false);
  });
});
