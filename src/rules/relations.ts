import type { CareTeam, EpisodeOfCare, Reference, ServiceRequest, Task } from '@medplum/fhirtypes';
import { codeIn, OBLIGATIONS, TASK_CODE, type TaskCode } from '../model/codes.ts';
import { type Owned, organizationOf, type PersonFacts } from './facts.ts';
import { BEGINNING, DAY_MS, instantOf, intersect, plus, type Span, spanOf, union } from './instants.ts';
import { isReferralTask, isReleased } from './referral.ts';

/** An organization that treats the person, and from when to when. Touching spans of one organization are one. */
export interface Relation extends Span {
  readonly organization: string;
}

const OPEN_EPISODE = ['planned', 'waitlist', 'active', 'onhold', 'finished'];
const NO_TASK = ['draft', 'rejected', 'cancelled', 'failed', 'entered-in-error'];

/**
 * The care relationships the facts show. A fact counts only when an organization wrote it that may: its own episode, or a care
 * team, referral or obligation by one that holds the patient, or by the hub. So nobody makes himself a party by naming himself.
 */
export function relationsOf(facts: PersonFacts, episodeTailDays: number): Relation[] {
  const holders = new Set(facts.patients.map((each) => each.owner));
  const trusted = (owner: string | undefined) => owner === undefined || holders.has(owner);
  const tasks = facts.facts.filter(isA<Task>('Task'));
  const found = facts.facts.flatMap((fact): Relation[] => {
    const { resource, owner } = fact;
    if (resource.resourceType === 'EpisodeOfCare') return byEpisode(resource, owner, facts, episodeTailDays);
    if (!trusted(owner)) return [];
    if (resource.resourceType === 'CareTeam') return byCareTeam(resource, facts);
    if (resource.resourceType === 'ServiceRequest') return byReferral(resource, owner, tasks, facts);
    if (resource.resourceType === 'Task') return byObligation(resource, owner, facts);
    return [];
  });
  return [...Map.groupBy(found, (each) => each.organization)].flatMap(([organization, relations]) =>
    union(relations).map((span) => ({ organization, ...span })),
  );
}

function isA<T extends Owned['resource']>(type: T['resourceType']) {
  return (fact: Owned): fact is Owned<T> => fact.resource.resourceType === type;
}

/** Its own episode shows that an organization treats. One that is written by another shows nothing. */
function byEpisode(
  episode: EpisodeOfCare,
  owner: string | undefined,
  facts: PersonFacts,
  tailDays: number,
): Relation[] {
  const organization = organizationOf(episode.managingOrganization, facts.affiliations);
  if (organization === undefined || (owner !== undefined && owner !== organization)) return [];
  if (!OPEN_EPISODE.includes(episode.status)) return [];
  const span = spanOf(episode.period);
  const until = span.until === undefined ? {} : { until: plus(span.until, tailDays * DAY_MS) };
  // A finished episode without an end has ended at an unknown time: it opens nothing.
  if (episode.status === 'finished' && span.until === undefined) return [];
  return [{ organization, since: span.since, ...until }];
}

function byCareTeam(team: CareTeam, facts: PersonFacts): Relation[] {
  if (team.status !== undefined && team.status !== 'active') return [];
  return (team.participant ?? []).flatMap((participant) =>
    [participant.member, participant.onBehalfOf].flatMap((reference): Relation[] => {
      const organization = organizationOf(reference as Reference, facts.affiliations);
      if (organization === undefined) return [];
      return [{ organization, ...intersect(spanOf(team.period), spanOf(participant.period)) }];
    }),
  );
}

/** The performers of a referral that was let go and neither declined nor withdrawn. The requester is one who refers his own patient. */
function byReferral(
  request: ServiceRequest,
  owner: string | undefined,
  tasks: readonly Owned<Task>[],
  facts: PersonFacts,
): Relation[] {
  if (request.status !== 'active' && request.status !== 'completed' && request.status !== 'on-hold') return [];
  const task = tasks.find(
    ({ resource, owner: writer }) =>
      (writer === undefined || writer === owner || facts.patients.some((each) => each.owner === writer)) &&
      resource.focus?.reference === `ServiceRequest/${request.id}` &&
      isReferralTask(resource) &&
      isReleased(resource) &&
      !NO_TASK.includes(resource.status),
  )?.resource;
  if (task === undefined) return [];
  const since = instantOf(request.authoredOn ?? task.authoredOn) ?? BEGINNING;
  return [...(request.performer ?? []), task.owner].flatMap((reference): Relation[] => {
    const organization = organizationOf(reference, facts.affiliations);
    return organization === undefined ? [] : [{ organization, since }];
  });
}

/** Somebody who has to answer must be able to see. Referrals are not in it: they have their gate. */
function byObligation(task: Task, owner: string | undefined, facts: PersonFacts): Relation[] {
  const code = codeIn(TASK_CODE, task.code);
  if (code === undefined || isReferralTask(task) || code === 'accept-referral') return [];
  if (!(OBLIGATIONS as readonly TaskCode[]).includes(code) || NO_TASK.includes(task.status)) return [];
  const organization = organizationOf(task.owner, facts.affiliations);
  if (organization === undefined || organization === owner) return [];
  return [{ organization, since: instantOf(task.authoredOn) ?? BEGINNING }];
}
