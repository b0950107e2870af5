import type { CarePlan, Condition, Goal } from '@medplum/fhirtypes';
import { absent, type DataMap, first, type Row, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coded, cwe, known } from '../datatypes/coded.ts';
import { ei } from '../datatypes/identifier.ts';
import { extension } from '../datatypes/shape.ts';
import { date, dateTime, nm, st } from '../datatypes/text.ts';
import {
  GOAL_ACHIEVEMENT,
  GOAL_LIFE_CYCLE,
  PATHWAY_LIFE_CYCLE,
  PATHWAY_MOOD,
  PROBLEM_CONFIRMATION,
} from '../tables/problem.ts';

/** A field R4 has no element for, as an extension of the hub. */
const beside = <T>(from: string, name: string, value: `value${string}`, map: DataMap): Row<T> => ({
  from,
  to: `extension[${from}]` as Row<T>['to'],
  as: first(extension(hubExtension(name), value, map)),
});

/** PRB → Condition on the problem list. The guide has no map of PPR; this is ours. Rule: DOMAIN §C1 PPR. */
export const PRB_CONDITION: SegmentMap<Condition> = {
  name: 'PRB[Condition]',
  segment: 'PRB',
  rows: [
    { from: 'PRB-3', to: 'code', as: first(cwe) },
    { from: 'PRB-4', to: 'identifier[PRB-4]', as: first(ei()) },
    beside('PRB-5', 'episode', 'valueIdentifier', ei()),
    beside('PRB-6', 'problem-priority', 'valueString', st),
    { from: 'PRB-7', to: 'recordedDate', as: first(dateTime) },
    beside('PRB-8', 'anticipated-resolution', 'valueDateTime', dateTime),
    { from: 'PRB-10', to: 'category[PRB-10]', as: first(cwe) },
    beside('PRB-12', 'problem-persistence', 'valueCodeableConcept', cwe),
    { from: 'PRB-13', to: 'verificationStatus', as: first(confirmation()) },
    { from: 'PRB-16', to: 'onsetDateTime', as: first(dateTime) },
    { from: 'PRB-17', to: 'onsetString', as: first(st), when: absent('PRB-16'), note: 'R4 allows one onset' },
    beside('PRB-18', 'problem-ranking', 'valueCodeableConcept', cwe),
    beside('PRB-19', 'problem-certainty', 'valueCodeableConcept', cwe),
    beside('PRB-20', 'problem-probability', 'valueDecimal', nm),
    beside('PRB-21', 'awareness-of-problem', 'valueCodeableConcept', cwe),
    beside('PRB-22', 'problem-prognosis', 'valueCodeableConcept', cwe),
    beside('PRB-23', 'awareness-of-prognosis', 'valueCodeableConcept', cwe),
    beside('PRB-24', 'family-awareness', 'valueString', st),
    { from: 'PRB-26', to: 'severity', as: first(cwe) },
    beside('PRB-27', 'problem-perspective', 'valueCodeableConcept', cwe),
  ],
  hand: [
    { from: 'PRB-1', to: 'verificationStatus', by: 'DE is entered-in-error; LI and UN state the link only' },
    { from: 'PRB-9', to: 'abatementDateTime', by: 'with the clinical status (R4 con-4)' },
    { from: 'PRB-11', to: 'extension', by: 'each discipline' },
    { from: 'PRB-14', to: 'clinicalStatus', by: 'with PRB-9' },
    { from: 'PRB-25', to: 'meta', by: 'sensitivity raises the label' },
    { from: 'PRB-28', to: 'verificationStatus', by: 'a mood that is not an event is parked' },
  ],
  decisions: [
    { from: 'PRB-2', not: 'structural', why: 'time of the act: the stamp of every assertion has it' },
    { from: 'PRB-15', not: 'structural', why: 'when PRB-14 changed: the version of the resource says it' },
    { from: 'PRB-17', not: 'duplicate', why: 'words about the time that PRB-16 states' },
  ],
};

