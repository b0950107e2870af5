import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes } from './table.ts';

/** What PRB-1, GOL-1 and PTH-1 do: this and not the trigger decides. Rule: DOMAIN §C1 PPR; HL7 v2.8 table 0287. */
export type ProblemAct = 'state' | 'delete' | 'link' | 'unlink' | 'none';
export const PROBLEM_ACT: Readonly<Record<string, ProblemAct>> = {
  AD: 'state',
  CO: 'state',
  UP: 'state',
  DE: 'delete',
  LI: 'link',
  UN: 'unlink',
  UC: 'none',
};

/** Triggers of messages whose segments lack the action code. */
export const TRIGGER_ACT: Readonly<Record<string, ProblemAct>> = {
  PC1: 'state',
  PC2: 'state',
  PC3: 'delete',
  PC6: 'state',
  PC7: 'state',
  PC8: 'delete',
  PCB: 'state',
  PCC: 'state',
  PCD: 'delete',
};

/** Moods of things that are (table 0725); all others are wishes, orders or expectations, and no problem the patient has. */
export const ACTUAL_MOODS: ReadonlySet<string> = new Set(['EVN', 'EVN.CRT']);

/** PRB-14: HL7 has no table; these are the words senders write. A partner's own table goes first. */
export const PROBLEM_LIFE_CYCLE: ConceptTable = {
  id: 'PRB-14',
  name: 'ProblemLifeCycleStatus',
  codes: codes('http://terminology.hl7.org/CodeSystem/condition-clinical', {
    A: 'active',
    ACTIVE: 'active',
    O: 'active',
    OPEN: 'active',
    CHRONIC: 'active',
    I: 'inactive',
    INACTIVE: 'inactive',
    R: 'resolved',
    RESOLVED: 'resolved',
    C: 'resolved',
    CLOSED: 'resolved',
    REC: 'recurrence',
    RECURRENCE: 'recurrence',
    REL: 'relapse',
    RELAPSE: 'relapse',
    REMISSION: 'remission',
  }),
};

/** PRB-13. */
export const PROBLEM_CONFIRMATION: ConceptTable = {
  id: 'PRB-13',
  name: 'ProblemConfirmationStatus',
  codes: codes('http://terminology.hl7.org/CodeSystem/condition-ver-status', {
    C: 'confirmed',
    CONFIRMED: 'confirmed',
    P: 'provisional',
    PROVISIONAL: 'provisional',
    PRELIMINARY: 'provisional',
    D: 'differential',
    DIFFERENTIAL: 'differential',
    R: 'refuted',
    REFUTED: 'refuted',
    U: 'unconfirmed',
    UNCONFIRMED: 'unconfirmed',
    'ENTERED-IN-ERROR': 'entered-in-error',
  }),
};

/** GOL-18. */
export const GOAL_LIFE_CYCLE: ConceptTable = {
  id: 'GOL-18',
  name: 'GoalLifeCycleStatus',
  codes: codes('http://hl7.org/fhir/goal-status', {
    PROPOSED: 'proposed',
    PLANNED: 'planned',
    ACCEPTED: 'accepted',
    A: 'active',
    ACTIVE: 'active',
    O: 'active',
    OPEN: 'active',
    H: 'on-hold',
    HELD: 'on-hold',
    'ON-HOLD': 'on-hold',
    C: 'completed',
    COMPLETED: 'completed',
    ACHIEVED: 'completed',
    MET: 'completed',
    X: 'cancelled',
    CANCELLED: 'cancelled',
    CANCELED: 'cancelled',
    DISCONTINUED: 'cancelled',
    REJECTED: 'rejected',
  }),
};

/** GOL-16. */
export const GOAL_ACHIEVEMENT: ConceptTable = {
  id: 'GOL-16',
  name: 'GoalEvaluation',
  codes: codes('http://terminology.hl7.org/CodeSystem/goal-achievement', {
    'IN-PROGRESS': 'in-progress',
    IMPROVING: 'improving',
    WORSENING: 'worsening',
    'NO-CHANGE': 'no-change',
    ACHIEVED: 'achieved',
    SUSTAINING: 'sustaining',
    'NOT-ACHIEVED': 'not-achieved',
    'NO-PROGRESS': 'no-progress',
    'NOT-ATTAINABLE': 'not-attainable',
  }),
};

/** PTH-5. */
export const PATHWAY_LIFE_CYCLE: ConceptTable = {
  id: 'PTH-5',
  name: 'PathwayLifeCycleStatus',
  codes: codes('http://hl7.org/fhir/request-status', {
    D: 'draft',
    DRAFT: 'draft',
    PLANNED: 'draft',
    A: 'active',
    ACTIVE: 'active',
    O: 'active',
    OPEN: 'active',
    H: 'on-hold',
    'ON-HOLD': 'on-hold',
    SUSPENDED: 'on-hold',
    C: 'completed',
    COMPLETED: 'completed',
    X: 'revoked',
    REVOKED: 'revoked',
    CANCELLED: 'revoked',
    CANCELED: 'revoked',
    DISCONTINUED: 'revoked',
  }),
};

/** PTH-7; without it a pathway is a plan. */
export const PATHWAY_MOOD: ConceptTable = {
  id: '0725',
  name: 'MoodCodes[CarePlan.intent]',
  codes: codes('http://hl7.org/fhir/request-intent', {
    EVN: 'plan',
    INT: 'plan',
    APT: 'plan',
    PRMS: 'plan',
    PRP: 'proposal',
    RQO: 'order',
    ARQ: 'order',
  }),
};
