import type {
  DetectedIssue,
  MedicationAdministration,
  Observation,
  Procedure,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { codeIn, concept, DETECTED_ISSUE, SESSION_CODE, TASK_CODE } from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { derived, keyOf, referenceTo } from '../derived.ts';
import { missingOf } from './checklist.ts';
import { type Dose, doseOf, MINIMUM_OBSERVATION_MIN, minutesLater } from './dose.ts';

/** mg of a labelled esketamine session: two or three devices. Rule: DOMAIN D3, H11. */
const LABELLED_MG = [56, 84];
/** mg/kg of racemic ketamine above which somebody has to look. Rule: H11. */
const KETAMINE_MAX_MG_PER_KG = 1;
const MINIMUM_ENDS = 'minimum observation ends';
const NO_RELEASE = 'The time of the label. It is no release: a named clinician records that.';

export interface SessionFacts {
  readonly session: Procedure & { readonly id: string };
  /** Every administration that is part of it, in whatever state. */
  readonly administrations: readonly MedicationAdministration[];
  /** What was observed at the session. */
  readonly observations: readonly Observation[];
  /** Weight before the session; absent: not known. */
  readonly weightKg?: number | undefined;
  /** What the hub derived of this session before. */
  readonly standing: readonly Resource[];
  /** Organization id of the clinic; absent: not known. */
  readonly organization?: string | undefined;
  readonly deadline: string;
  readonly now: string;
}

/** A resource to write; `standing` is what it replaces. */
export interface Decided {
  readonly resource: Resource;
  readonly standing: Resource | undefined;
}

export const sessionKeys = (session: string) => ({
  total: `session-total/${session}`,
  ends: `observation-ends/${session}`,
  unusual: `dose-total-unusual/${session}`,
  incomplete: `observation-incomplete/${session}`,
  review: `review-dose-total/${session}`,
});

/**
 * All that the hub derives of one dose session: its total once, when the minimum observation ends, what is not recorded, and an unusual
 * total as an issue with a Task. It is no administration, alters none, and never says that the patient may leave. Rule: H11, H12, H20.
 */
export function decide(facts: SessionFacts): Decided[] {
  const dose = doseOf(facts.session.status === 'entered-in-error' ? [] : facts.administrations);
  return [
    total(facts, dose),
    ends(facts, dose),
    unusual(facts, dose),
    incomplete(facts, dose),
    review(facts, dose),
  ].filter((each) => each !== undefined);
}

const standingOf = <T extends Resource>(facts: SessionFacts, key: string): T | undefined =>
  facts.standing.find((each) => keyOf(each) === key) as T | undefined;

const THERAPY = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'therapy' }],
};
const UNKNOWN = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'unknown', display: 'Unknown' }],
  text: 'unknown',
};
const INCOMPLETE = hubExtension('session-incomplete');

