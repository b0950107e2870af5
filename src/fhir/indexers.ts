import type { CodeSet, SearchType } from './definitions.ts';
import type { ComponentValue, ReferenceValue } from './index-values.ts';
import { parseReference } from './references.ts';
import { dateRange, foldText, NUMBER_MAX, NUMBER_MIN, TIME_MAX_MS, TIME_MIN_MS } from './search-ranges.ts';
import { canonicalQuantity } from './ucum.ts';

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
      return (value, emit) => indexUri(value, fhirType, emit);
    case 'special':
      return indexPosition;
    case 'composite':
      throw new Error('a composite has no values of its own');
  }
}

/** Members of content that may be of any shape: what is not of the wanted type is not there. */
function member(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[name] : undefined;
}

function textOf(holder: unknown, name: string): string | undefined {
  const value = member(holder, name);
  return typeof value === 'string' ? value : undefined;
}

function numberOf(holder: unknown, name: string): number | undefined {
  const value = member(holder, name);
  return typeof value === 'number' ? value : undefined;
}

function listOf(holder: unknown, name: string): readonly unknown[] {
  const value = member(holder, name);
  return Array.isArray(value) ? value : [];
}

function systemAndCode(holder: unknown, codeName: string): { system?: string; code?: string } {
  const system = textOf(holder, 'system');
  const code = textOf(holder, codeName);
  return { ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { code }) };
}

