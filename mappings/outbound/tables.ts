import type { OutTable } from '../../src/mapping/outbound/coded.ts';

export const ADMINISTRATIVE_SEX: OutTable = {
  id: '0001',
  values: { male: 'M', female: 'F', other: 'O', unknown: 'U' },
};

export const MARITAL_STATUS: OutTable = {
  id: '0002',
  values: { A: 'A', D: 'D', I: 'I', L: 'L', M: 'M', P: 'P', S: 'S', T: 'T', U: 'U', W: 'W', C: 'C', UNK: 'U' },
};

export const YES_NO: OutTable = { id: '0136', values: { true: 'Y', false: 'N' } };

/** Encounter.class → patient class. Programs with repeated visits are told by their EpisodeOfCare, not by a guess from AMB. */
export const PATIENT_CLASS: OutTable = {
  id: '0004',
  values: {
    AMB: 'O',
    IMP: 'I',
    ACUTE: 'I',
    NONAC: 'I',
    EMER: 'E',
    PRENC: 'P',
    OBSENC: 'B',
    VR: 'O',
    HH: 'O',
    FLD: 'O',
    SS: 'O',
  },
  nearest: ['VR', 'HH', 'FLD', 'SS'],
};

/** Task.status → RF1-1. Draft and cancelled states have no value there. */
export const REFERRAL_STATUS: OutTable = {
  id: '0283',
  values: {
    requested: 'P',
    received: 'P',
    accepted: 'A',
    'in-progress': 'A',
    completed: 'A',
    'on-hold': 'A',
    rejected: 'R',
    failed: 'R',
    cancelled: 'R',
  },
  nearest: ['on-hold', 'failed', 'cancelled'],
};

export const REFERRAL_PRIORITY: OutTable = {
  id: '0280',
  values: { routine: 'R', urgent: 'A', asap: 'A', stat: 'S' },
  nearest: ['urgent'],
};

/** Table 0278 as it is written in messages; `Noshow` has one capital. Rule: DOMAIN C1 "0278". */
export const FILLER_STATUS: OutTable = {
  id: '0278',
  values: {
    proposed: 'Pending',
    pending: 'Pending',
    waitlist: 'Waitlist',
    booked: 'Booked',
    arrived: 'Booked',
    'checked-in': 'Started',
    fulfilled: 'Complete',
    cancelled: 'Cancelled',
    noshow: 'Noshow',
    'entered-in-error': 'Deleted',
  },
  nearest: ['proposed', 'arrived'],
};

/** Observation.status → OBX-11. A corrected and an amended result both replace what was sent. */
export const RESULT_STATUS: OutTable = {
  id: '0085',
  values: {
    final: 'F',
    preliminary: 'P',
    corrected: 'C',
    amended: 'A',
    cancelled: 'X',
    registered: 'I',
    'entered-in-error': 'W',
  },
};

/** DiagnosticReport or Observation status → OBR-25. */
export const REPORT_STATUS: OutTable = {
  id: '0123',
  values: { final: 'F', preliminary: 'P', partial: 'P', corrected: 'C', amended: 'C', registered: 'O', cancelled: 'X' },
  nearest: ['partial', 'amended'],
};

/** MedicationAdministration.status → RXA-20. A stopped one was given in part; its amount is what was given (H11). */
export const COMPLETION_STATUS: OutTable = {
  id: '0322',
  values: { completed: 'CP', stopped: 'PA', 'not-done': 'NA' },
};

/** DocumentReference.docStatus → TXA-17. */
export const DOCUMENT_STATUS: OutTable = {
  id: '0271',
  values: { final: 'AU', amended: 'AU', preliminary: 'DO' },
  nearest: ['amended'],
};

/** DocumentReference.status → TXA-19. */
export const AVAILABILITY: OutTable = { id: '0273', values: { current: 'AV', superseded: 'OB' } };

/** Coverage.relationship → table 0063. */
export const COVERAGE_RELATIONSHIP: OutTable = {
  id: '0063',
  values: {
    ...{ self: 'SEL', spouse: 'SPO', child: 'CHD', parent: 'PAR', common: 'DOM', other: 'OTH', injured: 'OTH' },
    // v3-RoleCode, as the inbound maps state it.
    ...{ ONESELF: 'SEL', SPS: 'SPO', CHILD: 'CHD', PRN: 'PAR', DOMPART: 'DOM', MTH: 'MTH', FTH: 'FTH', GUARD: 'GRD' },
  },
  nearest: ['injured'],
};