/** GOL → Goal. Ours too. */
export const GOL_GOAL: SegmentMap<Goal> = {
  name: 'GOL[Goal]',
  segment: 'GOL',
  rows: [
    { from: 'GOL-3', to: 'description', as: first(cwe) },
    { from: 'GOL-4', to: 'identifier[GOL-4]', as: first(ei()) },
    beside('GOL-5', 'episode', 'valueIdentifier', ei()),
    { from: 'GOL-6', to: 'priority', as: first(ranked()) },
    { from: 'GOL-7', to: 'startDate', as: first(date) },
    { from: 'GOL-9', to: 'category[GOL-9]', as: first(cwe) },
    beside('GOL-10', 'goal-discipline', 'valueCodeableConcept', cwe),
    beside('GOL-11', 'goal-review-status', 'valueCodeableConcept', cwe),
    beside('GOL-12', 'goal-reviewed', 'valueDateTime', dateTime),
    beside('GOL-13', 'goal-next-review', 'valueDateTime', dateTime),
    beside('GOL-14', 'goal-previous-review', 'valueDateTime', dateTime),
    { from: 'GOL-16', to: 'achievementStatus', as: first(known(GOAL_ACHIEVEMENT)) },
    { from: 'GOL-18', to: 'lifecycleStatus', as: first(coded(GOAL_LIFE_CYCLE)) },
    { from: 'GOL-19', to: 'statusDate', as: first(date) },
    beside('GOL-20', 'goal-target-type', 'valueCodeableConcept', cwe),
  ],
  hand: [
    { from: 'GOL-1', to: 'lifecycleStatus', by: 'DE is entered-in-error; LI and UN state the link only' },
    { from: 'GOL-8', to: 'target', by: 'dueDate' },
    { from: 'GOL-17', to: 'note', by: 'comment on the evaluation' },
    { from: 'GOL-21', to: 'extension', by: 'name of whom the goal is for' },
    { from: 'GOL-22', to: 'lifecycleStatus', by: 'a proposal is proposed, whatever GOL-18 says' },
  ],
  decisions: [
    { from: 'GOL-2', not: 'structural', why: 'time of the act: the stamp of every assertion has it' },
    { from: 'GOL-15', not: 'superseded', why: 'the interval of reviews; GOL-13 is the date that follows from it' },
  ],
};

/** PTH → CarePlan. Ours too. */
export const PTH_CARE_PLAN: SegmentMap<CarePlan> = {
  name: 'PTH[CarePlan]',
  segment: 'PTH',
  rows: [
    { from: 'PTH-2', to: 'category[PTH-2]', as: first(cwe) },
    { from: 'PTH-3', to: 'identifier[PTH-3]', as: first(ei()) },
    { from: 'PTH-4', to: 'created', as: first(dateTime) },
    { from: 'PTH-5', to: 'status', as: first(coded(PATHWAY_LIFE_CYCLE)) },
    { from: 'PTH-7', to: 'intent', as: first(coded(PATHWAY_MOOD)) },
  ],
  hand: [
    { from: 'PTH-1', to: 'status', by: 'DE is entered-in-error; LI and UN state the link only' },
    { from: 'PTH-2', to: 'title', by: 'its words' },
  ],
  decisions: [{ from: 'PTH-6', not: 'structural', why: 'when PTH-5 changed: the version of the resource says it' }],
};

/** VAR → a note on the problem, goal or pathway it follows. */
export const VAR_NOTE: SegmentMap<Condition> = {
  name: 'VAR[Annotation]',
  segment: 'VAR',
  rows: [],
  hand: [
    { from: 'VAR-2', to: 'note', by: 'time, unless VAR-3 says when it was' },
    { from: 'VAR-3', to: 'note', by: 'time' },
    { from: 'VAR-4', to: 'note', by: 'author' },
    { from: 'VAR-5', to: 'note', by: 'its kind, before the words' },
    { from: 'VAR-6', to: 'note', by: 'words' },
  ],
  decisions: [{ from: 'VAR-1', not: 'structural', why: 'numbers the variances; a note has no number in R4' }],
};

/** GOL-6: a rank, not a code of R4's. */
function ranked(): DataMap {
  return {
    name: 'NM[CodeableConcept]',
    parts: [1],
    read: (node) => (node.text === undefined ? undefined : { coding: [{ code: node.text }] }),
  };
}

/** Condition.verificationStatus has a required binding: an unmapped value is an issue and no value. */
function confirmation(): DataMap {
  return {
    name: 'CWE[CodeableConcept]',
    parts: [1, 2, 3],
    read: (node, scope) => {
      const found = node.text === undefined ? undefined : scope.code(PROBLEM_CONFIRMATION, node.text);
      return found === undefined ? undefined : { coding: [{ ...found }] };
    },
  };
}
