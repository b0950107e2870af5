import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes } from './table.ts';

/** Table 0127. */
export const ALLERGEN_CATEGORY: ConceptTable = {
  id: '0127',
  name: 'AllergenType[AllergyIntoleranceCategory]',
  codes: codes('http://hl7.org/fhir/allergy-intolerance-category', {
    AA: 'environment',
    DA: 'medication',
    EA: 'environment',
    FA: 'food',
    LA: 'environment',
    MA: 'medication',
    MC: 'medication',
    PA: 'environment',
  }),
};

/** Table 0128. */
export const ALLERGY_CRITICALITY: ConceptTable = {
  id: '0128',
  name: 'AllergySeverity[AllergyIntolerance.criticality]',
  codes: codes('http://hl7.org/fhir/allergy-intolerance-criticality', {
    MI: 'low',
    MO: 'low',
    SV: 'high',
    U: 'unable-to-assess',
  }),
};
