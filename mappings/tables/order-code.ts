import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes, same } from './table.ts';

/** OBR-24. */
export const DIAGNOSTIC_SECTION: ConceptTable = {
  id: '0074',
  name: 'DiagnosticServiceSectionID',
  codes: same('0074', {
    AU: 'Audiology',
    BG: 'Blood Gases',
    BLB: 'Blood Bank',
    CG: 'Cytogenetics',
    CUS: 'Cardiac Ultrasound',
    CTH: 'Cardiac Catheterization',
    CT: 'CAT Scan',
    CH: 'Chemistry',
    CP: 'Cytopathology',
    EC: 'Electrocardiac (e.g., EKG, EEC, Holter)',
    EN: 'Electroneuro (EEG, EMG,EP,PSG)',
    GE: 'Genetics',
    HM: 'Hematology',
    ICU: 'Bedside ICU Monitoring',
    IMM: 'Immunology',
    LAB: 'Laboratory',
    MB: 'Microbiology',
    MCB: 'Mycobacteriology',
    MYC: 'Mycology',
    NMS: 'Nuclear Medicine Scan',
    NMR: 'Nuclear Magnetic Resonance',
    NRS: 'Nursing Service Measures',
    OUS: 'OB Ultrasound',
    OT: 'Occupational Therapy',
    OTH: 'Other',
    OSL: 'Outside Lab',
    PHR: 'Pharmacy',
    PT: 'Physical Therapy',
    PHY: 'Physician (Hx. Dx, admission note, etc.)',
    PF: 'Pulmonary Function',
    RAD: 'Radiology',
    RX: 'Radiograph',
    RUS: 'Radiology Ultrasound',
    RC: 'Respiratory Care (therapy)',
    RT: 'Radiation Therapy',
    SR: 'Serology',
    SP: 'Surgical Pathology',
    TX: 'Toxicology',
    VUS: 'Vascular Ultrasound',
    VR: 'Virology',
    XRC: 'Cineradiograph',
  }),
};

/** RXO-9. */
export const SUBSTITUTION: ConceptTable = {
  id: '0161',
  name: 'AllowSubstitution',
  codes: same('0161', {
    N: 'Substitutions are NOT authorized. (This is the default - null.)',
    G: 'Allow generic substitutions.',
    T: 'Allow therapeutic substitutions',
  }),
};

/** RXR-4. */
export const ADMINISTRATION_METHOD: ConceptTable = {
  id: '0165',
  name: 'AdministrationMethod',
  codes: codes('http://snomed.info/sct', {
    CH: ['419747000', 'Chew'],
    DI: ['421682005', 'Dissolve'],
    IS: ['421257003', 'Insert'],
    SH: ['420606003', 'Shampoo'],
    WA: ['422152000', 'Wash'],
  }),
};

/** OBX-10. */
export const ABNORMAL_NATURE: ConceptTable = {
  id: '0080',
  name: 'NatureOfAbnormalTesting',
  codes: same('0080', {
    A: 'An age-based population',
    N: 'None - generic normal range',
    R: 'A race-based population',
    S: 'A sex-based population',
    SP: 'Species',
    B: 'Breed',
    ST: 'Strain',
  }),
};

/** UCUM units of time. */
export const DURATION_UNIT: ConceptTable = {
  id: '0299',
  name: 'TestServiceDefaultDurationUnits',
  codes: codes('http://unitsofmeasure.org', {
    s: ['s', 'second'],
    min: ['min', 'minute'],
    h: ['h', 'hour'],
    d: ['d', 'day'],
    wk: ['wk', 'week'],
    mo: ['mo', 'month'],
    a: ['a', 'year'],
  }),
};

