import type { Communication, MedicationRequest, Reference, Resource, ServiceRequest, Task } from '@medplum/fhirtypes';
import { codeIn, LIFECYCLE, TASK_CODE } from '../../src/model/codes.ts';
import type { Directory } from '../../src/rules/directory.ts';
import { organizationOf } from '../../src/rules/facts.ts';
import { isReferralTask } from '../../src/rules/referral.ts';
import {
  act,
  affiliationsFor,
  allOf,
  type BotDeps,
  type BotHandler,
  directoryOf,
  eachOnItsOwn,
  type Fhir,
  findRaised,
  instant,
  ofPatient,
  opaque,
  raiseOnce,
  sourceOf,
  update,
} from '../hub.ts';
import { type GateFacts, gateOf, held, opened, providersOf, toldTask } from './gate.ts';
import { type Happening, happeningOf, noticeOf, orderedAct, orderHappening } from './lifecycle.ts';

/**
 * Keeps the outpatient provider from being surprised: tells of every act of a dosing series once, and holds a referral to a dosing
 * clinic until its notice has arrived. The timer looks at what waits.
 */
export function make({ now }: BotDeps): BotHandler {
  return async (medplum, event) => {
    const input = event.input as Resource | undefined;
    if (input?.resourceType === undefined) {
      const waiting = await allOf(
        medplum,
        'Task',
        `business-status=waiting-outpatient-notice&status=requested,received`,
      );
      return eachOnItsOwn(waiting, (task) => decideGate(medplum, task, instant(now())));
    }
    for (const task of await referralsBehind(medplum, input)) await decideGate(medplum, task, instant(now()));
    const happening = happeningOf(input);
    if (happening !== undefined) await tell(medplum, happening, input, instant(now()));
  };
}

/** Referral Tasks whose gate a change may open. */
async function referralsBehind(medplum: Fhir, input: Resource): Promise<Task[]> {
  if (input.resourceType === 'Task') {
    if (isReferralTask(input)) return [input];
    if (codeIn(TASK_CODE, input.code) !== 'told-outpatient-provider' || input.focus?.reference === undefined) return [];
    return referralTasks(medplum, input.focus.reference);
  }
  if (input.resourceType === 'ServiceRequest') return referralTasks(medplum, `ServiceRequest/${input.id}`);
  if (input.resourceType === 'Communication') {
    const requests = (input.about ?? []).flatMap((each) =>
      each.reference?.startsWith('ServiceRequest/') ? [each.reference] : [],
    );
    const found = await Promise.all(requests.map((each) => referralTasks(medplum, each)));
    return found.flat();
  }
  return [];
}

async function referralTasks(medplum: Fhir, request: string): Promise<Task[]> {
  const tasks = await allOf(medplum, 'Task', `focus=${request}`);
  return tasks.filter((each) => isReferralTask(each));
}

async function decideGate(medplum: Fhir, seen: Task, now: string): Promise<void> {
  const task = await medplum.readResource('Task', seen.id!);
  const reference = task.focus?.reference;
  if (reference === undefined) return;
  // An answer may come before its referral: then there is nothing yet that could leave.
  const [request] = await medplum.searchResources('ServiceRequest', `_id=${reference.slice('ServiceRequest/'.length)}`);
  if (request === undefined) return;
  const facts = await gateFacts(medplum, task, request, now);
  const gate = gateOf(facts);
  if (gate.kind === 'release') {
    await update(medplum, opened(task, request, now));
    if (facts.told !== undefined && gate.because === 'told') await closeTold(medplum, facts.told, now);
  }
  if (gate.kind !== 'wait') return;
  for (const provider of gate.providers) {
    const happening: Happening = {
      event: 'referred',
      act: noticeAct(request, provider),
      subject: request.subject.reference ?? '',
    };
    await raiseOnce(
      medplum,
      happening.act,
      noticeOf(happening, request, provider, teller(facts.referrer, facts.directory), now),
    );
  }
  await raiseOnce(medplum, `told/${request.id}`, toldTask(facts, gate.until));
  const waiting = held(task, now);
  if (waiting !== task) await update(medplum, waiting);
}

const noticeAct = (request: ServiceRequest, provider: Reference): string =>
  `lifecycle/referred/${request.id}/${provider.reference}`;

/** The notice arrived: nobody has to excuse it any more. */
async function closeTold(medplum: Fhir, told: Task, now: string): Promise<void> {
  if (told.status !== 'requested' && told.status !== 'received') return;
  await update(medplum, { ...told, status: 'completed', lastModified: now });
}

