import { type Hl7Issue, issue } from './issue.ts';

/**
 * The separators of one message, one character each; '' where the message defines none (then nothing is split on it).
 * `truncation` exists since v2.7. Rule: HL7 v2.9 section 2.5.4.
 */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  readonly truncation: string;
}

export const DEFAULT_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
  truncation: '',
};

/** True for the three segments whose first field is the separator itself. */
export function isHeaderName(name: string): boolean {
  return name === 'MSH' || name === 'FHS' || name === 'BHS';
}

/** Whether a line of the byte image begins a header: its name and then a character that can be a separator. */
export function isHeaderLine(image: string, start: number, end: number): boolean {
  const first = image.charCodeAt(start);
  if (first !== 0x4d && first !== 0x46 && first !== 0x42) return false;
  return end > start + 3 && isHeaderName(image.slice(start, start + 3)) && canSeparate(image.charCodeAt(start + 3));
}

function canSeparate(code: number): boolean {
  if (code <= 0x20 || code === 0x22 || code === 0x7f) return false;
  const isDigit = code >= 0x30 && code <= 0x39;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return !isDigit && !isLetter;
}

let lastText = '';
let lastDelimiters = DEFAULT_DELIMITERS;

/**
 * The separators of the header line that starts at `start`. Missing encoding characters are the recommended ones, with an issue;
 * so is an escape character written twice (`^~\\\\&`, a header that some program escaped once too often) read as one.
 */
export function readDelimiters(
  image: string,
  start: number,
  end: number,
  name: string,
  issues: Hl7Issue[],
): Delimiters {
  const field = image[start + 3]!;
  const next = image.indexOf(field, start + 4);
  const declared = image.slice(start + 4, next < 0 || next > end ? end : next);
  const known = field + declared;
  // Almost every message of a feed has the same five characters; one comparison then replaces the reading.
  if (known === lastText) return lastDelimiters;
  const isDoubled = declared.length === 5 && declared[2] === declared[3];
  const roles = isDoubled ? declared.slice(0, 3) + declared[4] : declared;
  const found: Delimiters = {
    field,
    component: roles[0] ?? '',
    repetition: roles[1] ?? '',
    escape: roles[2] ?? '',
    subcomponent: roles[3] ?? '',
    truncation: roles[4] ?? '',
  };
  if (declared === '') {
    issues.push(issue('warning', 'hl7.delimiters-missing', 'no encoding characters; ^~\\& assumed', `${name}[1]-2`));
    return withoutClash({ ...DEFAULT_DELIMITERS, field });
  }
  if (!isClear(known)) {
    issues.push(
      issue('error', 'hl7.delimiters-ambiguous', 'a delimiter is used twice or cannot delimit', `${name}[1]-2`),
    );
    return withoutClash(found);
  }
  lastText = known;
  lastDelimiters = found;
  return found;
}

function isClear(text: string): boolean {
  if (text.length > 6 || new Set(text).size !== text.length) return false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    // A byte above ASCII may be a part of a character.
    if (code > 0x7f || !canSeparate(code)) return false;
  }
  return true;
}

/** The earlier role keeps a character that is declared twice; one that cannot delimit is none. */
function withoutClash(found: Delimiters): Delimiters {
  const seen = new Set<string>();
  const keep = (char: string): string => {
    if (char === '' || seen.has(char) || !canSeparate(char.charCodeAt(0))) return '';
    seen.add(char);
    return char;
  };
  return {
    field: keep(found.field),
    component: keep(found.component),
    repetition: keep(found.repetition),
    escape: keep(found.escape),
    subcomponent: keep(found.subcomponent),
    truncation: keep(found.truncation),
  };
}

/** MSH-2 as it is written. A role without a character ends it: the roles are positional. */
export function encodingCharacters(delimiters: Delimiters): string {
  let text = '';
  for (const role of ['component', 'repetition', 'escape', 'subcomponent', 'truncation'] as const) {
    const char = delimiters[role];
    if (char === '') break;
    text += char;
  }
  return text;
}
