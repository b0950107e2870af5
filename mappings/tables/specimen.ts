import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes } from './table.ts';

/** SPM-20. */
export const SPECIMEN_AVAILABILITY: ConceptTable = {
  id: '0136',
  name: 'YesNoIndicator[AvailabilityStatus]',
  codes: codes('http://hl7.org/fhir/specimen-status', { Y: 'available', N: 'unavailable' }),
};