async function gateFacts(medplum: Fhir, task: Task, request: ServiceRequest, now: string): Promise<GateFacts> {
  const patient = request.subject.reference;
  const [careTeams, directory, told, referrer] = await Promise.all([
    patient === undefined ? [] : ofPatient(medplum, 'CareTeam', patient, '&status=active'),
    directoryOf(medplum),
    findRaised(medplum, 'Task', `told/${request.id}`),
    sourceOf(medplum, request, task.requester ?? request.requester),
  ]);
  const members = careTeams.flatMap((each) => (each.participant ?? []).map((participant) => participant.member));
  const affiliations = await affiliationsFor(medplum, [...members, ...(request.performer ?? []), task.owner]);
  const providers = providersOf(careTeams, affiliations, directory, referrer);
  const notices = await Promise.all(
    providers.map((each) => findRaised(medplum, 'Communication', noticeAct(request, each))),
  );
  return {
    task,
    request,
    careTeams,
    affiliations,
    directory,
    told,
    referrer,
    now,
    notices: notices.filter((each) => each !== undefined),
  };
}

const teller = (organization: string | undefined, directory: Directory) =>
  organization === undefined
    ? undefined
    : { id: organization, name: directory.names.get(organization) ?? organization };

/** Tells every outpatient provider on the person's care teams, once per act. Only of what a dosing clinic does. */
async function tell(medplum: Fhir, seen: Happening, about: Resource, now: string): Promise<void> {
  const directory = await directoryOf(medplum);
  const clinic = await actingClinic(medplum, about, directory);
  if (clinic === undefined) return;
  const careTeams = await ofPatient(medplum, 'CareTeam', seen.subject, '&status=active');
  const members = careTeams.flatMap((each) => (each.participant ?? []).map((participant) => participant.member));
  const affiliations = await affiliationsFor(medplum, members);
  const [plan] = await ofPatient(medplum, 'CarePlan', seen.subject, '&status=active');
  for (const provider of providersOf(careTeams, affiliations, directory, undefined)) {
    const key = (name: string) => `${name}/${provider.reference}`;
    const happening = await asTold(medplum, seen, about, provider, key);
    if (happening === undefined) continue;
    const notice = noticeOf(happening, about, provider, teller(clinic, directory), now, plan?.id);
    const marks = seen.dose === undefined ? [] : [act(doseMark(about, seen, key))];
    await raiseOnce(medplum, key(happening.act), { ...notice, identifier: marks } as Communication);
  }
}

/** An order is told as such once; afterwards whatever differs from the newest notice, under an act of its own when it was told before. */
async function asTold(
  medplum: Fhir,
  seen: Happening,
  about: Resource,
  provider: Reference,
  key: (name: string) => string,
): Promise<Happening | undefined> {
  if (about.resourceType !== 'MedicationRequest') return seen;
  const all = await ofPatient(medplum, 'Communication', seen.subject);
  const newest = all
    .filter((each) => isNoticeOf(each, about, provider))
    .toSorted((a, b) => Date.parse(a.sent ?? '') - Date.parse(b.sent ?? ''))
    .at(-1);
  const mark = doseMark(about, seen, key);
  const happening = orderHappening(
    seen,
    newest && {
      id: newest.id,
      event: codeIn(LIFECYCLE, newest.topic),
      isSameDose: newest.identifier?.some(({ value }) => value === mark) === true,
    },
  );
  if (happening === undefined || newest === undefined) return happening;
  const before = await findRaised(medplum, 'Communication', key(happening.act));
  return before === undefined ? happening : { ...happening, act: `${happening.act}/after/${newest.id}` };
}

const isNoticeOf = (notice: Communication, order: Resource, provider: Reference): boolean =>
  codeIn(LIFECYCLE, notice.topic) !== undefined &&
  notice.about?.[0]?.reference === `${order.resourceType}/${order.id}` &&
  notice.recipient?.[0]?.reference === provider.reference;

/** Stands on each notice of an order, for the dose it told of. */
const doseMark = (order: Resource, { dose }: Happening, key: (name: string) => string): string =>
  opaque(key(`${orderedAct(order as MedicationRequest)}/${dose}`));

/** The dosing clinic that did it; undefined when it was not one. */
async function actingClinic(medplum: Fhir, about: Resource, directory: Directory): Promise<string | undefined> {
  const isClinic = (organization: string | undefined) =>
    directory.levels.get(organization ?? '')?.includes('dosing') === true;
  if (about.resourceType === 'Task') {
    const affiliations = await affiliationsFor(medplum, [about.owner]);
    const owner = organizationOf(about.owner, affiliations);
    return isClinic(owner) ? owner : undefined;
  }
  const stated = about.resourceType === 'MedicationRequest' ? about.requester : undefined;
  const source = await sourceOf(medplum, about, stated);
  return isClinic(source) ? source : undefined;
}

export const handler = make({ now: Date.now });
