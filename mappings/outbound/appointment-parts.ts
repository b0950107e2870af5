import type { Appointment, AppointmentParticipant, Identifier, Task } from '@medplum/fhirtypes';
import { issues } from '../../src/mapping/outbound/assigner.ts';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { bestIdentifier, identifierType, partyAt, xcn } from '../../src/mapping/outbound/people.ts';
import { type FieldValue, first, type OutRow, type SegmentPlan, type Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { minutesBetween, v2Time } from '../../src/mapping/outbound/time.ts';
import { dtm, ei, trimmed } from '../../src/mapping/outbound/writers.ts';
import { ownEntry } from '../../src/mapping/own-entry.ts';
import { codeIn, SESSION_IDENTIFIER, TASK_PART } from '../../src/model/codes.ts';
import { PERSON_NAME } from '../../src/model/systems.ts';
import { placeOf } from './location-pl.ts';

export const appointmentOf = ({ Appointment: entry }: Subject): Appointment => (entry?.value ?? {}) as Appointment;

const isOf = (type: string) => (identifier: Identifier) =>
  identifier.type?.coding?.some(({ code }) => code === type) ?? false;

/** An appointment number of one kind; the session's own number is none of a single appointment. */
function numberOf(
  subject: Subject,
  wanted: (identifier: Identifier) => boolean,
  writing: Writing,
): FieldValue | undefined {
  const list = appointmentOf(subject).identifier ?? [];
  const index = list.findIndex((one) => one.system !== SESSION_IDENTIFIER && wanted(one));
  if (index < 0) return undefined;
  const path = `${subject.Appointment?.path}.identifier[${index}]`;
  const written = ei.write({ value: list[index], path }, writing);
  if (written === undefined) return undefined;
  writing.carried(path);
  return [written];
}

export const placerNumber = (subject: Subject, writing: Writing) => numberOf(subject, isOf('PLAC'), writing);

/** The owner's number; without one the hub's id, which names the same appointment for ever. */
export function fillerNumber(subject: Subject, writing: Writing): FieldValue | undefined {
  const own = numberOf(subject, isOf('FILL'), writing) ?? numberOf(subject, (one) => !isOf('PLAC')(one), writing);
  const { id } = appointmentOf(subject);
  return own ?? (id === undefined ? undefined : [[id, 'HANDOFF']]);
}

/**
 * SCH-4 ties the members of a group session. Only who owns the roster may see it: to anybody else the shared number would tell which
 * other patients sit in the same group. Rule: H5, DOMAIN B3.
 */
export function groupNumber(subject: Subject, writing: Writing): FieldValue | undefined {
  const list = appointmentOf(subject).identifier ?? [];
  const index = list.findIndex(({ system }) => system === SESSION_IDENTIFIER);
  if (index < 0) return undefined;
  const path = `${subject.Appointment?.path}.identifier[${index}]`;
  const isOwner = list.some(({ system }) => issues(writing.partner, system));
  if (!isOwner) {
    writing.issue(
      'render.group-withheld',
      'information',
      path,
      'the session number goes to the owner of the roster only',
    );
    writing.carried(path);
    return undefined;
  }
  writing.carried(path);
  return [trimmed([list[index]?.value ?? '', 'HANDOFF'])];
}

export function duration(subject: Subject): FieldValue | undefined {
  const { minutesDuration, start, end } = appointmentOf(subject);
  const minutes =
    minutesDuration ?? (start === undefined || end === undefined ? undefined : minutesBetween(start, end));
  return minutes === undefined ? undefined : [[`${minutes}`]];
}

export const durationUnit = (subject: Subject): FieldValue | undefined =>
  duration(subject) === undefined ? undefined : [['min', 'minutes', 'UCUM']];

/** Start and end as components 4 and 5 of the quantity/timing field, or as a range. */
export function interval(at: number): (subject: Subject, writing: Writing) => FieldValue | undefined {
  return (subject, { endpoint, partner }) => {
    const withOffset = endpoint.dialect?.offset !== false;
    const { start, end } = appointmentOf(subject);
    const [from, to] = [start, end].map((text) =>
      text === undefined ? '' : (v2Time(text, partner.zone, withOffset)?.text ?? ''),
    );
    return from === '' ? undefined : [trimmed([...Array<string>(at).fill(''), from ?? '', to ?? ''])];
  };
}

/** TQ1 took over from the timing field in 2.5. */
export const TIMING_TQ1: SegmentPlan = {
  segment: 'TQ1',
  each: ({ focus }) => (element(focus, 'start') === undefined ? [] : [{ Appointment: focus }]),
  rows: [
    { to: 'TQ1-1', give: () => [['1']] },
    { to: 'TQ1-7', from: 'Appointment.start', as: first(dtm) },
    { to: 'TQ1-8', from: 'Appointment.end', as: first(dtm) },
  ],
  since: '2.5',
};

/** The appointment a message is about: the focus, a proposed one, or the first time that a Task proposes. */
export function proposalOrFocus(scene: Scene): Entry | undefined {
  if (scene.focus.value.resourceType === 'Appointment') return scene.focus;
  const proposed = scene.all('Appointment').find(({ value }) => (value as Appointment).status === 'proposed');
  return (
    proposed ??
    scene
      .all('Task')
      .map(proposedBy)
      .find((one) => one !== undefined)
  );
}

function proposedBy({ value, path }: Entry): Entry | undefined {
  const { id, input = [] } = value as Task;
  const index = input.findIndex(
    ({ type, valuePeriod }) => codeIn(TASK_PART, type) === 'proposal' && valuePeriod !== undefined,
  );
  const { start, end } = input[index]?.valuePeriod ?? {};
  if (start === undefined || end === undefined) return undefined;
  const appointment: Appointment = { resourceType: 'Appointment', status: 'proposed', start, end, participant: [] };
  return { value: { ...appointment, ...(id !== undefined && { id }) }, path: `${path}.input[${index}].valuePeriod` };
}

/** Participants of one kind, with what their references lead to. */
function participants(scene: Scene, parent: Subject, types: readonly string[]): readonly Subject[] {
  const entry = parent.Appointment as Entry;
  return appointmentOf(parent).participant.flatMap((value, index) => {
    if (!types.includes(actorType(value)) || isContact(value)) return [];
    const path = `${entry.path}.participant[${index}]`;
    return [{ participant: { value, path }, Appointment: entry, ...partyAt(scene, value.actor) }];
  });
}

/**
 * What kind of resource takes part. One known by name only is a person where its role is one of a person, else a general resource: a
 * machine must not arrive as somebody.
 */
function actorType({ actor, type }: AppointmentParticipant): string {
  const stated = actor?.reference?.split('/')[0] ?? actor?.type;
  if (stated !== undefined) return stated;
  if (actor?.display === undefined) return '';
  if (actor.extension?.some(({ url }) => url === PERSON_NAME)) return 'Practitioner';
  const isPerson = (type ?? []).some(({ coding }) =>
    coding?.some(({ system }) => system?.endsWith('ParticipationType')),
  );
  return isPerson ? 'Practitioner' : 'Device';
}

const setId = (segment: string): OutRow => ({ to: `${segment}-1`, give: (_, { index }) => [[`${index}`]] });

/** When, how long and in which state a resource is booked: the same four fields at different numbers. */
function booked(segment: string, start: number, status: number): readonly OutRow[] {
  return [
    { to: `${segment}-${start}`, from: 'participant.period.start', as: first(dtm) },
    {
      to: `${segment}-${start}`,
      give: (subject, writing) => (hasOwnPeriod(subject) ? undefined : startOf(subject, writing)),
      type: 'TS',
    },
    { to: `${segment}-${start + 3}`, give: duration },
    { to: `${segment}-${start + 4}`, give: durationUnit, type: 'CWE' },
    { to: `${segment}-${status}`, from: 'participant.status', as: first(participantStatus()) },
  ];
}

const hasOwnPeriod = ({ participant }: Subject): boolean =>
  (participant?.value as { period?: { start?: string } } | undefined)?.period?.start !== undefined;

function startOf(subject: Subject, writing: Writing): FieldValue | undefined {
  const { start } = appointmentOf(subject);
  const written = start === undefined ? undefined : dtm.write({ value: start, path: '' }, writing);
  return written === undefined ? undefined : [written];
}

/** Participation status → table 0278. */
const PARTICIPATION: Readonly<Record<string, string>> = {
  accepted: 'Booked',
  tentative: 'Pending',
  'needs-action': 'Pending',
  declined: 'Cancelled',
};

function participantStatus() {
  return {
    type: 'CWE',
    uses: ['*'],
    write: ({ value }: Found) => {
      const written = ownEntry(PARTICIPATION, `${value}`);
      return written === undefined ? undefined : [written, written, 'HL70278'];
    },
  };
}

const AIS: SegmentPlan = {
  segment: 'AIS',
  each: (_, parent) => [parent],
  rows: [
    setId('AIS'),
    { to: 'AIS-2', give: () => [['A']] },
    { to: 'AIS-3', from: 'Appointment.serviceType', as: first(cwe()) },
    { to: 'AIS-3', give: unnamedService, type: 'CWE' },
    { to: 'AIS-4', from: 'Appointment.start', as: first(dtm) },
    { to: 'AIS-7', give: duration, carries: ['Appointment.minutesDuration'] },
    { to: 'AIS-8', give: durationUnit, type: 'CWE' },
  ],
};

/** AIS-3 may not be empty; a service nobody named is said to be an appointment and nothing more. */
function unnamedService(subject: Subject): FieldValue | undefined {
  return (appointmentOf(subject).serviceType ?? []).length > 0
    ? undefined
    : [['appointment', 'Appointment', '99HANDOFF']];
}

const AIG: SegmentPlan = {
  segment: 'AIG',
  each: (scene, parent) => participants(scene, parent, ['Device', 'HealthcareService']),
  rows: [
    setId('AIG'),
    { to: 'AIG-2', give: () => [['A']] },
    { to: 'AIG-3', give: resourceName, type: 'CWE', carries: ['participant.actor'] },
    { to: 'AIG-4', from: 'participant.type', as: first(cwe()) },
    ...booked('AIG', 8, 14),
  ],
};

const AIL: SegmentPlan = {
  segment: 'AIL',
  each: (scene, parent) => participants(scene, parent, ['Location']),
  rows: [
    setId('AIL'),
    { to: 'AIL-2', give: () => [['A']] },
    { to: 'AIL-3', give: resourcePlace, type: 'PL', carries: ['participant.actor'] },
    { to: 'AIL-4', give: () => [['', 'Location']], type: 'CWE' },
    ...booked('AIL', 6, 12),
  ],
};

const AIP: SegmentPlan = {
  segment: 'AIP',
  each: (scene, parent) => participants(scene, parent, ['Practitioner', 'PractitionerRole']),
  rows: [
    setId('AIP'),
    { to: 'AIP-2', give: () => [['A']] },
    { to: 'AIP-3', from: 'participant.actor', as: first(xcn) },
    { to: 'AIP-4', from: 'participant.type', as: first(cwe()) },
    { to: 'AIP-4', give: unnamedRole, type: 'CWE' },
    ...booked('AIP', 6, 12),
  ],
  also: ['participant.required'],
};

function unnamedRole({ participant }: Subject): FieldValue | undefined {
  const { type } = (participant?.value ?? {}) as { type?: unknown[] };
  return type === undefined ? [['', 'Practitioner']] : undefined;
}

function nameOf({ participant }: Subject, writing: Writing): string {
  const { actor } = (participant?.value ?? {}) as { actor?: { display?: string } };
  const target = writing.scene.at(actor);
  const name = element(target, 'name');
  if (typeof name !== 'string') return actor?.display ?? '';
  writing.carried(`${target?.path}.name`);
  return name;
}

function resourcePlace({ participant }: Subject, writing: Writing): FieldValue | undefined {
  const { actor } = (participant?.value ?? {}) as AppointmentParticipant;
  const written = placeOf(actor, writing);
  return written === undefined ? undefined : [written];
}

function resourceName(subject: Subject, writing: Writing): FieldValue | undefined {
  const { actor } = (subject.participant?.value ?? {}) as { actor?: { reference?: string } };
  const target = writing.scene.at(actor);
  const identifier = bestIdentifier((element(target, 'identifier') as Identifier[] | undefined) ?? [], writing);
  const name = nameOf(subject, writing);
  if (identifier?.value === undefined) return name === '' ? undefined : [['', name]];
  return [trimmed([identifier.value, name, identifierType(identifier)])];
}

/** The resources of one appointment. Patients are not among them: they stand in PID, and only the one whose message this is. */
export const RESOURCES_RGS: SegmentPlan = {
  segment: 'RGS',
  each: (scene) => [{ Appointment: proposalOrFocus(scene) }],
  rows: [setId('RGS'), { to: 'RGS-2', give: () => [['A']] }],
  followedBy: [AIS, AIG, AIL, AIP],
};

/** What the inbound map calls the persons of SCH-12 and SCH-16: they are asked, they do not attend. */
const CONTACTS = ['Placer contact', 'Filler contact'] as const;

const isContact = ({ type }: AppointmentParticipant, of: readonly string[] = CONTACTS): boolean =>
  (type ?? []).some(({ text }) => text !== undefined && of.includes(text));

/** The person its source named as contact of one side. */
export const namedContact =
  (side: (typeof CONTACTS)[number]) =>
  (subject: Subject, writing: Writing): FieldValue | undefined => {
    const { participant } = appointmentOf(subject);
    const index = participant.findIndex((each) => isContact(each, [side]));
    const path = `${subject.Appointment?.path}.participant[${index}]`;
    const written = index < 0 ? undefined : xcn.write({ value: participant[index]?.actor, path }, writing);
    if (written === undefined) return undefined;
    writing.carried(path);
    return [written];
  };

/** Who books: the contact, else whoever the release names; else the hub, since the field may not be empty. */
export function contact(subject: Subject, writing: Writing): FieldValue {
  const stated = namedContact('Filler contact')(subject, writing);
  if (stated !== undefined) return stated;
  for (const { actor } of appointmentOf(subject).participant) {
    if (!/^Practitioner(Role)?\//.test(actor?.reference ?? '')) continue;
    const written = xcn.write({ value: actor, path: `${subject.Appointment?.path}` }, writing);
    if (written !== undefined) return [written];
  }
  return [['', 'HANDOFF']];
}