/** TQ1-3 as its code; its rhythm is in repeat.ts. */
export const REPEAT_PATTERN: ConceptTable = {
  id: '0335',
  name: 'RepeatPattern',
  codes: {
    ...same('0335', {
      'Q<integer>S': 'every <integer> seconds',
      'Q<integer>M': 'every <integer> minutes',
      'Q<integer>H': 'every <integer> hours',
      'Q<integer>D': 'every <integer> days',
      'Q<integer>W': 'every <integer> weeks',
      'Q<integer>L': 'every <integer> months (Lunar cycle)',
      'Q<integer>J<day#>': 'repeats on a particular day of the week,',
      xID: '"X" times per day at institution-specified times, where X is a numeral 5 or greater.',
      QAM: 'in the morning at institution-specified time',
      QSHIFT: 'during each of three eight-hour shifts at institution-specified times',
      QHS: 'every day before the hour of sleep',
      QPM: 'in the evening at institution-specified time',
      C: 'service is provided continuously between start time and stop time',
      '"U <spec>"':
        'for future use, where <spec> is an interval specification as defined by the UNIX cron specification.',
      PRN: 'given as needed',
      PRNxxx: 'where xxx is some frequency code',
      Once: 'one time only.',
      '"Meal Related Timings"': '<timing>C ("cum")<meal>',
      A: 'Ante (before)',
      P: 'Post (after)',
      I: 'Inter',
      M: 'Cibus Matutinus (breakfast)',
      D: 'Cibus Diurnus (lunch)',
      V: 'Cibus Vespertinus (dinner)',
    }),
    ...codes('http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation', {
      Q1H: ['Q1H', 'every hour'],
      Q2H: ['Q2H', 'every 2 hours'],
      Q3H: ['Q3H', 'every 3 hours'],
      Q4H: ['Q4H', 'Q4H'],
      Q6H: ['Q6H', 'Q6H'],
      Q8H: ['Q8H', 'every 8 hours'],
      QD: ['QD', 'QD'],
      WK: ['WK', 'weekly'],
      MO: ['MO', 'monthly'],
      BID: ['BID', 'BID'],
      TID: ['TID', 'TID'],
      QID: ['QID', 'QID'],
      QOD: ['QOD', 'QOD'],
      AM: ['AM', 'AM'],
      PM: ['PM', 'PM'],
      BED: ['BED', 'at bedtime'],
    }),
  },
};

/** RPT.2. */
export const TIMING_EVENT: ConceptTable = {
  id: '0528',
  name: 'EventRelatedPeriod',
  codes: {
    ...codes('http://terminology.hl7.org/CodeSystem/v3-TimingEvent', {
      HS: ['HS', 'HS'],
      AC: ['AC', 'AC'],
      PC: ['PC', 'PC'],
      ACM: ['ACM', 'ACM'],
      ACD: ['ACD', 'ACD'],
      ACV: ['ACV', 'ACV'],
      PCM: ['PCM', 'PCM'],
      PCD: ['PCD', 'PCD'],
      PCV: ['PCV', 'PCV'],
      WAKE: ['WAKE', 'WAKE'],
      C: ['C', 'C'],
      CM: ['CM', 'CM'],
      CD: ['CD', 'CD'],
      CV: ['CV', 'CV'],
    }),
    ...same('0528', {
      IC: 'between meals (from lat. inter cibus)',
      ICM: 'between breakfast and lunch',
      ICD: 'between lunch and dinner',
      ICV: 'between dinner and the hour of sleep',
    }),
  },
};

/** RXO-4: site-defined; the guide lists no code. */
export const GIVE_UNITS: ConceptTable = { id: '0748', name: 'RequestedGiveUnits', codes: {} };

/** RXO-5: site-defined; the guide lists no code. */
export const DOSAGE_FORM: ConceptTable = { id: '0750', name: 'RequestedDosageForm', codes: {} };

/** RXO-12: site-defined; the guide lists no code. */
export const DISPENSE_UNITS: ConceptTable = { id: '0754', name: 'RequestedDispenseUnits', codes: {} };

/** RXO-19: site-defined; the guide lists no code. */
export const STRENGTH_UNITS: ConceptTable = { id: '0756', name: 'RequestedGiveStrengthUnits', codes: {} };

/** RXO-26: site-defined; the guide lists no code. */
export const STRENGTH_VOLUME_UNITS: ConceptTable = { id: '0764', name: 'RequestedDrugStrengthVolumeUnits', codes: {} };

/** RXR-5: site-defined; the guide lists no code. */
export const ROUTING: ConceptTable = { id: '0766', name: 'RoutingInstruction', codes: {} };
