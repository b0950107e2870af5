import type { Extension, Identifier, ServiceRequest, Task } from '@medplum/fhirtypes';
import { HUB_NAMESPACE } from '../../src/mapping/outbound/assigner.ts';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import {
  every,
  type FieldValue,
  first,
  type OutboundMessage,
  type OutRow,
  refusal,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { type Entry, element, pointsAt, type Scene, theOne } from '../../src/mapping/outbound/scene.ts';
import { readableTime } from '../../src/mapping/outbound/time.ts';
import { dtm, ei, tx } from '../../src/mapping/outbound/writers.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { ALLERGY_AL1 } from './allergy-al1.ts';
import { AUTHORIZATION_AUT } from './authorization-aut.ts';
import { CONDITION_DG1 } from './condition-dg1.ts';
import { COVERAGE_IN1 } from './coverage-in1.ts';
import { GUARANTOR_GT1 } from './guarantor-gt1.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { OBSERVATION_OBX } from './observation-obx.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { PROCEDURE_PR1 } from './procedure-pr1.ts';
import { PROVIDER_PRD } from './provider-prd.ts';
import { RELATIVE_NK1 } from './relative-nk1.ts';
import { REFERRAL_PRIORITY, REFERRAL_STATUS } from './tables.ts';
import { VISIT_PV1, VISIT_PV1_OR_NONE } from './visit-pv1.ts';

/**
 * The authorization and its fulfilment. A request to cancel is a Task about the referral's Task: the loop is known by that Task, even
 * where the request itself was not released.
 */
export function referral(scene: Scene): readonly Subject[] {
  const { focus } = scene;
  const about = focus.value.resourceType === 'Task' ? scene.at(element(focus, 'focus')) : undefined;
  const aborted = about?.value.resourceType === 'Task' ? about : undefined;
  const request = theOne(scene, 'ServiceRequest') ?? scene.at(element(aborted, 'focus'));
  if (aborted !== undefined) return [{ ServiceRequest: request, Task: aborted, abort: focus }];
  if (request === undefined) return [];
  const task =
    focus.value.resourceType === 'Task'
      ? focus
      : scene.all('Task').find((one) => pointsAt(element(one, 'focus'), request));
  return [{ ServiceRequest: request, Task: task }];
}

/** The ServiceRequest of the loop. */
export const requested = (scene: Scene): Found | undefined => referral(scene)[0]?.ServiceRequest;

const isOf = (type: string) => (identifier: Identifier) =>
  identifier.type?.coding?.some(({ code }) => code === type) ?? false;

/** Identifiers of the loop with their places: the request's own, then the task's. */
function loopIdentifiers(subject: Subject): readonly Found[] {
  return ['ServiceRequest', 'Task'].flatMap((name) => {
    const entry = subject[name] as Entry | undefined;
    const list = (element(entry, 'identifier') ?? []) as Identifier[];
    return list.map((value, index) => ({ value, path: `${entry?.path}.identifier[${index}]` }));
  });
}

/**
 * RF1-6: the originator's key, in its own words, so that an answer finds the loop whatever happened in between. A referral made
 * over FHIR without an identifier goes by the hub's id. Rule: DOMAIN B7 "loop key".
 */
function originatingKey(subject: Subject, writing: Writing): FieldValue {
  const all = loopIdentifiers(subject).filter(({ value }) => !isOf('FILL')(value as Identifier));
  const found = all.find(({ value }) => isOf('PLAC')(value as Identifier)) ?? all[0];
  const written = found === undefined ? undefined : ei.write(found, writing);
  if (found === undefined || written === undefined) {
    const { id } = ((subject.ServiceRequest ?? subject.Task)?.value ?? {}) as ServiceRequest;
    return id === undefined ? [] : [[id, HUB_NAMESPACE]];
  }
  for (const { value, path } of all) {
    if (sameIdentifier(value as Identifier, found.value as Identifier)) writing.carried(path);
  }
  return [written];
}

const sameIdentifier = (a: Identifier, b: Identifier): boolean => a.system === b.system && a.value === b.value;

/** RF1-11: the key the other side gave the loop. */
function externalKeys(subject: Subject, writing: Writing): FieldValue {
  const written: FieldValue[number][] = [];
  const seen = new Set<string>();
  for (const found of loopIdentifiers(subject)) {
    if (!isOf('FILL')(found.value as Identifier)) continue;
    const repetition = ei.write(found, writing);
    const key = JSON.stringify(repetition);
    if (repetition === undefined) continue;
    writing.carried(found.path);
    if (!seen.has(key)) written.push(repetition);
    seen.add(key);
  }
  return written;
}

function withoutTask({ Task: task }: Subject): FieldValue | undefined {
  return task === undefined ? [['P', 'Pending', 'HL70283']] : undefined;
}

const DISPOSITION = hubExtension('referral-disposition');
const isDisposition = (value: unknown) => (value as Extension).url === DISPOSITION;

/** What is to become of the patient after the referral: R4 has no element for it. */
const disposition: Writer = {
  type: 'CWE',
  uses: ['*'],
  write: ({ value, path }, writing) =>
    cwe('0282').write(
      { value: (value as Extension).valueCodeableConcept, path: `${path}.valueCodeableConcept` },
      writing,
    ),
};

export const RF1_ROWS: readonly OutRow[] = [
  { to: 'RF1-1', from: 'Task.status', as: first(tabled(REFERRAL_STATUS, 'CWE')) },
  { to: 'RF1-1', give: withoutTask, type: 'CWE' },
  { to: 'RF1-2', from: 'ServiceRequest.priority', as: first(tabled(REFERRAL_PRIORITY, 'CWE')) },
  { to: 'RF1-3', from: 'ServiceRequest.code', as: first(cwe('0281')) },
  { to: 'RF1-4', from: 'ServiceRequest.extension', only: isDisposition, as: every(disposition) },
  { to: 'RF1-5', from: 'ServiceRequest.category', as: first(cwe('0284')) },
  { to: 'RF1-6', give: originatingKey, type: 'EI', required: true },
  { to: 'RF1-7', from: 'ServiceRequest.occurrencePeriod.start', as: first(dtm) },
  { to: 'RF1-7', from: 'ServiceRequest.occurrenceDateTime', as: first(dtm) },
  { to: 'RF1-8', from: 'ServiceRequest.occurrencePeriod.end', as: first(dtm) },
  { to: 'RF1-9', from: 'ServiceRequest.authoredOn', as: first(dtm) },
  { to: 'RF1-10', from: 'ServiceRequest.reasonCode', as: every(cwe('0336')) },
  { to: 'RF1-11', give: externalKeys, type: 'EI' },
];

/** What other segments, or the fact that the message exists, say. */
export const RF1_ALSO = [
  'ServiceRequest.subject',
  'ServiceRequest.status',
  'ServiceRequest.intent',
  'ServiceRequest.encounter',
  'ServiceRequest.requester', // PRD
  'ServiceRequest.performer', // PRD
  'ServiceRequest.reasonReference', // DG1
  'ServiceRequest.insurance', // IN1
  'ServiceRequest.supportingInfo', // OBX, AL1, DG1; what is neither is listed by itself
  'Task.focus',
  'Task.for',
  'Task.intent',
  'Task.code',
  'Task.requester',
  'Task.owner',
  'Task.priority',
  'Task.encounter',
  'Task.authoredOn',
  'Task.businessStatus',
  'abort.focus',
  'abort.for',
  'abort.intent',
  'abort.code', // the trigger
  'abort.status',
  'abort.requester',
  'abort.owner',
  'abort.authoredOn',
];

/** The observations that go along, under the service they are for. */
const OBSERVED_OBR: SegmentPlan = {
  segment: 'OBR',
  each: (scene) => (scene.all('Observation').length > 0 ? referral(scene) : []),
  rows: [
    { to: 'OBR-1', give: () => [['1']] },
    { to: 'OBR-4', from: 'ServiceRequest.code', as: first(cwe()) },
    { to: 'OBR-4', give: ({ ServiceRequest: request }) => (hasService(request) ? undefined : SUPPORTING), type: 'CWE' },
  ],
  followedBy: [OBSERVATION_OBX],
};

const SUPPORTING: FieldValue = [['supporting', 'Supporting observations', '99HANDOFF']];
const hasService = (request: Found | undefined): boolean =>
  (request?.value as ServiceRequest | undefined)?.code !== undefined;

/**
 * The visit. Without one, a PV1 that says so still stands between results and remarks: a NTE right after an OBX would be read as
 * a remark on that result.
 */
const VISIT_BEFORE_NOTES: SegmentPlan = {
  ...VISIT_PV1_OR_NONE,
  each: (scene, parent) =>
    scene.all('Observation').length > 0 && notesOf(scene).length > 0
      ? VISIT_PV1_OR_NONE.each(scene, parent)
      : VISIT_PV1.each(scene, parent),
};

/** The words of the request. */
const REFERRAL_NOTES: SegmentPlan = {
  segment: 'NTE',
  each: (scene) => notesOf(scene),
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'NTE-3', from: 'note', as: first({ ...tx, type: 'FT' }), required: true },
  ],
};

