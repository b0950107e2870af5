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

/** Hub reason → how fast somebody must answer, where the partner's list does not say. Rule: DOMAIN §D5. */
export const REASON_CLASS: Readonly<Record<string, 'E0' | 'E1' | 'E2' | 'E3'>> = {
  'emergent-suicidality': 'E0',
  'suicide-behavior-recent': 'E0',
  'loss-of-contact': 'E0',
  'respiratory-depression': 'E0',
  'hypertensive-crisis': 'E0',
  'prolonged-sedation': 'E0',
  dissociation: 'E1',
  'sudden-activation': 'E1',
  agitation: 'E1',
  'emotional-flooding': 'E1',
  'uncontrolled-blood-pressure': 'E1',
  'session-adverse-event': 'E1',
  'suicide-risk-screen': 'E1',
  'phq9-item-9': 'E1',
  'non-response': 'E2',
  'worsening-score': 'E2',
  'missed-dose': 'E2',
  'missed-program-day': 'E2',
  'medication-change': 'E3',
  'routine-update': 'E3',
};
