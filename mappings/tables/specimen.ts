import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes, same } from './table.ts';

/** SPM-20. A rejected specimen (SPM-21) is unsatisfactory, which v2 has no code for. */
export const SPECIMEN_AVAILABILITY: ConceptTable = {
  id: '0136',
  name: 'YesNoIndicator[AvailabilityStatus]',
  codes: codes('http://hl7.org/fhir/specimen-status', {
    Y: 'available',
    N: 'unavailable',
    unsatisfactory: 'unsatisfactory',
    'entered-in-error': 'entered-in-error',
  }),
};

/** OBR-13, where it only says how the patient fasted. */
export const FASTING: ConceptTable = {
  id: '0916',
  name: 'RelevantClinicalInformation',
  codes: same('0916', {
    F: 'Patient was fasting prior to the procedure.',
    FNA: 'Fasting not asked of the patient at time of procedure.',
    NF: 'The patient indicated they did not fast prior to the procedure.',
    NG: 'Not Given - Patient was not asked at the time of the procedure.',
  }),
};

/** SPM-11, table 0369, of specimens that are nobody's: blind, calibrator, electronic control, proficiency, control, verifying calibrator. */
export const NOT_OF_A_PATIENT: ReadonlySet<string> = new Set(['B', 'C', 'E', 'F', 'O', 'Q', 'V']);
