import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes } from './table.ts';

/**
 * CON-11 of a consent to disclose. Agreement in a message names no recipient and no purpose, so it opens nothing: it is proposed until
 * a person files what was signed. Rule: H3, 42 CFR 2.31.
 */
export const DISCLOSURE_STATUS: ConceptTable = {
  id: '0498',
  name: 'ConsentStatus[disclosure]',
  codes: codes('http://hl7.org/fhir/consent-state-codes', {
    A: 'proposed',
    B: 'proposed',
    L: 'proposed',
    P: 'proposed',
    R: 'rejected',
    X: 'inactive',
  }),
};

/** CON-11 of any other consent (a procedure, a treatment, a notice received). */
export const CONSENT_STATUS: ConceptTable = {
  id: '0498',
  name: 'ConsentStatus',
  codes: codes('http://hl7.org/fhir/consent-state-codes', {
    A: 'active',
    B: 'proposed',
    L: 'active',
    P: 'proposed',
    R: 'rejected',
    X: 'inactive',
  }),
};

/** CON-2, table 0496: forms that let information go, or are about more than a treatment. */
const ABOUT_DISCLOSURE: ReadonlySet<string> = new Set([
  ...['001', '003', '041', '051', '057', '079', '092', '093', '097', '098', '099', '100', '101', '102', '103', '109'],
  ...['110', '111', '122', '123', '124', '125', '126', '127', '136'],
]);

/** A form for one treatment or procedure. A code that table 0496 lacks is none: it is treated as a consent to disclose. */
export function isOfTreatment(code: string): boolean {
  return /^(00[2-9]|0[1-9]\d|1[0-3]\d)$/.test(code) && code <= '136' && !ABOUT_DISCLOSURE.has(code);
}

/** The patient asks that less be disclosed, or nothing: somebody has to decide. */
export const ASKS_TO_RESTRICT: ReadonlySet<string> = new Set(['110', '111']);
