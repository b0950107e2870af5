import { type OutboundMaps, type OutboundMessage, refusal } from '../../src/mapping/outbound/row.ts';
import type { Scene } from '../../src/mapping/outbound/scene.ts';
import type { Issue } from '../../src/model/assertion.ts';
import { MERGE_ADT, PERSON_ADT, VISIT_ADT } from './adt-a01.ts';
import { proposalOrFocus } from './appointment-parts.ts';
import { CHARGE_DFT } from './dft-p03.ts';
import { DOCUMENT_MDM } from './document-mdm.ts';
import { NOTE_MDM } from './mdm-t02.ts';
import { RESULT_ORU } from './oru-r01.ts';
import { GOAL_PGL, PROBLEM_PPR } from './ppr-pc1.ts';
import { ADMINISTRATION_RAS } from './ras-o17.ts';
import { REFERRAL_REF } from './ref-i12.ts';
import { relayedEvent } from './relay.ts';
import { ANSWER_RRI } from './rri-i12.ts';
import { APPOINTMENT_SIU } from './siu-s12.ts';
import { PROPOSAL_SRM } from './srm-s01.ts';

/** A document that stands alone, and one that adds to the document it names. */
const ORIGINAL = NOTE_MDM('T02');
const ADDENDUM = NOTE_MDM('T06');

/** The map an event is told by. A kind without one is refused: the compiler shows a new kind here. */
function select(scene: Scene): OutboundMessage | Issue {
  const { kind } = scene.event;
  switch (kind) {
    case 'referral':
      return REFERRAL_REF('I12');
    case 'referral-modify':
      return REFERRAL_REF('I13');
    case 'referral-cancel':
      return REFERRAL_REF('I14');
    case 'referral-status':
      return REFERRAL_REF('I15');
    case 'referral-answer':
      return ANSWER_RRI;
    case 'safety-note':
    case 'escalation':
    case 'not-delivered':
    case 'notice':
      return ORIGINAL;
    case 'safety-answer':
    case 'acknowledgement':
      return ADDENDUM;
    case 'appointment':
      return APPOINTMENT_SIU;
    case 'conflict':
      return conflict(scene);
    case 'relay':
      return relay(scene);
    case 'mirror':
      return refusal('render.no-map', 'a mirror is a FHIR server; it is sent resources and no messages');
    case 'application-ack':
      return refusal(
        'render.no-map',
        'an application acknowledgement holds no resources; it is built from its message',
      );
  }
}

/** A proposed time goes as a request where the partner's scheduler takes one, else to a person in words. */
function conflict(scene: Scene): OutboundMessage {
  const isAsked = scene.endpoint.dialect?.schedulingRequests === true && proposalOrFocus(scene) !== undefined;
  return isAsked ? PROPOSAL_SRM : ORIGINAL;
}

function relay(scene: Scene): OutboundMessage | Issue {
  switch (scene.focus.value.resourceType) {
    case 'Encounter':
      return VISIT_ADT(relayedEvent(scene));
    case 'Patient':
      return relayedEvent(scene) === 'A08' ? PERSON_ADT : MERGE_ADT;
    case 'MedicationAdministration':
      return ADMINISTRATION_RAS;
    case 'Observation':
    case 'DiagnosticReport':
      return RESULT_ORU;
    case 'Condition':
      return PROBLEM_PPR;
    case 'Goal':
      return GOAL_PGL;
    case 'DocumentReference':
      return DOCUMENT_MDM(scene);
    case 'ChargeItem':
      return CHARGE_DFT;
    default:
      return refusal('render.no-map', 'no message tells of this type of resource', scene.focus.path);
  }
}

/** All outbound maps, under the name the hub sends by. */
export const outboundMaps = (application = 'HANDOFF', facility = 'HUB'): OutboundMaps => ({
  application,
  facility,
  select,
});
