import type { CodeableConcept, ServiceRequest, Task } from '@medplum/fhirtypes';
import { jsonHash } from '../fhir/canonical.ts';
import { codeIn, HL7_TASK_CODE, LEVEL_OF_CARE, TASK_CODE, TASK_PART, type TaskPart } from '../model/codes.ts';
import { hubExtension } from '../model/systems.ts';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
/** Esketamine nasal spray (SCDF, SBDF) and racemic ketamine. Rule: DOMAIN B4. */
const DOSING_DRUGS = ['2201623', '2201625', '6130'];

const AUTHORIZATION = hubExtension('authorization');

/** The Task that carries a referral: hub code `accept-referral` or HL7 `fulfill`, about a ServiceRequest. */
export function isReferralTask(task: Task): boolean {
  const coded =
    codeIn(TASK_CODE, task.code) === 'accept-referral' ||
    (task.code?.coding ?? []).some((each) => each.system === HL7_TASK_CODE && each.code === 'fulfill');
  return coded && task.focus?.reference?.startsWith('ServiceRequest/') === true;
}

/** A ServiceRequest which asks for ketamine or esketamine by its own codes, whoever performs it. */
export function asksForDosing(request: ServiceRequest): boolean {
  const concepts = [request.code, request.performerType, ...(request.category ?? []), ...(request.orderDetail ?? [])];
  return concepts.some((each) => codeIn(LEVEL_OF_CARE, each) === 'dosing' || namesDrug(each));
}

function namesDrug(concept: CodeableConcept | undefined): boolean {
  return (concept?.coding ?? []).some((each) => each.system === RXNORM && DOSING_DRUGS.includes(each.code ?? ''));
}

/**
 * True once the hub let the referral go. Until then its receiver is nobody to the patient: no delivery, no visibility.
 * Only the hub writes this output (write rules of Task). Rule: R10, H18.
 */
export const isReleased = (task: Task): boolean => outputOf(task, 'released-at') !== undefined;

/**
 * Fingerprint of what a referral asks for, as it stood when it left (`released-content` on the Task). Another fingerprint later is a
 * modification the receiver must hear of; an answer of the receiver (its own number) is none.
 */
export function contentOf(request: ServiceRequest): string {
  const { code, orderDetail, priority, performer, reasonCode, reasonReference, insurance, supportingInfo, note } =
    request;
  const { occurrenceDateTime, occurrencePeriod, occurrenceTiming, category, quantityQuantity } = request;
  const asked = {
    code,
    orderDetail,
    priority,
    performer,
    reasonCode,
    reasonReference,
    insurance,
    supportingInfo,
    note,
  };
  // Absent where no payer said anything, so that referrals without one keep their fingerprint.
  const authorization = request.extension?.filter(({ url }) => url === AUTHORIZATION);
  return jsonHash({
    ...asked,
    ...(authorization !== undefined && authorization.length > 0 && { authorization }),
    occurrenceDateTime,
    occurrencePeriod,
    occurrenceTiming,
    category,
    quantityQuantity,
  }).slice(0, 16);
}

/** Extension on the `released-at` output. */
export const RELEASED_CONTENT = hubExtension('released-content');

/** The fingerprint under which the referral left; undefined: none was kept. */
export const releasedContent = (task: Task): string | undefined =>
  outputOf(task, 'released-at')?.extension?.find((each) => each.url === RELEASED_CONTENT)?.valueString;

export function outputOf(task: Task, part: TaskPart) {
  return task.output?.find((each) => codeIn(TASK_PART, each.type) === part);
}

export function inputOf(task: Task, part: TaskPart) {
  return task.input?.find((each) => codeIn(TASK_PART, each.type) === part);
}

export const outputsOf = (task: Task, part: TaskPart) =>
  (task.output ?? []).filter((each) => codeIn(TASK_PART, each.type) === part);
