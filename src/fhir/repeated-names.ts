import { scanJson } from './json-text.ts';

/**
 * Whether an object in a JSON text names a property twice: `JSON.parse` keeps the last and drops the others without a word.
 * `parsed` is what the text gave. Counts: every property has one colon outside of texts. Rule: FHIR R4 json.html, RFC 8259 section 4.
 */
export const repeatsName = (text: string, parsed: unknown): boolean => colonsOf(text) !== propertiesOf(parsed);

function colonsOf(text: string): number {
  let colons = 0;
  scanJson(text, (char) => {
    if (char === 0x3a) colons += 1;
    return undefined;
  });
  return colons;
}

function propertiesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  let properties = Array.isArray(value) ? 0 : members.length;
  for (const member of members) properties += propertiesOf(member);
  return properties;
}
