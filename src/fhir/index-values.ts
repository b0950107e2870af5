import type {
  Address,
  CodeableConcept,
  Coding,
  ContactPoint,
  HumanName,
  Identifier,
  Money,
  Period,
  Quantity,
  Range,
  Reference,
  Resource,
  Timing,
} from '@medplum/fhirtypes';
import type { CodeSet, SearchType } from './definitions.ts';
import { parseReference } from './references.ts';
import { dateRange, foldText, NUMBER_MAX, NUMBER_MIN, TIME_MAX_MS, TIME_MIN_MS } from './search-ranges.ts';
import { canonicalQuantity } from './ucum.ts';

/** `system` absent: the value has none (`|code` finds it). `text`: what `:text` looks at. `type`: for `:of-type`. */
export interface TokenValue {
  readonly kind: 'token';
  readonly system?: string;
  readonly code?: string;
  readonly text?: string;
  readonly type?: readonly { readonly system?: string; readonly code?: string }[];
}

/** `folded` for the default and `:contains`, `text` for `:exact`. */
export interface StringValue {
  readonly kind: 'string';
  readonly text: string;
  readonly folded: string;
}

/** First and last millisecond (UTC), both included; open ends at TIME_MIN_MS and TIME_MAX_MS. */
export interface DateValue {
  readonly kind: 'date';
  readonly lo: number;
  readonly hi: number;
}

export interface NumberValue {
  readonly kind: 'number';
  readonly lo: number;
  readonly hi: number;
}

/** `canonical`: the same in UCUM base units, where the unit is a UCUM code that can be converted. */
export interface QuantityValue {
  readonly kind: 'quantity';
  readonly lo: number;
  readonly hi: number;
  readonly system?: string;
  readonly code?: string;
  readonly unit?: string;
  readonly canonical?: { readonly lo: number; readonly hi: number; readonly code: string };
}

/** A local target has `type` and `id`; another server's or a canonical one has `url`; a logical one `identifier`. */
export interface ReferenceValue {
  readonly kind: 'reference';
  readonly type?: string;
  readonly id?: string;
  readonly url?: string;
  readonly version?: string;
  readonly identifier?: { readonly system?: string; readonly value?: string };
  readonly display?: string;
}

export interface UriValue {
  readonly kind: 'uri';
  readonly uri: string;
}

/** `near` of Location. */
export interface PositionValue {
  readonly kind: 'position';
  readonly latitude: number;
  readonly longitude: number;
}

export type ComponentValue =
  | TokenValue
  | StringValue
  | DateValue
  | NumberValue
  | QuantityValue
  | ReferenceValue
  | UriValue
  | PositionValue;

export interface CompositeValue {
  readonly kind: 'composite';
  readonly parts: readonly ComponentValue[];
}

export type IndexValue = ComponentValue | CompositeValue;

export type Emit = (value: ComponentValue) => void;
export type Indexer = (value: unknown, emit: Emit) => void;

/** How values of one FHIR type are indexed for one search type. `codes`: the required binding of a code element. */
export function indexer(searchType: SearchType, fhirType: string | undefined, codes: CodeSet | undefined): Indexer {
  switch (searchType) {
    case 'token':
      return tokenIndexer(fhirType, codes);
    case 'string':
      return indexString;
    case 'date':
      return indexDate;
    case 'number':
      return indexNumber;
    case 'quantity':
      return indexQuantity;
    case 'reference':
      return indexReference;
    case 'uri':
      return (value, emit) => {
        if (typeof value === 'string') emit({ kind: 'uri', uri: value });
      };
    case 'special':
      return indexPosition;
    case 'composite':
      throw new Error('a composite has no values of its own');
  }
}

function tokenIndexer(fhirType: string | undefined, codes: CodeSet | undefined): Indexer {
  if (fhirType === 'CodeableConcept') return (value, emit) => indexConcept(value as CodeableConcept, emit);
  if (fhirType === 'Coding') return (value, emit) => indexCoding(value as Coding, undefined, emit);
  if (fhirType === 'Identifier') return (value, emit) => indexIdentifier(value as Identifier, emit);
  if (fhirType === 'ContactPoint') return (value, emit) => indexContact(value as ContactPoint, emit);
  const systemOf = systemLookup(codes);
  return (value, emit) => {
    if (typeof value === 'object') return;
    const code = String(value);
    const system = systemOf?.get(code);
    emit(system === undefined ? { kind: 'token', code } : { kind: 'token', system, code });
  };
}

