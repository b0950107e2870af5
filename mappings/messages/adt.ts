import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { patientKey } from '../keys.ts';
import { AL1_ALLERGY, DG1_CONDITION, DG1_ENCOUNTER, IAM_ALLERGY } from '../segments/diagnosis.ts';
import { EVN, MRG, MSH, PRT_TEAM, ROL_TEAM, SFT } from '../segments/envelope.ts';
import {
  GT1_PERSON,
  IN1_COVERAGE,
  IN1_INSURED,
  IN2_INSURED,
  IN3_COVERAGE,
  PID_ACCOUNT,
} from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { OBX_OBSERVATION } from '../segments/observation.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PR1_PROCEDURE } from '../segments/procedure.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { stateAccount } from './account.ts';
import { stateAllergies, stateCoverages, stateDiagnoses, stateRelatives } from './clinical.ts';
import { stateLooseObservations } from './observation.ts';
import { onlyPatient, patientIdentifiers, statePatient } from './patient.ts';
import { stateProcedures } from './procedure.ts';
import { stateTeam } from './team.ts';
import { contextVisit, stateVisit } from './visit.ts';

const VISIT_EVENTS = [
  'A01',
  'A02',
  'A03',
  'A04',
  'A05',
  'A06',
  'A07',
  'A08',
  'A09',
  'A10',
  'A11',
  'A12',
  'A13',
  'A14',
  'A15',
  'A16',
  'A21',
  'A22',
  'A25',
  'A26',
  'A27',
  'A28',
  'A31',
  'A32',
  'A33',
  'A38',
  'A52',
  'A53',
  'A54',
  'A55',
  'A60',
  'A61',
  'A62',
];

const COMMON = [
  MSH,
  SFT,
  EVN,
  PID_PATIENT,
  PD1_PATIENT,
  PV1_ENCOUNTER,
  PV2_ENCOUNTER,
  NK1_RELATED_PERSON,
  DG1_CONDITION,
  DG1_ENCOUNTER,
  AL1_ALLERGY,
  IAM_ALLERGY,
  PID_ACCOUNT,
  GT1_PERSON,
  PR1_PROCEDURE,
  OBX_OBSERVATION,
  IN1_COVERAGE,
  IN1_INSURED,
  IN2_INSURED,
  IN3_COVERAGE,
  ROL_TEAM,
  PRT_TEAM,
];

/** Patient, visit and what an ADT says around them. A11, A12, A13 undo; they add nothing. Rule: DOMAIN §C1 ADT. */
export const ADT: MessageMap = {
  name: 'ADT',
  events: VISIT_EVENTS.map((trigger) => `ADT^${trigger}`),
  maps: COMMON,
  run(scope) {
    const { message } = scope;
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateRelatives(message.segments('NK1'), patient, scope);
    stateDiagnoses(message.segments('DG1'), patient, encounter, scope);
    stateAllergies([...message.segments('AL1'), ...message.segments('IAM')], patient, scope);
    stateCoverages(message.segments('IN1'), patient, scope);
    stateAccount(patient, encounter, scope);
    stateProcedures(message.segments('PR1'), patient, encounter, scope);
    stateTeam(message.segments('ROL'), patient, scope);
    stateTeam(message.segments('PRT'), patient, scope);
    stateLooseObservations(message.segments('OBX'), patient, encounter, scope);
  },
};

/** What an identity event states besides who is who: the patients, and nothing around them. */
const IDENTITY_ONLY = [MSH, SFT, EVN, PID_PATIENT, PD1_PATIENT];

/**
 * Merges, in this version's trigger (A40) and in older ones, and changes of a patient's number: the patient of MRG-1 is the patient of
 * PID-3. Only the membership changes; the store repoints nothing, and an operator can undo it. Accounts and visits that go with a
 * merge are not carried. Rule: HL7 v2.5.1 §3.3.18, .30, .34, .39, .40, .46, .47; H7.
 */
