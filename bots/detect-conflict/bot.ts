import type { Appointment, CarePlan, DetectedIssue, Slot } from '@medplum/fhirtypes';
import { resourceBits } from '../../src/fhir/labels.ts';
import { APPOINTMENT_KIND, codeIn } from '../../src/model/codes.ts';
import { SENSITIVE_LABELS } from '../../src/model/labels.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { deadlineOf } from '../../src/rules/deadline.ts';
import type { Directory } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { DAY_MS, plus } from '../../src/rules/instants.ts';
import {
  affiliationsFor,
  allOf,
  type BotDeps,
  type BotHandler,
  byIds,
  directoryOf,
  type Fhir,
  findRaised,
  inputOf,
  instant,
  ofPatient,
  raiseOnce,
  sourceOf,
  update,
} from '../hub.ts';
import {
  type Busy,
  busyOf,
  issueOf,
  overlap,
  type Pair,
  pairAct,
  pairsOf,
  proposalsOf,
  resolved,
  schedulerTask,
} from './rule.ts';

/** Compares a changed appointment with the person's others, in both directions; raises, renews or closes one issue per pair. */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const seen = inputOf<Appointment>(event, 'Appointment');
    const patient = seen === undefined ? undefined : patientOf(seen);
    if (seen?.id === undefined || patient === undefined || codeIn(APPOINTMENT_KIND, seen.appointmentType) === undefined)
      return;
    const [changed, plans, directory] = await Promise.all([
      medplum.readResource('Appointment', seen.id),
      ofPatient(medplum, 'CarePlan', patient, '&status=active,draft'),
      directoryOf(medplum),
    ]);
    const others = await neighbours(medplum, changed, patient, instant(now()));
    const scene: Scene = {
      medplum,
      directory,
      others,
      recoveryMin: recoveryOf(plans) ?? directory.policy.schedule.recoveryMin,
      now: instant(now()),
    };
    for (const pair of pairsOf(changed, others)) await settle(pair, scene);
  };
}

/** The person's appointments around this one, and those it is known to have collided with, however far it moved since. */
async function neighbours(medplum: Fhir, changed: Appointment, patient: string, now: string): Promise<Appointment[]> {
  const start = changed.start === undefined ? now : new Date(changed.start).toISOString();
  const window = `&date=ge${plus(start, -DAY_MS)}&date=le${plus(start, (WEEKS_AHEAD * 7 + 1) * DAY_MS)}`;
  const near = await ofPatient(medplum, 'Appointment', patient, window);
  const issues = await allOf(medplum, 'DetectedIssue', `implicated=Appointment/${changed.id}`);
  const open = issues.filter((each) => each.status === 'preliminary').flatMap((each) => each.implicated ?? []);
  const missing = open.flatMap((each) => each.reference?.slice('Appointment/'.length) ?? []);
  const ids = missing.filter((id) => !near.some((each) => each.id === id));
  return [...near, ...(await byIds(medplum, 'Appointment', ids))];
}

interface Scene {
  readonly medplum: Fhir;
  readonly directory: Directory;
  readonly others: readonly Appointment[];
  readonly recoveryMin: number;
  readonly now: string;
}

/** The patient's own recovery time, learned or set on a plan. Rule: R02. */
function recoveryOf(plans: readonly CarePlan[]): number | undefined {
  const extensions = plans.flatMap((each) => each.extension ?? []);
  return extensions.find((each) => each.url === hubExtension('recovery-minutes'))?.valueInteger;
}

const patientOf = (appointment: Appointment): string | undefined =>
  appointment.participant.map((each) => each.actor?.reference).find((each) => each?.startsWith('Patient/'));

async function settle(pair: Pair, scene: Scene): Promise<void> {
  const { policy } = scene.directory;
  const dose = busyOf(pair.dose, policy, scene.recoveryMin);
  const session = busyOf(pair.session, policy, scene.recoveryMin);
  const known = await findRaised(scene.medplum, 'DetectedIssue', pairAct(pair));
  if (dose !== undefined && session !== undefined && overlap(dose, session))
    return raise(pair, dose, session, known, scene);
  if (known !== undefined) await close(known, pair, scene);
}

