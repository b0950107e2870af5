import type { Appointment, DetectedIssue } from '@medplum/fhirtypes';
import type { Writing } from '../../src/mapping/outbound/row.ts';
import type { Entry } from '../../src/mapping/outbound/scene.ts';
import { ownIdentifier } from './document-id.ts';
import { conceptText, periodText } from './task-text.ts';

/**
 * A detected issue in words. The other side's appointments appear as times and nothing else: what, where and with whom they are is
 * not this reader's. Rule: issue 2 step 5, H5.
 */
export function issueLines(entry: Entry, writing: Writing): readonly string[] {
  const issue = entry.value as DetectedIssue;
  const { zone } = writing.partner;
  const told = (name: string) => writing.carried(`${entry.path}.${name}`);
  const lines = [conceptText(issue.code), issue.detail ?? ''];
  told('code');
  told('detail');
  if (issue.identifiedPeriod !== undefined) {
    lines.push(`When: ${periodText(issue.identifiedPeriod, zone)}`);
    told('identifiedPeriod');
  }
  for (const [index, reference] of (issue.implicated ?? []).entries()) {
    const target = writing.scene.at(reference);
    if (target?.value.resourceType !== 'Appointment') continue;
    const { start, end } = target.value as Appointment;
    if (start === undefined || end === undefined) continue;
    const name = ownIdentifier(target, writing) === undefined ? 'The other side is busy' : 'Own appointment';
    lines.push(`${name}: ${periodText({ start, end }, zone)}`);
    told(`implicated[${index}]`);
    writing.carried(`${target.path}.start`);
    writing.carried(`${target.path}.end`);
  }
  for (const [index, { action, date }] of (issue.mitigation ?? []).entries()) {
    lines.push(`Resolved: ${conceptText(action)}${date === undefined ? '' : `, ${periodText({ start: date }, zone)}`}`);
    told(`mitigation[${index}]`);
  }
  return lines.filter((line) => line !== '');
}