export const ADT_MERGE: MessageMap = {
  name: 'ADT merge',
  events: ['A18', 'A30', 'A34', 'A39', 'A40', 'A46', 'A47'].map((trigger) => `ADT^${trigger}`),
  maps: [...IDENTITY_ONLY, MRG],
  movesIdentity: true,
  run(scope) {
    let survivor: Draft | undefined;
    let merged = 0;
    for (const segment of scope.message.segments()) {
      if (segment.name === 'PID') survivor = statePatient(segment, nextNamed(segment, 'PD1'), scope);
      if (segment.name !== 'MRG') continue;
      if (survivor === undefined)
        throw new Refusal(
          'map.patient-unidentified',
          'no identified survivor before this MRG',
          `MRG[${segment.occurrence}]`,
        );
      mergeInto(survivor, segment, scope);
      merged += 1;
    }
    if (merged === 0) throw new Refusal('map.patient-missing', 'a merge without MRG', 'MRG[1]');
  },
};

/** MRG-1 lists the numbers of the prior record: each that the source may have keyed a record by is merged, not only the first. */
function mergeInto(survivor: Draft, mrg: Segment, scope: Scope): void {
  const priors = patientIdentifiers(mrg, [1, 4], scope);
  if (priors.length === 0) {
    throw new Refusal('map.patient-unidentified', 'no prior identifier with an assigner', `MRG[${mrg.occurrence}]-1`);
  }
  for (const prior of priors) {
    const key = patientKey(scope.owner, prior);
    const id = scope.idOf(key);
    // A number the record is not keyed by: whose records stood under it cannot be told from here.
    if (id === survivor.id) {
      throw new Refusal('map.merge-self', 'prior and surviving record are the same', `MRG[${mrg.occurrence}]-1`);
    }
    scope.draft(key, id).default('identifier', [{ system: prior.system, value: prior.value }] as Json);
    scope.identity.push({ op: 'merge', survivor: survivor.id, loser: id });
  }
}

function nextNamed(segment: Segment, name: string): Segment | undefined {
  const next = segment.message.segments()[segment.index + 1];
  return next?.name === name ? next : undefined;
}

/** A24 links two patients of one source, A37 ends that link; neither moves any record. Rule: DOMAIN §C1 "Merge". */
export const ADT_LINK: MessageMap = {
  name: 'ADT link',
  events: ['ADT^A24', 'ADT^A37'],
  maps: IDENTITY_ONLY,
  movesIdentity: true,
  run(scope) {
    const [one, other] = scope.message.segments('PID').map((pid) => statePatient(pid, nextNamed(pid, 'PD1'), scope));
    if (one === undefined || other === undefined) {
      throw new Refusal('map.patient-unidentified', 'a link needs two identified patients', 'PID[2]-3');
    }
    if (one.id === other.id) throw new Refusal('map.merge-self', 'both are the same patient', 'PID[2]-3');
    scope.identity.push({ op: scope.trigger === 'A24' ? 'link' : 'unlink', patient: one.id, other: other.id });
  },
};

/** A17: two patients change places; each PID is followed by its own PV1. */
export const ADT_SWAP: MessageMap = {
  name: 'ADT swap',
  events: ['ADT^A17'],
  maps: [MSH, SFT, EVN, PID_PATIENT, PD1_PATIENT, PV1_ENCOUNTER, PV2_ENCOUNTER, OBX_OBSERVATION],
  run(scope) {
    const { message } = scope;
    const pids = message.segments('PID');
    for (const pid of pids) {
      const patient = statePatient(pid, nextNamed(pid, 'PD1'), scope);
      if (patient === undefined)
        throw new Refusal('map.patient-unidentified', 'no identifier with an assigner', `PID[${pid.occurrence}]-3`);
      const pv1 = message.segments('PV1')[pid.occurrence - 1];
      const pv2 = message.segments('PV2').find((segment) => pv1 !== undefined && segment.index === pv1.index + 1);
      const encounter = stateVisit(pv1, pv2, patient, scope, 'in-progress');
      const until = pids[pid.occurrence]?.index ?? Number.POSITIVE_INFINITY;
      const own = message.segments('OBX').filter(({ index }) => index > pid.index && index < until);
      stateLooseObservations(own, patient, encounter, scope);
    }
  },
};