function total(facts: SessionFacts, dose: Dose): Decided | undefined {
  const { total: key } = sessionKeys(facts.session.id);
  const standing = standingOf<Observation>(facts, key);
  if (dose.live.length === 0) return withdrawn(key, standing);
  const { totalMg, firstDevice, lastDevice } = dose;
  const value =
    totalMg === undefined ? undefined : { value: totalMg, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' };
  const period = { start: firstDevice, ...(lastDevice === undefined ? {} : { end: lastDevice }) };
  const observation = measured(facts, dose, key, standing, {
    code: concept(SESSION_CODE, 'total-dose'),
    valueQuantity: value,
    dataAbsentReason: value === undefined ? UNKNOWN : undefined,
    effectivePeriod: firstDevice === undefined ? undefined : (period as Observation['effectivePeriod']),
    extension: dose.incomplete ? [{ url: INCOMPLETE, valueBoolean: true }] : undefined,
    note: dose.incomplete ? [{ text: 'The session is incomplete: not every device was given whole.' }] : undefined,
  });
  return { resource: observation, standing };
}

function ends(facts: SessionFacts, dose: Dose): Decided | undefined {
  const { ends: key } = sessionKeys(facts.session.id);
  const standing = standingOf<Observation>(facts, key);
  if (!dose.given) return withdrawn(key, standing);
  const at = dose.lastDevice === undefined ? undefined : minutesLater(dose.lastDevice, MINIMUM_OBSERVATION_MIN);
  const observation = measured(facts, dose, key, standing, {
    code: { ...concept(SESSION_CODE, 'minimum-observation-ends'), text: MINIMUM_ENDS },
    valueDateTime: at,
    dataAbsentReason: at === undefined ? UNKNOWN : undefined,
    note: [{ text: NO_RELEASE }],
  });
  return { resource: observation, standing };
}

function measured(
  { session }: SessionFacts,
  dose: Dose,
  key: string,
  standing: Observation | undefined,
  said: { readonly [K in keyof Observation]?: Observation[K] | undefined },
): Observation {
  const whole = {
    resourceType: 'Observation' as const,
    category: [THERAPY],
    subject: session.subject as Observation['subject'],
    encounter: session.encounter,
    partOf: [session, ...dose.live].map((each) => referenceTo<Resource>(each)) as Observation['partOf'],
    ...said,
  };
  const changed =
    JSON.stringify([standing?.valueQuantity?.value, standing?.valueDateTime]) !==
    JSON.stringify([said.valueQuantity?.value, said.valueDateTime]);
  const status = statusOf(dose, standing?.status, changed);
  return derived<Observation>(key, { ...whole, status } as Observation, [session, ...dose.live], standing);
}

/** Preliminary while a device is being given; final; corrected once a final one said something else, and then for good. */
function statusOf(dose: Dose, before: Observation['status'] | undefined, changed: boolean): Observation['status'] {
  if (dose.running) return 'preliminary';
  if (before === undefined || before === 'preliminary') return 'final';
  return before !== 'final' || changed ? 'corrected' : 'final';
}

function withdrawn(key: string, standing: Observation | undefined): Decided | undefined {
  if (standing === undefined) return undefined;
  return { resource: derived<Observation>(key, { ...standing, status: 'entered-in-error' }, [], standing), standing };
}

/** Why somebody has to look at the total; undefined: nobody has to. A session that goes on has no total yet. */
function concern({ session, weightKg }: SessionFacts, dose: Dose): string | undefined {
  if (!dose.given || dose.running || ['preparation', 'in-progress'].includes(session.status)) return undefined;
  const { drug, totalMg } = dose;
  if (totalMg === undefined) return 'The total of the session is unknown: an amount, a unit or a product is unclear.';
  if (drug === 'esketamine' && !LABELLED_MG.includes(totalMg)) {
    return `The total of the session is ${totalMg} mg; a labelled esketamine session is ${LABELLED_MG.join(' or ')} mg.`;
  }
  if (drug === 'ketamine' && weightKg !== undefined && totalMg / weightKg > KETAMINE_MAX_MG_PER_KG) {
    return `The total of the session is ${totalMg} mg at ${weightKg} kg: more than ${KETAMINE_MAX_MG_PER_KG} mg/kg of ketamine.`;
  }
  return undefined;
}

function unusual(facts: SessionFacts, dose: Dose): Decided | undefined {
  const words = concern(facts, dose);
  const { unusual: key } = sessionKeys(facts.session.id);
  const found =
    words === undefined ? undefined : { severity: 'high' as const, detail: `${words} It was recorded as it is.` };
  return issue(facts, dose, { key, code: 'dose-total-unusual', found, closing: 'The administrations were corrected' });
}

function incomplete(facts: SessionFacts, dose: Dose): Decided | undefined {
  const missing = dose.given && !dose.running ? missingOf(dose, facts.observations) : [];
  const { incomplete: key } = sessionKeys(facts.session.id);
  const found = {
    severity: 'moderate' as const,
    detail: `Not recorded: ${missing.join('; ')}.`,
    evidence: missing.map((text) => ({ code: [{ text }] })),
  };
  const closing = dose.given ? 'The missing observations were recorded' : 'The administrations were corrected';
  return issue(facts, dose, {
    key,
    code: 'observation-incomplete',
    found: missing.length === 0 ? undefined : found,
    closing,
  });
}

interface Finding {
  readonly key: string;
  readonly code: 'dose-total-unusual' | 'observation-incomplete';
  /** Absent: there is nothing to look at any more. */
  readonly found: Partial<DetectedIssue> | undefined;
  readonly closing: string;
}

/** Open while there is something to look at; closed with what mitigated it. Rule: DOMAIN B3 "R4 trap", H20. */
function issue(facts: SessionFacts, dose: Dose, { key, code, found, closing }: Finding): Decided | undefined {
  const standing = standingOf<DetectedIssue>(facts, key);
  if (found === undefined && standing?.status !== 'preliminary') return undefined;
  const sources = [facts.session, ...dose.live];
  const said =
    found === undefined
      ? { ...standing!, status: 'final' as const, mitigation: [{ action: { text: closing } }] }
      : { ...found, status: 'preliminary' as const, mitigation: undefined };
  const whole = {
    resourceType: 'DetectedIssue' as const,
    code: concept(DETECTED_ISSUE, code),
    patient: facts.session.subject as DetectedIssue['patient'],
    implicated: sources.map((each) => referenceTo<Resource>(each)),
    ...said,
  } as DetectedIssue;
  return { resource: derived<DetectedIssue>(key, whole, sources, standing), standing };
}

const CORRECTED = 'The total was corrected';
const OPEN = ['requested', 'received'];

/** One Task for each unusual total; a corrected total cancels the open one with the reason, and a person's answer stays. */
function review(facts: SessionFacts, dose: Dose): Decided | undefined {
  const { review: prefix } = sessionKeys(facts.session.id);
  const reviews = facts.standing.filter((each): each is Task => each.resourceType === 'Task' && isReview(each));
  const open = reviews.find((each) => OPEN.includes(each.status));
  const words = concern(facts, dose);
  if (words === undefined) return open && cancelled(open, facts);
  const mine = `${prefix}/${dose.totalMg ?? 'unknown'}/`;
  const same = reviews.filter((each) => keyOf(each)?.startsWith(mine));
  if (open !== undefined || same.some((each) => each.statusReason?.text !== CORRECTED)) return undefined;
  const { session, organization, deadline, now } = facts;
  const task = derived<Task>(
    `${mine}${same.length + 1}`,
    {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      priority: 'urgent',
      code: concept(TASK_CODE, 'review-dose-total'),
      description: `${words} Nothing was altered.`,
      focus: referenceTo(session),
      for: session.subject as Task['for'],
      authoredOn: now,
      lastModified: now,
      requester: { display: 'Handoff' },
      owner: organization === undefined ? undefined : { reference: `Organization/${organization}` },
      restriction: { period: { end: deadline } },
    },
    [session, ...dose.live],
  );
  return { resource: task, standing: undefined };
}

function cancelled(open: Task, { now }: SessionFacts): Decided {
  const change = { ...open, status: 'cancelled' as const, statusReason: { text: CORRECTED }, lastModified: now };
  return { resource: derived<Task>(keyOf(open)!, change, [], open), standing: open };
}

export const isReview = (task: Task): boolean => codeIn(TASK_CODE, task.code) === 'review-dose-total';
