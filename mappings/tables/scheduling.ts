import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { APPOINTMENT_KIND, coding } from '../../src/model/codes.ts';
import { against, codes, same } from './table.ts';

const STATUS = 'http://hl7.org/fhir/appointmentstatus';
const PARTICIPATION_STATUS = 'http://hl7.org/fhir/participationstatus';

/** Compared without case: the terminology package has both BOOKED and Booked. Rule: DOMAIN §C1 "0278". */
export const FILLER_STATUS: ConceptTable = {
  id: '0278',
  name: 'FillerStatusCodes[Appointment]',
  codes: codes(STATUS, {
    Pending: 'pending',
    Waitlist: 'waitlist',
    Booked: 'booked',
    Overbook: 'booked',
    Started: 'checked-in',
    Complete: 'fulfilled',
    Cancelled: 'cancelled',
    Canceled: 'cancelled',
    DC: 'cancelled',
    Discontinued: 'cancelled',
    Deleted: 'entered-in-error',
    Noshow: 'noshow',
    Arrived: 'arrived',
    Confirmed: 'booked',
  }),
};

/** AIS-10, AIG-14, AIL-12, AIP-12 as the participant's own answer. */
export const RESOURCE_STATUS: ConceptTable = {
  id: '0278',
  name: 'FillerStatusCodes[Participant]',
  codes: codes(PARTICIPATION_STATUS, {
    Pending: 'needs-action',
    Waitlist: 'tentative',
    Booked: 'accepted',
    Confirmed: 'accepted',
    Overbook: 'accepted',
    Started: 'accepted',
    Complete: 'accepted',
    Cancelled: 'declined',
    Canceled: 'declined',
    DC: 'declined',
    Discontinued: 'declined',
    Deleted: 'declined',
    Noshow: 'accepted',
  }),
};

/** Appointment.status that the trigger decides, whatever SCH-25 says. */
export const TRIGGER_STATUS: Readonly<Record<string, string>> = {
  S15: 'cancelled',
  S16: 'cancelled',
  S17: 'entered-in-error',
  S26: 'noshow',
};

export const APPOINTMENT_REASON: ConceptTable = {
  id: '0276',
  name: 'AppointmentReasonCodes',
  codes: same('0276', {
    CHECKUP: 'A routine check-up, such as an annual physical',
    EMERGENCY: 'Emergency appointment',
    FOLLOWUP: 'A follow up visit from a previous appointment',
    ROUTINE: 'Routine appointment - default if not valued',
    WALKIN: 'A previously unscheduled walk-in visit',
  }),
  decisions: [
    ...against('unsafe', 'the guide: a disposition without follow-up, which an appointment is not', 'ROUTINE'),
    ...against('unsafe', 'the guide: a procedure, where an appointment is an emergency', 'EMERGENCY'),
    ...against('superseded', 'the v2 code says as much and no more', 'CHECKUP', 'FOLLOWUP'),
  ],
};

const kinds = (of: Readonly<Record<string, keyof typeof APPOINTMENT_KIND.codes>>) =>
  Object.fromEntries(Object.entries(of).map(([code, kind]) => [code, coding(APPOINTMENT_KIND, kind)]));

/** Table 0277, and the kinds of appointment this field has: codes that senders write for them. A partner's own table goes first. */
export const APPOINTMENT_TYPE: ConceptTable = {
  id: '0277',
  name: 'AppointmentTypeCodes',
  codes: {
    ...same('0277', {
      Complete: 'A request to add a completed appointment, used to maintain records of completed appointments',
      Normal: 'Routine schedule request type - default if not valued',
      Tentative: 'A request for a tentative (e.g., "penciled in") appointment',
    }),
    ...kinds({
      DOSE: 'dose',
      RECOVERY: 'recovery',
      GRP: 'group',
      GROUP: 'group',
      IND: 'individual',
      INDIVIDUAL: 'individual',
      MEDMGMT: 'med-mgmt',
      'MED-MGMT': 'med-mgmt',
      INTAKE: 'intake',
      UR: 'ur',
      'TEAM-REVIEW': 'team-review',
    }),
  },
};
