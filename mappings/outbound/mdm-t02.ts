import type { OutboundMessage } from '../../src/mapping/outbound/row.ts';
import { EVENT_EVN } from './event-evn.ts';
import { ATTACHMENT_OBX, CONTENT_OBX, codedObx, DEADLINE_OBX, demanded, HANDLING_OBX, NOTICE_OBX } from './note-obx.ts';
import { CLASS, documentParts, REQUEST } from './note-parts.ts';
import { TXA_ROWS } from './note-txa.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { VISIT_PV1_OR_NONE } from './visit-pv1.ts';

/** Notes, answers and notices as a document with content. T06 adds to the document that TXA-13 names. */
export const NOTE_MDM = (event: 'T02' | 'T06'): OutboundMessage => ({
  focus: ['Communication', 'Task', 'DetectedIssue'],
  trigger: () => ({ type: 'MDM', event, structure: 'MDM_T02' }),
  segments: [
    EVENT_EVN(event),
    PATIENT_PID,
    VISIT_PV1_OR_NONE,
    { segment: 'TXA', required: true, each: (scene) => [documentParts(scene)], rows: TXA_ROWS },
    CONTENT_OBX,
    HANDLING_OBX,
    codedObx('safety-class', 'Safety class', (scene) => CLASS(demanded(scene))),
    codedObx('requested-action', 'Requested action', (scene) => REQUEST(demanded(scene))),
    DEADLINE_OBX,
    ATTACHMENT_OBX,
    NOTICE_OBX,
  ],
});
