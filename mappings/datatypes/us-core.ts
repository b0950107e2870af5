import type { Segment } from '../../src/hl7/tree.ts';
import { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { identifierType } from './identifier.ts';
import { humanName } from './person.ts';

const CDCREC = 'urn:oid:2.16.840.1.113883.6.238';
const NULL_FLAVOR = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';
const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-';

const RACES: Readonly<Record<string, string>> = {
  '1002-5': 'American Indian or Alaska Native',
  '2028-9': 'Asian',
  '2054-5': 'Black or African American',
  '2076-8': 'Native Hawaiian or Other Pacific Islander',
  '2106-3': 'White',
};
const ETHNICITIES: Readonly<Record<string, string>> = {
  '2135-2': 'Hispanic or Latino',
  '2186-5': 'Non Hispanic or Latino',
};
/** Table 0189, used before the CDC codes. */
const OLD_ETHNICITY: Readonly<Record<string, string>> = { H: '2135-2', N: '2186-5' };

const UNKNOWN: Readonly<Record<string, readonly [string, string]>> = {
  U: ['UNK', 'unknown'],
  UNK: ['UNK', 'unknown'],
  ASKU: ['ASKU', 'asked but unknown'],
};

/** PID-10, all repetitions in one extension; a code outside OMB's five travels as detailed or in words. Rule: US Core 5.0.1 race. */
export function usCoreRace(segment: Segment, scope: Scope): Json | undefined {
  return demographic(segment, 10, 'race', RACES, {}, scope);
}

/** PID-22. Rule: US Core 5.0.1 ethnicity. */
export function usCoreEthnicity(segment: Segment, scope: Scope): Json | undefined {
  return demographic(segment, 22, 'ethnicity', ETHNICITIES, OLD_ETHNICITY, scope);
}

function demographic(
  segment: Segment,
  field: number,
  kind: 'race' | 'ethnicity',
  categories: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
  scope: Scope,
): Json | undefined {
  scope.place(segment, field);
  const inner: Json[] = [];
  const shown: string[] = [];
  for (const repetition of segment.repetitions(field)) {
    const node = new Node(repetition);
    const stated = node.get(1);
    const code = stated === undefined ? undefined : (old[stated] ?? stated);
    const category = code === undefined ? undefined : categories[code];
    const unknown = code === undefined ? undefined : UNKNOWN[code];
    const text = node.get(9) ?? node.get(2) ?? category ?? unknown?.[1] ?? stated;
    if (text === undefined) continue;
    shown.push(text);
    if (category !== undefined && !(kind === 'ethnicity' && inner.length > 0)) {
      inner.push({ url: 'ombCategory', valueCoding: { system: CDCREC, code: code!, display: category } });
    } else if (unknown !== undefined && kind === 'race' && inner.length === 0) {
      inner.push({ url: 'ombCategory', valueCoding: { system: NULL_FLAVOR, code: unknown[0], display: unknown[1] } });
    } else if (code !== undefined && /^\d{4}-\d$/.test(code)) {
      inner.push({ url: 'detailed', valueCoding: { system: CDCREC, code, display: text } });
    } else if (code !== undefined)
      scope.issue('map.code-unmapped', `not a CDC ${kind} code; its words are kept`, 'information');
  }
  if (shown.length === 0) return undefined;
  return { url: `${US_CORE}${kind}`, extension: [...inner, { url: 'text', valueString: shown.join(', ') }] };
}

/** PID-7 with a time of day: the moment of birth, beside the date. */
export const birthTime: DataMap = {
  name: 'DTM[birthTime]',
  parts: [1],
  read: (node, scope) => {
    const text = node.text;
    if (text === undefined || text.replace(/[+-].*$/, '').length <= 8) return undefined;
    const time = scope.time(text, 'dateTime');
    if (time === undefined) return undefined;
    const value = typeof time === 'string' ? time : time.value;
    return { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: value }] };
  },
};

/** PID-19: an SSN is an identifier like others, and never a key. Rule: H7. */
export const ssn: DataMap = {
  name: 'ST[Identifier-SSN]',
  parts: [1],
  read: (node) => {
    const value = node.text;
    return value === undefined
      ? undefined
      : ({ type: identifierType('SS'), system: 'http://hl7.org/fhir/sid/us-ssn', value } as unknown as Json);
  },
};

/** PID-9: an alias is a nickname unless its sender says what kind of name it is. */
export const alias: DataMap = {
  name: 'XPN[HumanName]',
  parts: [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14],
  read: (node, scope) => {
    const name = humanName(node, scope);
    return name === undefined ? undefined : ({ use: 'nickname', ...name } as unknown as Json);
  },
};
