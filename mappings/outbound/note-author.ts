import type { Extension, Task } from '@medplum/fhirtypes';
import type { Found } from '../../src/mapping/outbound/event.ts';
import { type Entry, element } from '../../src/mapping/outbound/scene.ts';
import { codeIn, TASK_PART } from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';

const AUTHOR = hubExtension('author');

/**
 * Who wrote the document: the person beside the sending organization, else the sender; of a Task the person who answered. The owner of
 * a Task is not its author: nobody may seem to have written what a timer did.
 */
export function authorOf(entry: Entry): Found | undefined {
  const extensions = (element(entry, 'extension') ?? []) as Extension[];
  const at = extensions.findIndex(({ url, valueReference }) => url === AUTHOR && valueReference !== undefined);
  if (at >= 0) return { value: extensions[at]?.valueReference, path: `${entry.path}.extension[${at}]` };
  const sender = element(entry, 'sender');
  if (sender !== undefined) return { value: sender, path: `${entry.path}.sender` };
  const outputs = (element(entry, 'output') ?? []) as NonNullable<Task['output']>;
  const index = outputs.findIndex(({ type }) => codeIn(TASK_PART, type) === 'acknowledged-by');
  const person = outputs[index]?.valueReference;
  return person === undefined ? undefined : { value: person, path: `${entry.path}.output[${index}]` };
}