async function raise(
  pair: Pair,
  dose: Busy,
  session: Busy,
  known: DetectedIssue | undefined,
  scene: Scene,
): Promise<void> {
  const { medplum, directory, now } = scene;
  const guarded = guardedSide(pair);
  const fresh = issueOf(pair, patientOf(guarded ?? pair.dose) ?? '', now);
  const issue = known ?? (await raiseOnce(medplum, pairAct(pair), fresh));
  if (issue.status !== 'preliminary') await update(medplum, { ...issue, status: 'preliminary' });
  const [clinic, program] = await Promise.all([
    sourceOf(medplum, pair.dose, undefined),
    sourceOf(medplum, pair.session, undefined),
  ]);
  const sessions = scene.others.flatMap((each) =>
    each.id === pair.dose.id ? [] : (busyOf(each, directory.policy, scene.recoveryMin) ?? []),
  );
  const zone = directory.routes.get(clinic ?? '')?.calendar.zone ?? 'UTC';
  const slots = clinic === undefined ? [] : await freeSlots(medplum, clinic, now, dose);
  const proposals = proposalsOf({
    slots,
    sessions,
    dose,
    recoveryMin: scene.recoveryMin,
    zone,
    now,
    policy: directory.policy,
  });
  const sides = [
    { organization: clinic, appointment: pair.dose, otherSide: session },
    { organization: program, appointment: pair.session, otherSide: dose },
  ];
  for (const { organization, appointment, otherSide } of sides) {
    if (organization === undefined) continue;
    // The same two times are one demand; another time is another.
    const act = `${pairAct(pair)}/${organization}/${dose.start}/${session.start}`;
    const own = { organization, patient: patientOf(guarded ?? appointment) };
    await raiseOnce(
      medplum,
      act,
      schedulerTask({ id: issue.id! }, own, otherSide, proposals, { now, due: dueOf(organization, directory, now) }),
    );
  }
}

/**
 * The side whose schedule is labelled sensitive. Issue and Tasks then belong to its record, so that the other organization learns even of
 * the busy interval only under a consent (H4).
 */
function guardedSide({ dose, session }: Pair): Appointment | undefined {
  return [session, dose].find((each) => (resourceBits(each) & SENSITIVE_LABELS) !== 0);
}

function dueOf(organization: string, directory: Directory, now: string): string {
  const calendar = directory.routes.get(organization)?.calendar;
  const due = calendar === undefined ? undefined : deadlineOf('E2', 'routine-update', now, calendar, directory.policy);
  return due ?? plus(now, DAY_MS);
}

/** The issue becomes final and its Tasks are done: by either side's move, on its own. */
async function close(issue: DetectedIssue, pair: Pair, { medplum, now }: Scene): Promise<void> {
  if (issue.status === 'preliminary') await update(medplum, { ...resolved(issue, pair, now), id: issue.id! });
  for (const task of await allOf(
    medplum,
    'Task',
    `focus=DetectedIssue/${issue.id}&status=requested,received,accepted,in-progress`,
  )) {
    await update(medplum, { ...task, status: 'completed', lastModified: now });
  }
}

const WEEKS_AHEAD = 2;
/** A block that began longer ago is not looked for. */
const BLOCKED_WEEKS_BACK = 8;

/** Free dose slots of the clinic's own schedules, two weeks around the dose; one with a part that the clinic blocked is not free. */
async function freeSlots(medplum: Fhir, clinic: string, now: string, dose: Busy): Promise<Slot[]> {
  const until = plus(dose.start, WEEKS_AHEAD * 7 * DAY_MS);
  const slots = await allOf(medplum, 'Slot', `status=free&start=ge${now}&start=le${until}`);
  const since = plus(now, -BLOCKED_WEEKS_BACK * 7 * DAY_MS);
  const blocked = await allOf(medplum, 'Slot', `status=busy-unavailable&start=ge${since}&start=le${until}`);
  const doses = slots.filter((each) =>
    (each.serviceType ?? []).some((type) => codeIn(APPOINTMENT_KIND, type) === 'dose'),
  );
  const ids = doses.flatMap((each) => each.schedule.reference?.slice('Schedule/'.length) ?? []);
  if (ids.length === 0) return [];
  const schedules = await byIds(medplum, 'Schedule', ids);
  const affiliations = await affiliationsFor(
    medplum,
    schedules.flatMap((each) => each.actor),
  );
  const own = schedules.filter((each) => each.actor.some((actor) => organizationOf(actor, affiliations) === clinic));
  return doses.filter(
    (each) =>
      own.some((schedule) => each.schedule.reference === `Schedule/${schedule.id}`) &&
      !blocked.some(
        (block) => block.schedule.reference === each.schedule.reference && overlap(spanOf(block), spanOf(each)),
      ),
  );
}

const spanOf = ({ start, end }: Slot): Busy => ({
  start: new Date(start).toISOString(),
  end: new Date(end).toISOString(),
});

export const handler = make({ now: Date.now });
