import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { against, codes, same, v2System } from './table.ts';

const GENDER = 'http://hl7.org/fhir/administrative-gender';
const V3_MARITAL = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';
const V3_NULL = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';
const NAME_USE = 'http://hl7.org/fhir/name-use';
const ADDRESS_USE = 'http://hl7.org/fhir/address-use';
const ADDRESS_TYPE = 'http://hl7.org/fhir/address-type';
const CONTACT_USE = 'http://hl7.org/fhir/contact-point-use';
const CONTACT_SYSTEM = 'http://hl7.org/fhir/contact-point-system';

export const ADMINISTRATIVE_SEX: ConceptTable = {
  id: '0001',
  name: 'AdministrativeSex',
  codes: codes(GENDER, {
    F: ['female', 'Female'],
    M: ['male', 'Male'],
    O: ['other', 'Other'],
    U: ['unknown', 'Unknown'],
    A: ['other', 'Other'],
    N: ['other', 'Other'],
    X: ['other', 'Other'],
  }),
};

export const MARITAL_STATUS: ConceptTable = {
  id: '0002',
  name: 'MaritalStatus',
  codes: {
    ...codes(V3_MARITAL, {
      A: ['L', 'Legally Separated'],
      C: ['C', 'Common Law'],
      D: ['D', 'Divorced'],
      E: ['L', 'Legally Separated'],
      I: ['I', 'Interlocutory'],
      B: ['U', 'unmarried'],
      G: ['T', 'Domestic partner'],
      M: ['M', 'Married'],
      N: ['A', 'Annulled'],
      P: ['T', 'Domestic partner'],
      R: ['T', 'Domestic partner'],
      S: ['S', 'Never Married'],
      W: ['W', 'Widowed'],
    }),
    ...codes(V3_NULL, { O: ['OTH', 'other'], T: ['NAVU', 'Not available'], U: ['UNK', 'unknown'] }),
  },
};

export const NAME_TYPE: ConceptTable = {
  id: '0200',
  name: 'NameType',
  codes: codes(NAME_USE, {
    A: 'usual',
    B: 'official',
    BAD: 'old',
    C: 'usual',
    D: 'usual',
    F: 'usual',
    I: 'usual',
    K: 'usual',
    L: 'official',
    M: 'maiden',
    MSK: 'anonymous',
    N: 'nickname',
    NAV: 'temp',
    NB: 'temp',
    NOUSE: 'old',
    P: 'usual',
    R: 'official',
    REL: 'usual',
    S: 'anonymous',
    T: 'usual',
    TEMP: 'temp',
    U: 'anonymous',
  }),
};

export const ADDRESS_USES: ConceptTable = {
  id: '0190',
  name: 'AddressType[Use]',
  codes: codes(ADDRESS_USE, {
    B: 'work',
    BA: 'old',
    BI: 'billing',
    C: 'temp',
    H: 'home',
    L: 'home',
    O: 'work',
    P: 'home',
  }),
};

export const ADDRESS_TYPES: ConceptTable = {
  id: '0190',
  name: 'AddressType[Type]',
  codes: codes(ADDRESS_TYPE, { M: 'postal', SH: 'postal' }),
};

export const TELECOM_USE: ConceptTable = {
  id: '0201',
  name: 'TelecommunicationUseCode',
  codes: codes(CONTACT_USE, {
    ASN: 'work',
    BPN: 'work',
    EMR: 'home',
    NET: 'home',
    ORN: 'home',
    PRN: 'home',
    PRS: 'mobile',
    VHN: 'temp',
    WPN: 'work',
  }),
};

export const TELECOM_EQUIPMENT: ConceptTable = {
  id: '0202',
  name: 'TelecommunicationEquipmentType',
  codes: codes(CONTACT_SYSTEM, {
    BP: 'pager',
    CP: 'phone',
    FX: 'fax',
    Internet: 'email',
    MD: 'other',
    PH: 'phone',
    SAT: 'phone',
    TDD: 'other',
    TTY: 'other',
    'X.400': 'email',
  }),
  decisions: [
    ...against('contradicts-r4', 'mobile is a use and no system: it is stated as use, beside the system phone', 'CP'),
    ...against('superseded', 'a satellite phone is a phone', 'SAT'),
  ],
};

export const RELATIONSHIP: ConceptTable = {
  id: '0063',
  name: 'Relationship',
  codes: {
    ...codes('http://terminology.hl7.org/CodeSystem/v3-RoleCode', {
      BRO: ['BRO', 'brother'],
      CHD: ['CHILD', 'child'],
      DOM: ['SIGOTHR', 'significant other'],
      EXF: ['EXT', 'extended family member'],
      FCH: ['CHLDFOST', 'foster child'],
      FND: ['FRND', 'unrelated friend'],
      FTH: ['FTH', 'father'],
      GCH: ['GRNDCHILD', 'grandchild'],
      GRD: ['GUARD', 'guardian'],
      GRP: ['GRPRN', 'grandparent'],
      MTH: ['MTH', 'mother'],
      NCH: ['NCHILD', 'natural child'],
      PAR: ['PRN', 'parent'],
      SCH: ['STPCHLD', 'step child'],
      SEL: ['ONESELF', 'self'],
      SIB: ['SIB', 'sibling'],
      SIS: ['SIS', 'sister'],
      SPO: ['SPS', 'spouse'],
    }),
    ...codes(v2System('0131'), {
      EMC: ['C', 'Emergency Contact'],
      EMR: ['E', 'Employer'],
      OTH: ['O', 'Other'],
      UNK: ['U', 'Unknown'],
    }),
    ...same('0063', {
      ASC: 'Associate',
      CGV: 'Care giver',
      DEP: 'Handicapped dependent',
      EME: 'Employee',
      MGR: 'Manager',
      NON: 'None',
      OAD: 'Other adult',
      OWN: 'Owner',
      TRA: 'Trainer',
      WRD: 'Ward of court',
    }),
  },
  decisions: against('superseded', 'RoleCode, which the value set of R4 holds, has a guardian', 'GRD'),
};
