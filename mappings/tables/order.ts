import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { against, codes } from './table.ts';

const REQUEST_STATUS = 'http://hl7.org/fhir/request-status';
const MEDICATION_STATUS = 'http://hl7.org/fhir/CodeSystem/medicationrequest-status';
const ADMINISTRATION_STATUS = 'http://terminology.hl7.org/CodeSystem/medication-admin-status';
const OBSERVATION_STATUS = 'http://hl7.org/fhir/observation-status';
const REPORT_STATUS = 'http://hl7.org/fhir/diagnostic-report-status';
const PRIORITY = 'http://hl7.org/fhir/request-priority';

/**
 * ORC-1 as the status of the order. CA, OC requests: CA only asks for a cancellation, so the order stays active and a Task says so;
 * the answers (OC, CR, OD, DR) end it. Rule: DOMAIN §C1 ORM, §E2 (the guide maps CA to active and leaves many unmatched).
 */
export const ORDER_CONTROL: ConceptTable = {
  id: '0119',
  name: 'OrderControlCode[ServiceRequest.status]',
  codes: codes(REQUEST_STATUS, {
    NW: 'active',
    OK: 'active',
    NA: 'active',
    SN: 'active',
    SC: 'active',
    SR: 'active',
    RE: 'active',
    RO: 'active',
    RP: 'active',
    RU: 'active',
    RF: 'active',
    XO: 'active',
    XX: 'active',
    XR: 'active',
    PA: 'active',
    CH: 'active',
    CN: 'active',
    LI: 'active',
    AF: 'active',
    RL: 'active',
    OE: 'active',
    OR: 'active',
    UC: 'active',
    UD: 'active',
    UH: 'active',
    UM: 'active',
    UN: 'active',
    UR: 'active',
    UX: 'active',
    DE: 'active',
    CA: 'active',
    DC: 'revoked',
    HD: 'on-hold',
    OC: 'revoked',
    CR: 'revoked',
    OD: 'revoked',
    DR: 'revoked',
    HR: 'on-hold',
    OH: 'on-hold',
    FU: 'active',
    UA: 'revoked',
    DF: 'active',
    RR: 'active',
    RQ: 'active',
    PR: 'active',
    PY: 'active',
    MC: 'active',
  }),
  decisions: [
    ...against('unsafe', 'a refill that is denied does not end the order', 'DF'),
    ...against('unsafe', 'a refill does not complete the order: it goes on', 'FU'),
    ...against('unsafe', 'an order that its placer holds must not show as one to do', 'HD'),
  ],
};

/** ORC-1 of a dispense message, where it takes the dispense back or ends it. Every other code leaves it dispensed. */
export const DISPENSE_STATUS: ConceptTable = {
  id: '0119',
  name: 'OrderControlCode[MedicationDispense.status]',
  codes: codes('http://terminology.hl7.org/CodeSystem/medicationdispense-status', {
    CA: 'cancelled',
    CR: 'cancelled',
    OC: 'cancelled',
    DC: 'stopped',
    DR: 'stopped',
    OD: 'stopped',
    DE: 'entered-in-error',
  }),
};

/** A prescriber's own system states its orders (RDE): DC and CA there end the order at once. In an ORM or OMP a CA only asks. */
export const MEDICATION_CONTROL: ConceptTable = {
  id: '0119',
  name: 'OrderControlCode[MedicationRequest.status]',
  codes: codes(MEDICATION_STATUS, {
    NW: 'active',
    OK: 'active',
    NA: 'active',
    SN: 'active',
    SC: 'active',
    SR: 'active',
    RE: 'active',
    RO: 'active',
    RF: 'active',
    AF: 'active',
    XO: 'active',
    XX: 'active',
    XR: 'active',
    RP: 'active',
    RU: 'active',
    RL: 'active',
    OE: 'active',
    CH: 'active',
    PA: 'active',
    CA: 'cancelled',
    OC: 'cancelled',
    CR: 'cancelled',
    DC: 'stopped',
    OD: 'stopped',
    DR: 'stopped',
    HD: 'on-hold',
    OH: 'on-hold',
    HR: 'on-hold',
    UA: 'cancelled',
    FU: 'active',
    DF: 'active',
    RQ: 'active',
    UC: 'active',
    UD: 'active',
    UH: 'active',
    UR: 'active',
    UX: 'active',
  }),
};

export const ORDER_STATUS: ConceptTable = {
  id: '0038',
  name: 'OrderStatus',
  codes: codes(REQUEST_STATUS, {
    A: 'active',
    CA: 'revoked',
    CM: 'completed',
    DC: 'revoked',
    ER: 'entered-in-error',
    HD: 'on-hold',
    IP: 'active',
    RP: 'revoked',
    SC: 'active',
  }),
};

export const MEDICATION_ORDER_STATUS: ConceptTable = {
  id: '0038',
  name: 'OrderStatus[MedicationRequest]',
  codes: codes(MEDICATION_STATUS, {
    A: 'active',
    CA: 'cancelled',
    CM: 'completed',
    DC: 'stopped',
    ER: 'entered-in-error',
    HD: 'on-hold',
    IP: 'active',
    RP: 'stopped',
    SC: 'active',
  }),
};

/** PA is a partial dose: it stopped, with the amount that was given. Never shown as full. Rule: DOMAIN §C1 RAS, H11. */
export const COMPLETION_STATUS: ConceptTable = {
  id: '0322',
  name: 'CompletionStatus[MedicationAdministration]',
  codes: codes(ADMINISTRATION_STATUS, { CP: 'completed', PA: 'stopped', RE: 'not-done', NA: 'not-done' }),
};