export function notesOf(scene: Scene): readonly Subject[] {
  const [subject = {}] = referral(scene);
  const request = subject.ServiceRequest as Entry | undefined;
  const task = subject.Task as Entry | undefined;
  const notes: Subject[] = [];
  for (const entry of [request, task]) {
    const list = (element(entry, 'note') ?? []) as { text?: string }[];
    for (const [index, { text: words }] of list.entries()) {
      if (words !== undefined) notes.push({ note: { value: words, path: `${entry?.path}.note[${index}].text` } });
    }
  }
  const instruction = (request?.value as ServiceRequest | undefined)?.patientInstruction;
  if (instruction !== undefined)
    notes.push({ note: { value: instruction, path: `${request?.path}.patientInstruction` } });
  const description = (task?.value as Task | undefined)?.description;
  if (description !== undefined) notes.push({ note: { value: description, path: `${task?.path}.description` } });
  const asked = (subject.abort ?? task) as Entry | undefined;
  const deadline = (asked?.value as Task | undefined)?.restriction?.period?.end;
  const by = deadline === undefined ? undefined : readableTime(deadline, scene.partner.zone);
  if (by !== undefined)
    notes.push({ note: { value: `Answer by: ${by}`, path: `${asked?.path}.restriction.period.end` } });
  return notes;
}

/** ServiceRequest + Task → REF. I13 and I14 carry the whole referral again, as the structure wants. Rule: DOMAIN C1 REF. */
export const REFERRAL_REF = (event: 'I12' | 'I13' | 'I14' | 'I15'): OutboundMessage => ({
  focus: ['ServiceRequest', 'Task'],
  trigger: () => ({ type: 'REF', event, structure: 'REF_I12' }),
  refuse: (scene) =>
    referral(scene).length === 0
      ? refusal('render.referral-absent', 'no ServiceRequest was released', scene.focus.path)
      : undefined,
  segments: [
    { segment: 'RF1', required: true, each: referral, rows: RF1_ROWS, also: RF1_ALSO },
    AUTHORIZATION_AUT(requested),
    PROVIDER_PRD,
    PATIENT_PID,
    RELATIVE_NK1,
    GUARANTOR_GT1,
    COVERAGE_IN1,
    CONDITION_DG1,
    ALLERGY_AL1,
    PROCEDURE_PR1,
    OBSERVED_OBR,
    VISIT_BEFORE_NOTES,
    REFERRAL_NOTES,
    NOTICE_NTE,
  ],
});
