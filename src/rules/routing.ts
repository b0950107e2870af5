import type {
  Appointment,
  CareTeam,
  Communication,
  EpisodeOfCare,
  Reference,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { APPOINTMENT_KIND, type CommunicationKind, codeIn, TASK_CODE } from '../model/codes.ts';
import type { EventKind, OutboxEvent } from '../model/outbox.ts';
import type { Partner } from '../model/partner.ts';
import { isOutpatient } from './directory.ts';
import { affiliationsOf } from './facts.ts';
import { isReferralTask } from './referral.ts';
import { eventOf, find, type Known, kindOf, organization, type RouteContext, tasksOf } from './routing-event.ts';
import { answerEvents, referralEvents } from './routing-referral.ts';
import { relayEvents, relayQueries } from './routing-relay.ts';

/** Types whose change may concern somebody else. `relayedTypes` are told on where an endpoint asks; everything else routes to nobody. */
export const routedTypes = ['Appointment', 'Communication', 'ServiceRequest', 'Task'] as const;

const ROLES = ['Task:owner', 'Task:requester'].map((each) => `_include=${each}`);
const NOTE_ROLES = ['Communication:sender', 'Communication:recipient'];
const REFERRAL_ROLES = ['ServiceRequest:requester', 'ServiceRequest:performer'];

/** The searches whose results `route` needs beside the change, as the hub (`EVERYTHING`), all pages. */
export function factQueries(change: Resource): string[] {
  const iterate = [...NOTE_ROLES, ...REFERRAL_ROLES].map((each) => `_include:iterate=${each}`);
  switch (change.resourceType) {
    case 'Task':
      return [`Task?_id=${change.id}&${[...ROLES, '_include=Task:focus', ...iterate].join('&')}`];
    case 'Communication':
      return [
        `Communication?_id=${change.id}&${NOTE_ROLES.map((each) => `_include=${each}`).join('&')}`,
        `Task?focus=Communication/${change.id}&${ROLES.join('&')}`,
      ];
    case 'ServiceRequest':
      return [
        `ServiceRequest?_id=${change.id}&${REFERRAL_ROLES.map((each) => `_include=${each}`).join('&')}`,
        `Task?focus=ServiceRequest/${change.id}&${ROLES.join('&')}`,
      ];
    case 'Appointment': {
      const patient = patientOf(change);
      if (patient === undefined) return [];
      return [
        `EpisodeOfCare?patient=${patient}&status=active,onhold`,
        `CareTeam?patient=${patient}&status=active&_include=CareTeam:participant`,
      ];
    }
    default:
      return relayQueries(change);
  }
}

/**
 * Who must know of this change: one event per recipient and business act. The same change again gives the same keys, so that nothing
 * is told twice. An event is no permission: consent is decided at every send. Nobody is told what he said himself.
 */
export function route(
  change: Resource,
  facts: readonly Resource[],
  partners: readonly Partner[],
  context: RouteContext = {},
): OutboxEvent[] {
  const known: Known = { facts: [...facts, change], partners, context, affiliations: affiliationsOf(facts) };
  switch (change.resourceType) {
    case 'Communication':
      return communicationEvents(change, known);
    case 'Task':
      return taskEvents(change, known);
    case 'ServiceRequest':
      return tasksOf(change, known).flatMap((task) => referralEvents(task, known));
    case 'Appointment':
      return appointmentEvents(change, known);
    default:
      return relayEvents(change, known);
  }
}

/** How each kind of Communication leaves. Safety notes leave with the Task of their recipient, never before it exists. */
const COMMUNICATION_EVENTS: Readonly<
  Record<Exclude<CommunicationKind, 'safety-note'>, { kind: EventKind; key: string; lane?: 'safety' }>
> = {
  'safety-answer': { kind: 'safety-answer', key: 'safety-answer', lane: 'safety' },
  'not-acknowledged': { kind: 'escalation', key: 'escalation', lane: 'safety' },
  'not-delivered': { kind: 'not-delivered', key: 'not-delivered', lane: 'safety' },
  'lifecycle-notice': { kind: 'notice', key: 'notice' },
  'schedule-notice': { kind: 'notice', key: 'notice' },
};

function communicationEvents(note: Communication, known: Known): OutboxEvent[] {
  const kind = kindOf(note);
  if (kind === undefined || note.status !== 'completed') return [];
  if (kind === 'safety-note') return tasksOf(note, known).flatMap((task) => taskEvents(task, known));
  const { kind: event, key, lane } = COMMUNICATION_EVENTS[kind];
  const recipients = new Set((note.recipient ?? []).map((each) => organization(each, known)));
  const tasks = tasksOf(note, known);
  return [...recipients].flatMap((to) =>
    eventOf(
      {
        kind: event,
        key: `${key}/${note.id}`,
        to,
        from: organization(note.sender, known),
        about: [
          event === 'notice' ? withoutPlan(note) : note,
          ...tasks.filter((task) => organization(task.owner, known) === to),
        ],
        ...(lane === undefined ? {} : { lane }),
      },
      known,
    ),
  );
}

/**
 * The plan a notice belongs to is not what it tells: the recipient reads the plan as far as it may see it, and what is left of it in a
 * message would take the place of the plan it has. Rule: minimum necessary (H4).
 */
function withoutPlan({ basedOn: _plan, ...note }: Communication): Communication {
  return note;
}

function taskEvents(task: Task, known: Known): OutboxEvent[] {
  if (isReferralTask(task)) return referralEvents(task, known);
  const owner = organization(task.owner, known);
  const requester = organization(task.requester, known);
  switch (codeIn(TASK_CODE, task.code)) {
    case 'acknowledge-safety-note':
      return acknowledgementEvents(task, known);
    case 'answer-cancellation':
      return task.status === 'requested' || task.status === 'received'
        ? eventOf(
            { kind: 'referral-cancel', key: `task/${task.id}/requested`, to: owner, from: requester, about: [task] },
            known,
          )
        : answerEvents(task, known);
    case 'resolve-schedule-conflict': {
      if (task.status !== 'requested' && task.status !== 'received' && task.status !== 'completed') return [];
      const act = task.status === 'completed' ? 'completed' : 'requested';
      return eventOf(
        { kind: 'conflict', key: `task/${task.id}/${act}`, to: owner, from: undefined, about: [task] },
        known,
      );
    }
    // The note itself goes with its acknowledgement; that a decision is asked, of whom and by when, is an act of its own (R16).
    case 'answer-hold-request':
      if (task.status !== 'requested' && task.status !== 'received') return [];
      return eventOf(
        {
          kind: 'escalation',
          key: `task/${task.id}/requested`,
          lane: 'safety',
          to: owner,
          from: requester,
          about: [task, find(task.focus?.reference, known)],
        },
        known,
      );
    case 'review-discharge':
      if (task.status !== 'requested') return [];
      return eventOf(
        { kind: 'escalation', key: `task/${task.id}/requested`, to: owner, from: undefined, about: [task] },
        known,
      );
    default:
      return [];
  }
}

/** The note itself on its way to the owner of the Task, and the person's answer on its way back to the sender of the note. */
function acknowledgementEvents(task: Task, known: Known): OutboxEvent[] {
  const note = find<Communication>(task.focus?.reference, known);
  const from = organization(note?.sender ?? task.requester, known);
  const to = organization(task.owner, known);
  if (note === undefined || note.status === 'entered-in-error') return [];
  // A demand made anew, after the note had been taken back, is another act than the first.
  const noteKey = task.partOf === undefined ? `safety-note/${note.id}` : `safety-note/${note.id}/again/${task.id}`;
  const events = eventOf({ kind: 'safety-note', key: noteKey, lane: 'safety', to, from, about: [note, task] }, known);
  if (task.status === 'accepted' || task.status === 'in-progress' || task.status === 'completed') {
    const key = `task/${task.id}/accepted`;
    events.push(
      ...eventOf({ kind: 'acknowledgement', key, lane: 'safety', to: from, from: to, about: [task, note] }, known),
    );
  }
  if (task.status === 'rejected' || task.status === 'failed') {
    const key = `task/${task.id}/${task.status}`;
    events.push(
      ...eventOf({ kind: 'acknowledgement', key, lane: 'safety', to: from, from: to, about: [task, note] }, known),
    );
  }
  return events;
}

/** States of an appointment that others are told of. A proposal is nobody's booking: it goes with the Task that asks (R04). */
const TOLD_STATES = ['booked', 'cancelled', 'noshow', 'entered-in-error'];

/**
 * What of an appointment concerns others: everything of a dose concerns the programs, a missed session concerns the clinic. Only what an
 * organization owns and booked or changed itself. Rule: R09, H17, issue 3 "SIU".
 */
function appointmentEvents(appointment: Appointment, known: Known): OutboxEvent[] {
  const kind = codeIn(APPOINTMENT_KIND, appointment.appointmentType);
  const { status } = appointment;
  const from = known.context.owner;
  if (kind === undefined || from === undefined || !TOLD_STATES.includes(status)) return [];
  const isDose = kind === 'dose' || kind === 'recovery';
  if (!isDose && status === 'booked') return [];
  const others = [...treating(known)].filter((each) => each !== from);
  const concerned = others.filter((each) => {
    const levels =
      known.partners.find((partner) => partner.organization === each)?.programs.map((p) => p.levelOfCare) ?? [];
    if (isOutpatient(levels)) return isDose && status === 'noshow';
    return isDose ? !levels.includes('dosing') : levels.includes('dosing');
  });
  return concerned.flatMap((to) =>
    appointmentKeys(appointment, known).flatMap((key) =>
      eventOf({ kind: 'appointment', key, to, from, about: [appointment] }, known),
    ),
  );
}

/**
 * The acts that led to how it stands now. A change of a booking is told after the booking, which is an act of its own and told once: a
 * longer dose reaches further into the group behind it (R01).
 */
function appointmentKeys({ id, status, start = '' }: Appointment, { context }: Known): string[] {
  const { moved = false, before = 0, modified = 0, trigger } = context.turn ?? {};
  // Booked, moved away and moved back again are three acts, though the first and the last look alike.
  const which = before === 0 ? id : `${id}~${before}`;
  if (status === 'booked') {
    const booked = `appointment/${which}/${moved ? 'rescheduled' : 'booked'}/${start}`;
    return modified === 0 ? [booked] : [booked, `appointment/${which}/modified/${start}/${modified}`];
  }
  const ended = status === 'entered-in-error' ? 'deleted' : trigger === 'SIU^S16' ? 'discontinued' : status;
  return [`appointment/${which}/${ended}`];
}

/** Organizations with an open episode or on an active care team, as the facts show them. */
function treating(known: Known): Set<string> {
  const found = new Set<string>();
  const add = (reference: Reference | undefined) => {
    const id = organization(reference, known);
    if (id !== undefined) found.add(id);
  };
  for (const each of known.facts) {
    if (each.resourceType === 'EpisodeOfCare') add((each as EpisodeOfCare).managingOrganization);
    if (each.resourceType === 'CareTeam') for (const { member } of (each as CareTeam).participant ?? []) add(member);
  }
  return found;
}

function patientOf(appointment: Appointment): string | undefined {
  return appointment.participant.map((each) => each.actor?.reference).find((each) => each?.startsWith('Patient/'));
}