/** R4 has no status for a part of a vaccination: it is completed and subpotent. */
export const IMMUNIZATION_STATUS: ConceptTable = {
  id: '0322',
  name: 'CompletionStatus',
  codes: codes('http://hl7.org/fhir/event-status', {
    CP: 'completed',
    PA: 'completed',
    RE: 'not-done',
    NA: 'not-done',
  }),
};

/** OBR-25 as the status of a result that has none of its own: A is "some results", not "amended". Rule: HL7 v2.5.1 table 0123. */
export const GROUP_RESULT_STATUS: ConceptTable = {
  id: '0123',
  name: 'ResultStatus[Observation.status]',
  codes: codes(OBSERVATION_STATUS, {
    A: 'preliminary',
    C: 'corrected',
    F: 'final',
    I: 'registered',
    O: 'registered',
    P: 'preliminary',
    R: 'preliminary',
    S: 'registered',
    X: 'cancelled',
  }),
};

/** OBX-11. N, O, I, R, S, V, U, B are unmatched in the guide. Rule: DOMAIN §C1 ORU, H20. */
export const RESULT_STATUS: ConceptTable = {
  id: '0085',
  name: 'ObservationResultStatusCodesInterpretation',
  codes: codes(OBSERVATION_STATUS, {
    A: 'amended',
    B: 'preliminary',
    C: 'corrected',
    D: 'entered-in-error',
    F: 'final',
    I: 'registered',
    N: 'cancelled',
    O: 'registered',
    P: 'preliminary',
    R: 'preliminary',
    S: 'preliminary',
    U: 'final',
    V: 'final',
    W: 'entered-in-error',
    X: 'cancelled',
  }),
};

export const REPORT_STATUS_CODES: ConceptTable = {
  id: '0123',
  name: 'ResultStatus[Non-Queries]',
  codes: codes(REPORT_STATUS, {
    A: 'partial',
    C: 'corrected',
    F: 'final',
    I: 'registered',
    M: 'corrected',
    N: 'cancelled',
    O: 'registered',
    P: 'preliminary',
    R: 'partial',
    S: 'registered',
    X: 'cancelled',
    Y: 'cancelled',
    Z: 'cancelled',
  }),
};

export const ORDER_PRIORITY: ConceptTable = {
  id: '0485',
  name: 'ExtendedPriorityCodes',
  codes: codes(PRIORITY, {
    S: 'stat',
    A: 'asap',
    R: 'routine',
    P: 'urgent',
    C: 'urgent',
    T: 'urgent',
    U: 'urgent',
    STAT: 'stat',
    ASAP: 'asap',
    ROUTINE: 'routine',
    URGENT: 'urgent',
  }),
};

export const INTERPRETATION: ConceptTable = {
  id: '0078',
  name: 'InterpretationCodes',
  codes: codes('http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', {
    '<': ['<', 'Off scale low'],
    '>': ['>', 'Off scale high'],
    A: ['A', 'Abnormal'],
    AA: ['AA', 'Critical abnormal'],
    AC: ['AC', 'Anti-complementary substances present'],
    B: ['B', 'Better'],
    CAR: ['CAR', 'Carrier'],
    D: ['D', 'Significant change down'],
    DET: ['DET', 'Detected'],
    E: ['E', 'Equivocal'],
    EX: ['EX', 'outside threshold'],
    EXP: ['EXP', 'Expected'],
    H: ['H', 'High'],
    HH: ['HH', 'Critical high'],
    HU: ['HU', 'Significantly high'],
    HX: ['HX', 'above high threshold'],
    I: ['I', 'Intermediate'],
    IE: ['IE', 'Insufficient evidence'],
    IND: ['IND', 'Indeterminate'],
    L: ['L', 'Low'],
    LL: ['LL', 'Critical low'],
    LU: ['LU', 'Significantly low'],
    LX: ['LX', 'below low threshold'],
    MS: ['MS', 'moderately susceptible'],
    N: ['N', 'Normal'],
    NCL: ['NCL', 'No CLSI defined breakpoint'],
    ND: ['ND', 'Not detected'],
    NEG: ['NEG', 'Negative'],
    NR: ['NR', 'Non-reactive'],
    NS: ['NS', 'Non-susceptible'],
    POS: ['POS', 'Positive'],
    QCF: ['QCF', 'Quality control failure'],
    R: ['R', 'Resistant'],
    RR: ['RR', 'Reactive'],
    S: ['S', 'Susceptible'],
    SDD: ['SDD', 'Susceptible-dose dependent'],
    'SYN-R': ['SYN-R', 'Synergy - resistant'],
    'SYN-S': ['SYN-S', 'Synergy - susceptible'],
    TOX: ['TOX', 'Cytotoxic substance present'],
    U: ['U', 'Significant change up'],
    UNE: ['UNE', 'Unexpected'],
    VS: ['VS', 'very susceptible'],
    W: ['W', 'Worse'],
    WR: ['WR', 'Weakly reactive'],
  }),
};

export const ORDER_TYPE: ConceptTable = {
  id: '0482',
  name: 'OrderType',
  codes: codes('http://terminology.hl7.org/CodeSystem/v3-RoleCode', {
    I: ['HOSP', 'Hospital'],
    O: ['OF', 'Outpatient facility'],
  }),
};
