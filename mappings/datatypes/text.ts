import { Annotated } from '../../src/mapping/annotated.ts';
import type { Node } from '../../src/mapping/node.ts';
import { isReversed } from '../../src/mapping/period.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { TimeKind } from '../../src/mapping/time.ts';

/** ST, IS, ID, NM … as FHIR string: the first leaf. */
export const st: DataMap = { name: 'ST[string]', parts: [1], read: (node) => node.text };

/** TX, FT: the whole text; FHIR strings keep their line breaks, and separators that were not escaped are text. */
/** A value that FHIR types as `code`: no blanks at the ends, single ones inside. */
export function codeText(text: string | undefined): string | undefined {
  return text === undefined || !/\s/.test(text) ? text : text.replace(/\s+/g, ' ');
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/** NM as a JSON number; undefined when it is none. */
export function decimal(text: string | undefined): number | undefined {
  return text !== undefined && NUMBER.test(text) ? Number(text) : undefined;
}

const INT_MAX = 2147483647;

/** A whole number as FHIR's positiveInt or unsignedInt can hold it, not below `least`; undefined for anything else. */
export function whole(text: string | undefined, least: 0 | 1 = 1): number | undefined {
  const value = decimal(text?.trim());
  return value !== undefined && Number.isInteger(value) && value >= least && value <= INT_MAX ? value : undefined;
}

export const nm: DataMap = { name: 'NM[decimal]', parts: [1], read: (node, scope) => number(node, scope, () => true) };
export const integer: DataMap = {
  name: 'NM[integer]',
  parts: [1],
  read: (node, scope) => number(node, scope, Number.isSafeInteger),
};

function number(node: Node, scope: Scope, fits: (value: number) => boolean): number | undefined {
  const text = node.text;
  if (text === undefined) return undefined;
  const value = decimal(text);
  if (value !== undefined && fits(value)) return value;
  scope.issue('map.number-invalid', 'not a number this element can hold');
  return undefined;
}

function timeMap(name: string, kind: TimeKind): DataMap {
  return {
    name,
    parts: [1],
    read: (node, scope) => {
      const text = node.text;
      return text === undefined ? undefined : scope.time(text, kind);
    },
  };
}

export const date = timeMap('DTM[date]', 'date');
export const dateTime = timeMap('DTM[dateTime]', 'dateTime');
export const instant = timeMap('DTM[instant]', 'instant');

/**
 * Puts a time into an object that a composite map builds, with its original text beside it. An end before the start is not put: R4
 * allows no such period (per-1), and one of the two is wrong.
 */
export function putTime(
  into: Record<string, unknown>,
  name: string,
  time: string | Annotated | undefined,
  scope?: Scope,
): void {
  if (time === undefined) return;
  const value = time instanceof Annotated ? time.value : time;
  if (name === 'end' && isReversed(into.start, value)) {
    scope?.issue('map.period-reversed', 'the end is before the start: it is not carried');
    return;
  }
  into[name] = value;
  if (time instanceof Annotated) into[`_${name}`] = { extension: time.extension };
}

/** Table 0136. Anything but Y and N is an issue and no value. */
export const yesNo: DataMap = {
  name: 'ID[boolean]',
  parts: [1],
  read: (node, scope) => {
    const text = node.text?.toUpperCase();
    if (text === undefined) return undefined;
    if (text === 'Y' || text === 'YES' || text === '1' || text === 'TRUE') return true;
    if (text === 'N' || text === 'NO' || text === '0' || text === 'FALSE') return false;
    scope.issue('map.code-unmapped', 'neither Y nor N');
    return undefined;
  },
};

/** PV2-11: days. */
export const lengthOfStay: DataMap = {
  name: 'NM[Quantity-LengthOfStay]',
  parts: [1],
  read: (node, scope) => {
    const value = number(node, scope, (days) => days >= 0);
    return value === undefined ? undefined : { value, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' };
  },
};

/** A value that the row itself decides; the field only has to be there. */
export function fixed(value: string): DataMap {
  return { name: `"${value}"`, parts: 'all', read: () => value };
}