/** The system which a bare code implies through its binding. */
function systemLookup(codes: CodeSet | undefined): ReadonlyMap<string, string> | undefined {
  if (codes === undefined) return undefined;
  const systems = new Map<string, string>();
  for (const [system, list] of Object.entries(codes.systems)) for (const code of list) systems.set(code, system);
  return systems;
}

function indexConcept(concept: CodeableConcept, emit: Emit): void {
  const codings = concept.coding;
  if (codings !== undefined) for (const coding of codings) indexCoding(coding, concept.text, emit);
  if ((codings === undefined || codings.length === 0) && concept.text !== undefined) {
    emit({ kind: 'token', text: foldText(concept.text) });
  }
}

function indexCoding(coding: Coding, conceptText: string | undefined, emit: Emit): void {
  const text = [coding.display, conceptText].filter((part) => part !== undefined).join(' ');
  emit({
    kind: 'token',
    ...(coding.system !== undefined ? { system: coding.system } : {}),
    ...(coding.code !== undefined ? { code: coding.code } : {}),
    ...(text !== '' ? { text: foldText(text) } : {}),
  });
}

function indexIdentifier(identifier: Identifier, emit: Emit): void {
  if (identifier.value === undefined && identifier.system === undefined) return;
  const type = identifier.type?.coding?.map(({ system, code }) => ({
    ...(system !== undefined ? { system } : {}),
    ...(code !== undefined ? { code } : {}),
  }));
  emit({
    kind: 'token',
    ...(identifier.system !== undefined ? { system: identifier.system } : {}),
    ...(identifier.value !== undefined ? { code: identifier.value } : {}),
    ...(identifier.type?.text !== undefined ? { text: foldText(identifier.type.text) } : {}),
    ...(type !== undefined && type.length > 0 ? { type } : {}),
  });
}

/** R4 takes `use` for the system of a ContactPoint; clients also write `phone|…`, so both find it. */
function indexContact(contact: ContactPoint, emit: Emit): void {
  if (contact.value === undefined) return;
  const systems = [contact.use, contact.system].filter((system) => system !== undefined);
  if (systems.length === 0) emit({ kind: 'token', code: contact.value });
  for (const system of systems) emit({ kind: 'token', system, code: contact.value });
}

const NAME_PARTS = ['family', 'given', 'text', 'prefix', 'suffix'] as const;
const ADDRESS_PARTS = ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'] as const;

