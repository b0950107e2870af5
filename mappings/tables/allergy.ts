import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { against, codes } from './table.ts';

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
  decisions: against(
    'contradicts-r4',
    'an animal is of the environment; biologic is a preparation of living cells',
    'AA',
  ),
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

/** Table 0127 as type; R4 has allergy and intolerance only. */
export const ALLERGY_TYPE: ConceptTable = {
  id: '0127',
  name: 'AllergyType',
  codes: codes('http://hl7.org/fhir/allergy-intolerance-type', {
    AA: 'allergy',
    DA: 'allergy',
    EA: 'allergy',
    FA: 'allergy',
    LA: 'allergy',
    MA: 'allergy',
    MC: 'intolerance',
    PA: 'allergy',
  }),
};

/** Table 0438. */
export const ALLERGY_STATUS: ConceptTable = {
  id: '0438',
  name: 'AllergyClinicalStatus',
  codes: codes('http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', {
    C: 'active',
    D: 'resolved',
    E: 'resolved',
    I: 'inactive',
    P: 'active',
    S: 'active',
    U: 'active',
  }),
};

/** Table 0128 of one reaction. U says nothing. */
export const REACTION_SEVERITY: ConceptTable = {
  id: '0128',
  name: 'AllergySeverity[AllergyIntolerance.reaction.severity]',
  codes: codes('http://hl7.org/fhir/reaction-event-severity', { MI: 'mild', MO: 'moderate', SV: 'severe' }),
};