function tokenIndexer(fhirType: string | undefined, codes: CodeSet | undefined): Indexer {
  if (fhirType === 'CodeableConcept') return indexConcept;
  if (fhirType === 'Coding') return (value, emit) => indexCoding(value, undefined, emit);
  if (fhirType === 'Identifier') return indexIdentifier;
  if (fhirType === 'ContactPoint') return indexContact;
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

function indexConcept(concept: unknown, emit: Emit): void {
  const codings = listOf(concept, 'coding');
  const text = textOf(concept, 'text');
  for (const coding of codings) indexCoding(coding, text, emit);
  // `:text` compares from the beginning: the concept's own words stand alone too. Rule: FHIR R4 search.html#modifiers.
  if (text !== undefined && codings.every((coding) => textOf(coding, 'display') !== text))
    emit({ kind: 'token', text: foldText(text) });
}

function indexCoding(coding: unknown, conceptText: string | undefined, emit: Emit): void {
  const display = textOf(coding, 'display');
  const parts = systemAndCode(coding, 'code');
  const text = conceptText === undefined || conceptText === display ? display : [display, conceptText].join(' ').trim();
  if (parts.code === undefined && parts.system === undefined && text === undefined) return;
  emit({ kind: 'token', ...parts, ...(text === undefined ? {} : { text: foldText(text) }) });
}

function indexIdentifier(identifier: unknown, emit: Emit): void {
  const parts = systemAndCode(identifier, 'value');
  if (parts.code === undefined && parts.system === undefined) return;
  const concept = member(identifier, 'type');
  const text = textOf(concept, 'text');
  const type = listOf(concept, 'coding').map((coding) => systemAndCode(coding, 'code'));
  emit({
    kind: 'token',
    ...parts,
    ...(text === undefined ? {} : { text: foldText(text) }),
    ...(type.length === 0 ? {} : { type }),
  });
}

/** R4 takes `use` for the system of a ContactPoint; clients also write `phone|…`, so both find it. */
function indexContact(contact: unknown, emit: Emit): void {
  const code = textOf(contact, 'value');
  if (code === undefined) return;
  const systems = [textOf(contact, 'use'), textOf(contact, 'system')].filter((system) => system !== undefined);
  if (systems.length === 0) emit({ kind: 'token', code });
  for (const system of systems) emit({ kind: 'token', system, code });
}

/** Parts of HumanName and of Address. */
const STRING_PARTS = [
  'family',
  'given',
  'text',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
];

/** A HumanName or Address is found by each of its parts. Rule: FHIR R4 search.html#string. */
function indexString(value: unknown, emit: Emit): void {
  if (typeof value === 'string') {
    emit({ kind: 'string', text: value, folded: foldText(value) });
    return;
  }
  for (const name of STRING_PARTS) {
    const part = member(value, name);
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
  indexPeriod(member(member(value, 'repeat'), 'boundsPeriod') ?? value, emit);
  const events = listOf(value, 'event').flatMap((event) => (typeof event === 'string' ? (dateRange(event) ?? []) : []));
  if (events.length > 0) {
    emit({ kind: 'date', lo: Math.min(...events.map(({ lo }) => lo)), hi: Math.max(...events.map(({ hi }) => hi)) });
  }
}

function indexPeriod(period: unknown, emit: Emit): void {
  const start = dateRange(textOf(period, 'start') ?? '');
  const end = dateRange(textOf(period, 'end') ?? '');
  if (start === undefined && end === undefined) return;
  emit({ kind: 'date', lo: start?.lo ?? TIME_MIN_MS, hi: end?.hi ?? TIME_MAX_MS });
}

function indexNumber(value: unknown, emit: Emit): void {
  if (typeof value === 'number') {
    emit({ kind: 'number', lo: value, hi: value });
    return;
  }
  const low = numberOf(member(value, 'low'), 'value');
  const high = numberOf(member(value, 'high'), 'value');
  if (low !== undefined || high !== undefined) emit({ kind: 'number', lo: low ?? NUMBER_MIN, hi: high ?? NUMBER_MAX });
}

/** A Quantity, a Range of them, or Money. */
function indexQuantity(value: unknown, emit: Emit): void {
  const low = member(value, 'low');
  const high = member(value, 'high');
  const lo = numberOf(low, 'value');
  const hi = numberOf(high, 'value');
  if (lo !== undefined || hi !== undefined) {
    emitQuantity(lo ?? NUMBER_MIN, hi ?? NUMBER_MAX, lo === undefined ? high : low, emit);
    return;
  }
  const amount = numberOf(value, 'value');
  if (amount === undefined) return;
  const currency = textOf(value, 'currency');
  if (currency !== undefined) {
    emitQuantity(amount, amount, { system: 'urn:iso:std:iso:4217', code: currency, unit: currency }, emit);
    return;
  }
  // A comparator opens the range: `<5` may be anything below.
  const comparator = textOf(value, 'comparator');
  emitQuantity(
    comparator?.startsWith('<') ? NUMBER_MIN : amount,
    comparator?.startsWith('>') ? NUMBER_MAX : amount,
    value,
    emit,
  );
}

function emitQuantity(lo: number, hi: number, holder: unknown, emit: Emit): void {
  const parts = systemAndCode(holder, 'code');
  const unit = textOf(holder, 'unit');
  const canonical = canonicalQuantity(lo, hi, parts.system, parts.code);
  emit({
    kind: 'quantity',
    lo,
    hi,
    ...parts,
    ...(unit === undefined ? {} : { unit }),
    ...(canonical === undefined ? {} : { canonical }),
  });
}

/** A Reference, a canonical or uri, or a resource in place (`Bundle.entry[0].resource`). */
function indexReference(value: unknown, emit: Emit): void {
  if (typeof value === 'string') {
    const [url, version] = value.split('|') as [string, string | undefined];
    emitLiteral(url, version, {}, emit);
    return;
  }
  const resourceType = textOf(value, 'resourceType');
  if (resourceType !== undefined) {
    const id = textOf(value, 'id');
    if (id !== undefined) emit({ kind: 'reference', type: resourceType, id });
    return;
  }
  const { code, system } = systemAndCode(member(value, 'identifier'), 'value');
  const identifier = { ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { value: code }) };
  const display = textOf(value, 'display');
  const type = textOf(value, 'type');
  const reference = textOf(value, 'reference');
  const logical = {
    ...(code === undefined && system === undefined ? {} : { identifier }),
    ...(display === undefined ? {} : { display }),
  };
  if (reference !== undefined) emitLiteral(reference, undefined, logical, emit);
  else if ('identifier' in logical) emit({ kind: 'reference', ...(type === undefined ? {} : { type }), ...logical });
}

function emitLiteral(reference: string, version: string | undefined, more: Partial<ReferenceValue>, emit: Emit): void {
  const parsed = parseReference(reference);
  if (parsed.kind === 'contained') return;
  const pinned = version === undefined ? {} : { version };
  if (parsed.kind === 'local') {
    const own = parsed.version === undefined ? pinned : { version: parsed.version };
    emit({ ...more, kind: 'reference', type: parsed.type, id: parsed.id, ...own });
  } else {
    const type = parsed.kind === 'absolute' && parsed.type !== undefined ? { type: parsed.type } : {};
    emit({ ...more, kind: 'reference', ...type, url: reference, ...pinned });
  }
}

/** A canonical is found with its version and without. */
function indexUri(value: unknown, fhirType: string | undefined, emit: Emit): void {
  if (typeof value !== 'string') return;
  emit({ kind: 'uri', uri: value });
  const bar = fhirType === 'canonical' ? value.indexOf('|') : -1;
  if (bar > 0) emit({ kind: 'uri', uri: value.slice(0, bar) });
}

function indexPosition(value: unknown, emit: Emit): void {
  const latitude = numberOf(value, 'latitude');
  const longitude = numberOf(value, 'longitude');
  if (latitude !== undefined && longitude !== undefined) emit({ kind: 'position', latitude, longitude });
}
