import { fhirTime } from '../../src/hl7/time.ts';
import type { Segment } from '../../src/hl7/tree.ts';
import type { Annotated } from '../../src/mapping/annotated.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from './coded.ts';
import { measured, quantity, range, unitOf } from './quantity.ts';
import { decimal, putTime } from './text.ts';

/** The element of value[x] and what goes into it. */
export interface Observed {
  readonly element: string;
  readonly value: Json | Annotated;
}

const ATTACHMENT = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value';

/**
 * One repetition of OBX-5 by the type OBX-2 says. A value that is not of its type is text, with an issue; nothing is dropped.
 * Rule: v2-to-FHIR IG 1.0.0, OBX[Observation]; SN with a separator is a ratio or a range, else a quantity.
 */
export function observed(obx: Segment, repetition: Node, scope: Scope): Observed | undefined {
  const type = (obx.get(2) ?? '').trim().toUpperCase();
  const read = READERS[type];
  const found = read?.(repetition, obx, scope);
  if (found !== undefined) return found;
  const text = repetition.whole;
  if (text === undefined) return undefined;
  if (read !== undefined && !TEXT.has(type)) {
    scope.place(obx, 5);
    scope.issue('map.value-not-of-type', 'the value is not of the type OBX-2 says; it is kept as text');
  }
  return { element: 'valueString', value: text };
}

const TEXT = new Set(['ST', 'TX', 'FT', '']);

type Reader = (node: Node, obx: Segment, scope: Scope) => Observed | undefined;

const unitNode = (obx: Segment): Node | undefined => {
  const element = obx.field(6).repetition(1);
  return element.hasContent ? new Node(element) : undefined;
};

const numeric: Reader = (node, obx, scope) => {
  const text = node.text;
  const value = text === undefined ? undefined : measured(text, unitOf(unitNode(obx), scope));
  return value === undefined ? undefined : { element: 'valueQuantity', value: value as Json };
};

const structured: Reader = (node, obx, scope) => {
  const [comparator, low, separator, high] = [node.get(1), decimal(node.get(2)), node.get(3), decimal(node.get(4))];
  const unit = unitOf(unitNode(obx), scope);
  if (low === undefined) return undefined;
  if (separator === '-' && high !== undefined) {
    const value = range(low, high, unit);
    return value === undefined ? undefined : { element: 'valueRange', value: value as unknown as Json };
  }
  if ((separator === ':' || separator === '/') && high !== undefined) {
    return {
      element: 'valueRatio',
      value: { numerator: quantity(low, unit), denominator: quantity(high, unit) } as unknown as Json,
    };
  }
  if (separator === '+') return { element: 'valueString', value: `${comparator ?? ''}${low}+` };
  if (separator !== undefined) return undefined;
  const known = comparator !== undefined && ['<', '<=', '>', '>='].includes(comparator) ? comparator : undefined;
  if (comparator !== undefined && known === undefined && comparator !== '=') return undefined;
  return { element: 'valueQuantity', value: quantity(low, unit, known) as Json };
};

const coded: Reader = (node, _, scope) => {
  const value = conceptOf(node, scope);
  return value === undefined ? undefined : { element: 'valueCodeableConcept', value: value as unknown as Json };
};

const timed: Reader = (node, _, scope) => {
  const text = node.text;
  const value = text === undefined ? undefined : scope.time(text, 'dateTime');
  return value === undefined ? undefined : { element: 'valueDateTime', value };
};

const clock: Reader = (node) => {
  const value = node.text === undefined ? undefined : fhirTime(node.text);
  return value === undefined ? undefined : { element: 'valueTime', value };
};

const period: Reader = (node, _, scope) => {
  const value: Record<string, unknown> = {};
  const [start, end] = [node.get(1), node.get(2)];
  if (start !== undefined) putTime(value, 'start', scope.time(start, 'dateTime'), scope);
  if (end !== undefined) putTime(value, 'end', scope.time(end, 'dateTime'), scope);
  return Object.keys(value).length === 0 ? undefined : { element: 'valuePeriod', value: value as Json };
};

const numbers: Reader = (node, obx, scope) => {
  const value = range(decimal(node.get(1)), decimal(node.get(2)), unitOf(unitNode(obx), scope));
  return value === undefined ? undefined : { element: 'valueRange', value: value as unknown as Json };
};

const attachment: Reader = (node) => {
  const value = encapsulated(node);
  return value === undefined
    ? undefined
    : { element: 'extension[OBX-5]', value: [{ url: ATTACHMENT, valueAttachment: value }] };
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** ED (source, type, subtype, encoding, data) as Attachment. */
export function encapsulated(node: Node): Json | undefined {
  const data = node.get(5);
  if (data === undefined) return undefined;
  const subtype = node.get(3);
  const contentType = mime(node.get(2), subtype);
  const packed = data.replace(/\s+/g, '');
  const isBase64 = node.get(4)?.toUpperCase() === 'BASE64' && BASE64.test(packed);
  const bytes = isBase64 ? packed : Buffer.from(data, 'utf8').toString('base64');
  return { ...(contentType !== undefined && { contentType }), data: bytes };
}

const MIME: Readonly<Record<string, string>> = {
  PDF: 'application/pdf',
  RTF: 'application/rtf',
  HTML: 'text/html',
  JPEG: 'image/jpeg',
  JPG: 'image/jpeg',
  PNG: 'image/png',
  TIFF: 'image/tiff',
  TIF: 'image/tiff',
  GIF: 'image/gif',
  XML: 'application/xml',
  DICOM: 'application/dicom',
  'X-HL7-CDA-LEVEL-ONE': 'application/hl7-cda+xml',
};

function mime(type: string | undefined, subtype: string | undefined): string | undefined {
  if (subtype === undefined) return type?.includes('/') ? type.toLowerCase() : undefined;
  if (subtype.includes('/')) return subtype.toLowerCase();
  const known = MIME[subtype.toUpperCase()];
  if (known !== undefined) return known;
  const major = type?.toLowerCase();
  if (major === undefined) return undefined;
  return /^(application|audio|image|multipart|text|video)$/.test(major)
    ? `${major}/${subtype.toLowerCase()}`
    : undefined;
}

const READERS: Readonly<Record<string, Reader>> = {
  NM: numeric,
  SN: structured,
  CE: coded,
  CWE: coded,
  CNE: coded,
  CF: coded,
  DT: timed,
  TS: timed,
  DTM: timed,
  TM: clock,
  DR: period,
  NR: numbers,
  ED: attachment,
  ST: () => undefined,
  TX: () => undefined,
  FT: () => undefined,
  '': () => undefined,
  ID: () => undefined,
  IS: () => undefined,
};
