import { dateRange } from '../search-ranges.ts';

/** Why a JSON value is not of a primitive type; `undefined` when it is. Never repeats the value. */
export type PrimitiveTest = (value: unknown) => string | undefined;

const STRING_MAX_BYTES = 1024 * 1024;
const YEAR = '(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)';
const DATE = new RegExp(`^${YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?$`);
const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?';
const ZONE = '(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))';
const FULL_DATE = `${YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])`;
const INSTANT = new RegExp(`^${FULL_DATE}T${TIME}${ZONE}$`);
const ONLY_TIME = new RegExp(`^${TIME}$`);

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function text(test: (value: string) => boolean, reason: string): PrimitiveTest {
  return (value) => {
    if (typeof value !== 'string') return 'must be a JSON string';
    if (value === '') return 'must not be empty';
    if (!value.isWellFormed()) return 'must be Unicode text';
    return test(value) ? undefined : reason;
  };
}

function pattern(expression: RegExp, reason: string): PrimitiveTest {
  return text((value) => expression.test(value), reason);
}

function integer(min: number, max: number): PrimitiveTest {
  return (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be a JSON integer';
    return value >= min && value <= max ? undefined : `must be between ${min} and ${max}`;
  };
}

function isRealDate(value: string): boolean {
  // A leap second is legal FHIR; the calendar check does not know it.
  return dateRange(value.replace(/:60(?=[.Z+-])/, ':59')) !== undefined;
}

function isPlain(value: string): boolean {
  if (CONTROL.test(value)) return false;
  return value.length <= STRING_MAX_BYTES / 4 || Buffer.byteLength(value) <= STRING_MAX_BYTES;
}

const INTEGER_MAX = 2_147_483_647;
const STRING = text(
  (value) => isPlain(value) && /\S/.test(value),
  'must have a visible character, no control characters and at most 1 MB',
);
const URI = pattern(/^\S*$/, 'must not contain white space');

/** One test per primitive type. Rule: FHIR R4 datatypes.html#primitive. */
export const PRIMITIVES: Readonly<Record<string, PrimitiveTest>> = {
  boolean: (value) => (typeof value === 'boolean' ? undefined : 'must be a JSON boolean'),
  integer: integer(-INTEGER_MAX - 1, INTEGER_MAX),
  unsignedInt: integer(0, INTEGER_MAX),
  positiveInt: integer(1, INTEGER_MAX),
  decimal: (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a JSON number'),
  string: STRING,
  markdown: STRING,
  uri: URI,
  url: URI,
  canonical: URI,
  oid: pattern(/^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/, 'must be urn:oid: and an OID'),
  uuid: pattern(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'must be urn:uuid: and a lower-case UUID',
  ),
  id: pattern(/^[A-Za-z0-9\-.]{1,64}$/, 'must be 1 to 64 letters, digits, hyphens and dots'),
  code: pattern(/^[^\s]+(?:[ \t\n\r][^\s]+)*$/, 'must have no white space but single blanks inside'),
  base64Binary: text((value) => BASE64.test(value.replace(/\s+/g, '')), 'must be base64'),
  date: text((value) => DATE.test(value) && isRealDate(value), 'must be YYYY, YYYY-MM or YYYY-MM-DD, and exist'),
  dateTime: text(
    (value) => (value.length <= 10 ? DATE.test(value) : INSTANT.test(value)) && isRealDate(value),
    'must be a date, or a date and time with seconds and offset, and exist',
  ),
  instant: text(
    (value) => INSTANT.test(value) && isRealDate(value),
    'must be a date and time with seconds and offset, and exist',
  ),
  time: pattern(ONLY_TIME, 'must be hh:mm:ss'),
};