/** A HumanName or Address is found by each of its parts. Rule: FHIR R4 search.html#string. */
function indexString(value: unknown, emit: Emit): void {
  if (typeof value === 'string') {
    emit({ kind: 'string', text: value, folded: foldText(value) });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const parts = value as Record<string, unknown> & (HumanName | Address);
  for (const name of new Set<string>([...NAME_PARTS, ...ADDRESS_PARTS])) {
    const part = parts[name];
    if (typeof part === 'string') indexString(part, emit);
    else if (Array.isArray(part)) for (const item of part) if (typeof item === 'string') indexString(item, emit);
  }
}

/** A date, a Period, or the outer limits of a Timing. Rule: FHIR R4 search.html#date. */
function indexDate(value: unknown, emit: Emit): void {
  if (typeof value === 'string') {
    const range = dateRange(value);
    if (range !== undefined) emit({ kind: 'date', lo: range.lo, hi: range.hi });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const timing = value as Timing;
  const period = timing.repeat?.boundsPeriod ?? (value as Period);
  if (period.start !== undefined || period.end !== undefined) indexPeriod(period, emit);
  const events = (timing.event ?? []).flatMap((event) => dateRange(event) ?? []);
  if (events.length > 0) {
    emit({ kind: 'date', lo: Math.min(...events.map(({ lo }) => lo)), hi: Math.max(...events.map(({ hi }) => hi)) });
  }
}

function indexPeriod(period: Period, emit: Emit): void {
  const start = period.start === undefined ? undefined : dateRange(period.start);
  const end = period.end === undefined ? undefined : dateRange(period.end);
  if (start === undefined && end === undefined) return;
  emit({ kind: 'date', lo: start?.lo ?? TIME_MIN_MS, hi: end?.hi ?? TIME_MAX_MS });
}

function indexNumber(value: unknown, emit: Emit): void {
  if (typeof value === 'number') {
    emit({ kind: 'number', lo: value, hi: value });
  } else if (typeof value === 'object' && value !== null) {
    const { low, high } = value as Range;
    if (low?.value === undefined && high?.value === undefined) return;
    emit({ kind: 'number', lo: low?.value ?? NUMBER_MIN, hi: high?.value ?? NUMBER_MAX });
  }
}

function indexQuantity(value: unknown, emit: Emit): void {
  if (typeof value !== 'object' || value === null) return;
  const { low, high } = value as Range;
  if (low !== undefined || high !== undefined) {
    const lo = low?.value ?? NUMBER_MIN;
    const hi = high?.value ?? NUMBER_MAX;
    emitQuantity(lo, hi, low ?? high ?? {}, emit);
    return;
  }
  const money = value as Money;
  if (money.value !== undefined && money.currency !== undefined) {
    const { currency } = money;
    emit({
      kind: 'quantity',
      lo: money.value,
      hi: money.value,
      system: 'urn:iso:std:iso:4217',
      code: currency,
      unit: currency,
    });
    return;
  }
  const quantity = value as Quantity;
  if (quantity.value === undefined) return;
  // A comparator opens the range: `<5` may be anything below.
  const below = quantity.comparator === '<' || quantity.comparator === '<=';
  const above = quantity.comparator === '>' || quantity.comparator === '>=';
  emitQuantity(below ? NUMBER_MIN : quantity.value, above ? NUMBER_MAX : quantity.value, quantity, emit);
}

function emitQuantity(lo: number, hi: number, unit: Quantity, emit: Emit): void {
  const canonical = canonicalQuantity(lo, hi, unit.system, unit.code);
  emit({
    kind: 'quantity',
    lo,
    hi,
    ...(unit.system !== undefined ? { system: unit.system } : {}),
    ...(unit.code !== undefined ? { code: unit.code } : {}),
    ...(unit.unit !== undefined ? { unit: unit.unit } : {}),
    ...(canonical !== undefined ? { canonical } : {}),
  });
}

/** A Reference, a canonical or uri, or a resource in place (`Bundle.entry[0].resource`). */
function indexReference(value: unknown, emit: Emit): void {
  if (typeof value === 'string') {
    const [url, version] = value.split('|') as [string, string | undefined];
    emitLiteral(url, version, {}, emit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const inline = value as Resource;
  if (typeof inline.resourceType === 'string') {
    if (inline.id !== undefined) emit({ kind: 'reference', type: inline.resourceType, id: inline.id });
    return;
  }
  const { reference, identifier, display, type } = value as Reference;
  const logical = {
    ...(identifier?.value !== undefined || identifier?.system !== undefined
      ? {
          identifier: {
            ...(identifier.system !== undefined ? { system: identifier.system } : {}),
            ...(identifier.value !== undefined ? { value: identifier.value } : {}),
          },
        }
      : {}),
    ...(display !== undefined ? { display } : {}),
  };
  if (typeof reference === 'string') emitLiteral(reference, undefined, logical, emit);
  else if (logical.identifier !== undefined)
    emit({ kind: 'reference', ...(type !== undefined ? { type } : {}), ...logical });
}

function emitLiteral(reference: string, version: string | undefined, more: Partial<ReferenceValue>, emit: Emit): void {
  const parsed = parseReference(reference);
  if (parsed.kind === 'contained') return;
  const pinned = version === undefined ? {} : { version };
  if (parsed.kind === 'local') {
    emit({
      ...more,
      kind: 'reference',
      type: parsed.type,
      id: parsed.id,
      ...(parsed.version ? { version: parsed.version } : pinned),
    });
  } else {
    const type = parsed.kind === 'absolute' && parsed.type !== undefined ? { type: parsed.type } : {};
    emit({ ...more, kind: 'reference', ...type, url: reference, ...pinned });
  }
}

function indexPosition(value: unknown, emit: Emit): void {
  const { latitude, longitude } = value as { latitude?: unknown; longitude?: unknown };
  if (typeof latitude === 'number' && typeof longitude === 'number') emit({ kind: 'position', latitude, longitude });
}
