import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes, same } from './table.ts';

/** PV1-4. */
export const ADMISSION_TYPE: ConceptTable = {
  id: '0007',
  name: 'AdmissionType',
  codes: same('0007', {
    A: 'Accident',
    E: 'Emergency',
    L: 'Labor and Delivery',
    R: 'Routine',
    N: 'Newborn (Birth in healthcare facility)',
    U: 'Urgent',
    C: 'Elective',
  }),
};

/** PV1-15. A0, no limitation, needs no arrangement and stays what it is. */
export const AMBULATORY_STATUS: ConceptTable = {
  id: '0009',
  name: 'AmbulatoryStatus',
  codes: {
    ...codes('http://terminology.hl7.org/CodeSystem/encounter-special-arrangements', {
      A2: ['wheel', 'Wheelchair'],
      'add-bed': ['add-bed', 'Additional bedding'],
      int: ['int', 'Interpreter'],
      att: ['att', 'Attendant'],
      dog: ['dog', 'Guide dog'],
    }),
    ...same('0009', {
      A3: 'Comatose; non-responsive',
      A4: 'Disoriented',
      A5: 'Vision impaired',
      A6: 'Hearing impaired',
      A7: 'Speech impaired',
      A8: 'Non-English speaking',
      A9: 'Functional level unknown',
      B1: 'Oxygen therapy',
      B2: 'Special equipment (tubes, IVs, catheters)',
      B3: 'Amputee',
      B4: 'Mastectomy',
      B5: 'Paraplegic',
      B6: 'Pregnant',
    }),
  },
};

/** EVN-4. */
export const EVENT_REASON: ConceptTable = {
  id: '0062',
  name: 'EventReason',
  codes: {
    ...codes('http://terminology.hl7.org/CodeSystem/v3-ActReason', {
      '01': ['PATRQT', 'patient requested'],
      '02': ['TREAT', 'treatment'],
      '03': ['HOPERAT', 'healthcare operations'],
    }),
    ...same('0062', { O: 'Other', U: 'Unknown' }),
  },
};

/** PV1-13. */
export const READMISSION: ConceptTable = {
  id: '0092',
  name: 'ReadmissionIndicator',
  codes: same('0092', { R: 'Re-admission' }),
};

/** PV1-16: site-defined; the codes of R4 stand for themselves. */
export const VIP: ConceptTable = {
  id: '0099',
  name: 'VIPIndicator',
  codes: {
    ...codes('http://terminology.hl7.org/CodeSystem/v3-EncounterSpecialCourtesy', {
      EXT: ['EXT', 'extended courtesy'],
      NRM: ['NRM', 'normal courtesy'],
      PRF: ['PRF', 'professional courtesy'],
      STF: ['STF', 'staff'],
      VIP: ['VIP', 'very important person'],
    }),
    ...codes('http://terminology.hl7.org/CodeSystem/v3-NullFlavor', { UNK: ['UNK', 'unknown'] }),
  },
};

/** PV1-36: site-defined; the codes of R4 stand for themselves. */
export const DISCHARGE_DISPOSITION: ConceptTable = {
  id: '0112',
  name: 'DischargeDisposition',
  codes: codes('http://terminology.hl7.org/CodeSystem/discharge-disposition', {
    home: ['home', 'Home'],
    'alt-home': ['alt-home', 'Alternative home'],
    'other-hcf': ['other-hcf', 'Other healthcare facility'],
    hosp: ['hosp', 'Hospice'],
    long: ['long', 'Long-term care'],
    aadvice: ['aadvice', 'Left against advice'],
    exp: ['exp', 'Expired'],
    psy: ['psy', 'Psychiatric hospital'],
    rehab: ['rehab', 'Rehabilitation'],
    snf: ['snf', 'Skilled nursing facility'],
    oth: ['oth', 'Other'],
  }),
};

/** PV1-37: site-defined; the guide lists no code. */
export const DISCHARGED_TO: ConceptTable = { id: '0113', name: 'DischargedToLocation', codes: {} };

/** PV1-38: site-defined; the codes of R4 stand for themselves. */
export const DIET: ConceptTable = {
  id: '0114',
  name: 'DietType',
  codes: codes('http://terminology.hl7.org/CodeSystem/diet', {
    vegetarian: ['vegetarian', 'Vegetarian'],
    'dairy-free': ['dairy-free', 'Dairy Free'],
    'nut-free': ['nut-free', 'Nut Free'],
    'gluten-free': ['gluten-free', 'Gluten Free'],
    vegan: ['vegan', 'Vegan'],
    halal: ['halal', 'Halal'],
    kosher: ['kosher', 'Kosher'],
  }),
};

/** PV1-40. */
export const BED_STATUS: ConceptTable = {
  id: '0116',
  name: 'BedStatus',
  codes: same('0116', {
    C: 'Closed',
    H: 'Housekeeping',
    O: 'Occupied',
    U: 'Unoccupied',
    K: 'Contaminated',
    I: 'Isolated',
  }),
};

/** PV2-7. */
export const VISIT_USER: ConceptTable = {
  id: '0130',
  name: 'VisitUserCode',
  codes: same('0130', { TE: 'Teaching', HO: 'Home', MO: 'Mobile Unit', PH: 'Phone' }),
};

/** PV2-25. */
export const ENCOUNTER_PRIORITY: ConceptTable = {
  id: '0217',
  name: 'EncounterPriority',
  codes: codes('http://terminology.hl7.org/CodeSystem/v3-ActPriority', {
    1: ['EM', 'emergency'],
    2: ['UR', 'urgent'],
    3: ['EL', 'elective'],
  }),
};

/** PV2-38. */
export const ARRIVAL_MODE: ConceptTable = {
  id: '0430',
  name: 'ModeOfArrivalCode',
  codes: same('0430', {
    A: 'Ambulance',
    C: 'Car',
    F: 'On foot',
    H: 'Helicopter',
    P: 'Public Transport',
    O: 'Other',
    U: 'Unknown',
  }),
};
