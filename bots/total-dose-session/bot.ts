import type { MedicationAdministration, Observation, Procedure, Resource, Task } from '@medplum/fhirtypes';
import { parseReference } from '../../src/fhir/references.ts';
import { codeIn, SESSION_CODE } from '../../src/model/codes.ts';
import { DAY_MS, instantOf, plus } from '../../src/rules/instants.ts';
import { settle } from '../derived.ts';
import { act, allOf, type BotDeps, type BotHandler, type Fhir, instant, ofPatient, sourceOf } from '../hub.ts';
import { sameDayDeadline } from '../same-day.ts';
import { AFTER_MS, BEFORE_MS, isSessionObservation } from './checklist.ts';
import { decide, isReview, sessionKeys } from './rule.ts';

/** Keeps what the hub derives of a dose session in step with its administrations and observations. Rule: H11, H12. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const written: Resource[] = [];
    for (const id of await sessionsOf(medplum, event.input as Resource | undefined)) {
      const [session] = await medplum.searchResources('Procedure', `_id=${id}`);
      if (session !== undefined) written.push(...(await bring(medplum, session, instant(now()))));
    }
    return written;
  };
}

export const handler = make({ now: Date.now });

async function bring(medplum: Fhir, session: Procedure & { id: string }, now: string): Promise<Resource[]> {
  const patient = session.subject.reference;
  if (!patient?.startsWith('Patient/')) return [];
  const self = `Procedure/${session.id}`;
  const near = aroundOf(session);
  const all = await ofPatient(medplum, 'MedicationAdministration', patient, near && range('effective-time', near));
  const administrations = all.filter((each) => each.partOf?.some(({ reference }) => reference === self));
  if (administrations.length === 0) return [];
  const organization = await sourceOf(medplum, session, session.performer?.[0]?.onBehalfOf);
  const decided = decide({
    session,
    administrations,
    observations: await observationsOf(medplum, session, patient),
    weightKg: await weightOf(medplum, patient, near?.until),
    standing: await standingOf(medplum, session, patient),
    organization,
    deadline: await sameDayDeadline(medplum, organization, now),
    now,
  });
  const written: Resource[] = [];
  for (const { resource, standing } of decided) written.push(await settle(medplum, resource, standing));
  return written;
}

/** Ids of the sessions a change belongs to: itself, what it is part of, or (an observation that says nothing) the session of its day. */
async function sessionsOf(medplum: Fhir, changed: Resource | undefined): Promise<string[]> {
  switch (changed?.resourceType) {
    case 'Procedure':
      return changed.id !== undefined && codeIn(SESSION_CODE, changed.code) === 'dose-session' ? [changed.id] : [];
    case 'MedicationAdministration':
      return partsOf(changed);
    case 'Observation': {
      const parts = partsOf(changed);
      return parts.length > 0 ? parts : sessionsOfDay(medplum, changed);
    }
    default:
      return [];
  }
}

const partsOf = ({ partOf = [] }: MedicationAdministration | Observation): string[] =>
  partOf.flatMap(({ reference }) => {
    const parsed = parseReference(reference ?? '');
    return parsed.kind === 'local' && parsed.type === 'Procedure' ? [parsed.id] : [];
  });

async function sessionsOfDay(medplum: Fhir, observation: Observation): Promise<string[]> {
  const at = instantOf(observation.effectiveDateTime);
  const patient = observation.subject?.reference;
  if (at === undefined || !patient?.startsWith('Patient/') || !isSessionObservation(observation)) return [];
  const code = encodeURIComponent(`${SESSION_CODE.system}|dose-session`);
  const sessions = await ofPatient(medplum, 'Procedure', patient, `&code=${code}`);
  return sessions.filter((each) => isWithin(each, at)).map((each) => each.id);
}

interface Near {
  readonly since: string;
  readonly until: string;
}

/** A day to each side of the session; undefined when its time is unknown. */
function aroundOf(session: Procedure): Near | undefined {
  const start = instantOf(session.performedPeriod?.start ?? session.performedDateTime);
  return start === undefined ? undefined : { since: plus(start, -DAY_MS), until: plus(start, DAY_MS) };
}

const range = (parameter: string, { since, until }: Near) => `&${parameter}=ge${since}&${parameter}=le${until}`;

function isWithin(session: Procedure, at: string): boolean {
  const start = instantOf(session.performedPeriod?.start ?? session.performedDateTime);
  return start !== undefined && plus(start, -BEFORE_MS) <= at && at <= plus(start, AFTER_MS);
}

/** What says that it is part of the session, and what was observed in those hours without saying so. */
async function observationsOf(medplum: Fhir, session: Procedure, patient: string): Promise<Observation[]> {
  const near = aroundOf(session);
  const nearby = near === undefined ? [] : await ofPatient(medplum, 'Observation', patient, range('date', near));
  const parts = await allOf(medplum, 'Observation', `part-of=Procedure/${session.id}`);
  const loose = nearby.filter(
    (each) => partsOf(each).length === 0 && isWithin(session, instantOf(each.effectiveDateTime) ?? ''),
  );
  return [...parts, ...loose].filter(isSessionObservation);
}

const WEIGHT = encodeURIComponent('http://loinc.org|29463-7');
const KG_PER: Readonly<Record<string, number>> = { kg: 1, g: 0.001, '[lb_av]': 0.45359237 };

/** The last weight before the end of the session's day, in kg. */
async function weightOf(medplum: Fhir, patient: string, until: string | undefined): Promise<number | undefined> {
  const weights = await ofPatient(medplum, 'Observation', patient, `&code=${WEIGHT}`);
  const usable = weights.filter(
    (each) =>
      ['final', 'amended', 'corrected'].includes(each.status) &&
      each.valueQuantity?.value !== undefined &&
      Object.hasOwn(KG_PER, each.valueQuantity.code ?? '') &&
      (until === undefined || (instantOf(each.effectiveDateTime) ?? '') <= until),
  );
  const [last] = usable.sort((a, b) => instantText(b).localeCompare(instantText(a)));
  const quantity = last?.valueQuantity;
  return quantity === undefined ? undefined : Math.round(quantity.value! * KG_PER[quantity.code!]! * 10) / 10;
}

const instantText = (each: Observation): string => instantOf(each.effectiveDateTime) ?? '';

async function standingOf(medplum: Fhir, session: Procedure & { id: string }, patient: string): Promise<Resource[]> {
  const { total, ends, unusual, incomplete } = sessionKeys(session.id);
  const by = (...keys: string[]) =>
    `identifier=${encodeURIComponent(keys.map((key) => `${act('').system}|${key}`).join(','))}`;
  const tasks: Task[] = await ofPatient(medplum, 'Task', patient);
  return [
    ...(await medplum.searchResources('Observation', by(total, ends))),
    ...(await medplum.searchResources('DetectedIssue', by(unusual, incomplete))),
    ...tasks.filter((each) => isReview(each) && each.focus?.reference === `Procedure/${session.id}`),
  ];
}
