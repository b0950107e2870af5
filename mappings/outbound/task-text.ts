import type { Task } from '@medplum/fhirtypes';
import { partyText, sayParty } from '../../src/mapping/outbound/people.ts';
import type { Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element } from '../../src/mapping/outbound/scene.ts';
import { readableTime } from '../../src/mapping/outbound/time.ts';
import { BUSINESS_STATUS, type BusinessStatus, codeIn, TASK_CODE, TASK_PART } from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';

const REASON = hubExtension('reason');

type Part = NonNullable<Task['output']>[number] | NonNullable<Task['input']>[number];

/** Of a conflict that is over: times that were free or taken then would be read as standing. */
const OFFERS: readonly string[] = ['busy-interval', 'proposal', 'no-free-time'];

/** Nobody waits for an answer any more. */
export const isClosed = (task: Task | undefined): boolean =>
  task !== undefined && ['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error'].includes(task.status);

/**
 * What became of an obligation, in words: who answered, when, with what. A state that no named person caused reads so: "delivered"
 * is never worded as "acknowledged". Rule: H2.
 */
export function taskLines(entry: Entry, writing: Writing): readonly string[] {
  const task = entry.value as Task;
  const status = codeIn(BUSINESS_STATUS, task.businessStatus);
  const code = codeIn(TASK_CODE, task.code);
  const lines = [
    code === undefined ? '' : `Task: ${TASK_CODE.codes[code]}`,
    `Status: ${statusText(task, status)}`,
    task.statusReason === undefined ? '' : `Reason: ${conceptText(task.statusReason)}`,
  ];
  writing.carried(`${entry.path}.status`);
  if (status !== undefined) writing.carried(`${entry.path}.businessStatus`);
  if (code !== undefined) writing.carried(`${entry.path}.code`);
  if (task.statusReason !== undefined) writing.carried(`${entry.path}.statusReason`);
  for (const name of ['input', 'output'] as const) {
    for (const [index, part] of (task[name] ?? []).entries()) {
      const text = partText(part, writing);
      const about = codeIn(TASK_PART, part.type);
      if (text === undefined || (isClosed(task) && about !== undefined && OFFERS.includes(about))) continue;
      const why = (part.extension ?? []).find(({ url }) => url === REASON)?.valueString;
      const title = partName(part);
      const said = text.toLowerCase() === title.toLowerCase() ? title : `${title}: ${text}`;
      lines.push(`${said}${why === undefined ? '' : ` (${why})`}`);
      writing.carried(`${entry.path}.${name}[${index}]`);
    }
  }
  return lines.filter((line) => line !== '');
}

/** What a person answered stands above what the hub noted on the way ("delivered", "escalated"). */
function statusText(task: Task, status: BusinessStatus | undefined): string {
  const noted = status === 'delivered' || status === 'escalated' || status === 'not-delivered';
  const taken = task.status === 'accepted' || task.status === 'in-progress' || task.status === 'completed';
  const isNote = codeIn(TASK_CODE, task.code) === 'acknowledge-safety-note';
  if (isNote && taken) return BUSINESS_STATUS.codes.acknowledged;
  if (status === undefined || (noted && !['requested', 'received'].includes(task.status))) return task.status;
  return BUSINESS_STATUS.codes[status];
}

function partName(part: Part): string {
  const code = codeIn(TASK_PART, part.type);
  return code === undefined ? conceptText(part.type) : TASK_PART.codes[code];
}

export function conceptText(
  concept: { text?: string; coding?: { display?: string; code?: string }[] } | undefined,
): string {
  return concept?.text ?? concept?.coding?.[0]?.display ?? concept?.coding?.[0]?.code ?? '';
}

function partText(part: Part, writing: Writing): string | undefined {
  const { zone } = writing.partner;
  if (part.valueString !== undefined) return part.valueString;
  if (part.valueDateTime !== undefined) return readableTime(part.valueDateTime, zone);
  if (part.valueInstant !== undefined) return readableTime(part.valueInstant, zone);
  if (part.valueCodeableConcept !== undefined) return conceptText(part.valueCodeableConcept);
  if (part.valueCoding !== undefined) return part.valueCoding.display ?? part.valueCoding.code;
  if (part.valueCode !== undefined) return part.valueCode;
  if (part.valuePeriod !== undefined) return periodText(part.valuePeriod, zone);
  if (part.valueReference !== undefined) return referenceText(part.valueReference, writing);
  return undefined;
}

function referenceText(reference: { reference?: string; display?: string }, writing: Writing): string | undefined {
  const target = writing.scene.at(reference);
  const start = element(target, 'start');
  const end = element(target, 'end');
  if (typeof start === 'string' && typeof end === 'string') {
    writing.carried(`${target?.path}.start`);
    writing.carried(`${target?.path}.end`);
    return periodText({ start, end }, writing.partner.zone);
  }
  const text = partyText(writing.scene, reference);
  if (text !== '') sayParty(writing, reference);
  return text || undefined;
}

export function periodText({ start, end }: { start?: string; end?: string }, zone: string): string {
  const from = start === undefined ? '' : (readableTime(start, zone) ?? '');
  const to = end === undefined ? '' : (readableTime(end, zone) ?? '');
  return to === '' ? from : `${from} to ${to}`;
}
