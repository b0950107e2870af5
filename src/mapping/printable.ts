import type { Message } from '../hl7/tree.ts';
import type { ElementAssertion } from '../model/assertion.ts';
import type { Json } from '../model/json.ts';

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const CONTROLS = new RegExp(CONTROL, 'g');

/** Whether any text of the message can hold a control character: written as it is, or as an escape. One look at the bytes. */
export function mayHoldControls(message: Message): boolean {
  const { image, delimiters } = message.source;
  return CONTROL.test(image) || (delimiters.escape !== '' && image.includes(`${delimiters.escape}X`));
}

/** A control character, which no FHIR string may hold, shows as the replacement character: nothing closes up over it. Rule: H21. */
export function printable(assertion: ElementAssertion): ElementAssertion {
  return assertion.op === 'delete'
    ? assertion
    : ({ ...assertion, value: cleaned(assertion.value) } as ElementAssertion);
}

function cleaned(value: unknown): Json {
  if (typeof value === 'string') return CONTROL.test(value) ? value.replace(CONTROLS, '\ufffd') : value;
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cleaned(each)]));
}
