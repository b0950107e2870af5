import type { Extension, Reference, Task } from '@medplum/fhirtypes';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { type Entry, element, pointsAt, type Scene, theOne } from '../../src/mapping/outbound/scene.ts';
import { REQUESTED_ACTION, SAFETY_CLASS } from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { codingOf } from './hub-coding.ts';

/** The Communication this document is, if the event is about one. */
export function noteOf(scene: Scene): Entry | undefined {
  return scene.focus.value.resourceType === 'Communication' ? scene.focus : theOne(scene, 'Communication');
}

/** The obligation of the receiving organization, else the first that points at the note. */
export function taskOf(scene: Scene): Entry | undefined {
  if (scene.focus.value.resourceType === 'Task') return scene.focus;
  const note = noteOf(scene) ?? scene.focus;
  const tasks = scene.all('Task').filter((task) => pointsAt(element(task, 'focus'), note));
  const own = tasks.find((task) => isOwnedBy(scene, task.value as Task));
  return own ?? tasks[0] ?? (scene.event.kind === 'escalation' ? unansweredOf(scene, note)[0] : undefined);
}

/** What an escalation says is not answered; several are of one note, one owner and one deadline. */
export function unansweredOf(scene: Scene, note: Entry): readonly Entry[] {
  const about = (element(note, 'about') ?? []) as Reference[];
  return about.flatMap((one) => scene.at(one) ?? []).filter((one) => one.value.resourceType === 'Task');
}

function isOwnedBy(scene: Scene, task: Task): boolean {
  const organization = `Organization/${scene.partner.organization}`;
  if (task.owner?.reference === organization) return true;
  const role = scene.at(task.owner);
  return (element(role, 'organization') as { reference?: string } | undefined)?.reference === organization;
}

interface Parts {
  readonly note: Entry | undefined;
  readonly task: Entry | undefined;
}

/** Safety class: the obligation's, which may have been raised, before the note's. */
export const CLASS = ({ note, task }: Parts): Found | undefined =>
  codingOf(task, SAFETY_CLASS.system) ?? codingOf(note, SAFETY_CLASS.system);

export const REQUEST = ({ note, task }: Parts): Found | undefined =>
  codingOf(note, REQUESTED_ACTION.system) ?? codingOf(task, REQUESTED_ACTION.system);

/** The parts of a document: the note, the obligation, and whatever the event is about. */
export function documentParts(scene: Scene): Subject {
  return { Communication: noteOf(scene), Task: taskOf(scene), focus: scene.focus };
}

const OBSERVED = hubExtension('observed');

/** When it was seen, which is not when it was written down. */
export function observedAt(note: Entry | undefined): { readonly value: string; readonly path: string } | undefined {
  const extensions = (element(note, 'extension') ?? []) as Extension[];
  const at = extensions.findIndex(({ url }) => url === OBSERVED);
  const value = extensions[at]?.extension?.find(({ url }) => url === 'at')?.valueDateTime;
  return value === undefined ? undefined : { value, path: `${note?.path}.extension[${at}]` };
}
