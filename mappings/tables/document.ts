import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes } from './table.ts';

/** TXA-17. Rule: DOMAIN §C1 MDM. */
export const COMPLETION_OF_DOCUMENT: ConceptTable = {
  id: '0271',
  name: 'DocumentCompletionStatus',
  codes: codes('http://hl7.org/fhir/composition-status', {
    AU: 'final',
    DI: 'preliminary',
    DO: 'preliminary',
    IN: 'preliminary',
    IP: 'preliminary',
    LA: 'final',
    PA: 'preliminary',
  }),
};

/** TXA-19. */
export const AVAILABILITY: ConceptTable = {
  id: '0273',
  name: 'DocumentAvailabilityStatus',
  codes: codes('http://hl7.org/fhir/document-reference-status', {
    AV: 'current',
    CA: 'entered-in-error',
    OB: 'superseded',
    UN: 'current',
  }),
};

/** Triggers whose document stands in a relation to TXA-13. Rule: HL7 v2.5.1 section 9.2. */
export const RELATION: Readonly<Record<string, 'appends' | 'replaces'>> = {
  T05: 'appends',
  T06: 'appends',
  T09: 'replaces',
  T10: 'replaces',
};
