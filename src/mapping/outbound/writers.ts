import type { Address, ContactPoint, HumanName, Identifier } from '@medplum/fhirtypes';
import { hubExtension } from '../../model/systems.ts';
import { ownEntry } from '../own-entry.ts';
import { assignerOf } from './assigner.ts';
import type { Component, Repetition, Writer, Writing } from './row.ts';
import { v2Date, v2Time } from './time.ts';
import { atLeast } from './version.ts';

const TYPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const CHECK_DIGIT = 'http://hl7.org/fhir/StructureDefinition/identifier-checkDigit';
const ASSIGNING_FACILITY = hubExtension('assigning-facility');
const SSN = 'http://hl7.org/fhir/sid/us-ssn';

/** Trailing empty components are left out, so that equal content has equal bytes. */
export function trimmed(components: readonly (Component | undefined)[]): Repetition {
  const list = components.map((component) => component ?? '');
  while (list.length > 0 && isEmpty(list.at(-1)!)) list.pop();
  return list;
}

const isEmpty = (component: Component): boolean =>
  typeof component === 'string' ? component === '' : component.every((part) => part === '');

/** One simple value as it is: text, numbers, booleans. */
export const st: Writer = {
  type: 'ST',
  uses: ['*'],
  write: ({ value }) => (['string', 'number', 'boolean'].includes(typeof value) ? [`${value}`] : undefined),
};

export const nm: Writer = { ...st, type: 'NM' };

/** Text lines: the receiver shows repetitions as lines. */
export const tx: Writer = { ...st, type: 'TX' };

/** A date, dateTime or instant, on the partner's clock. Rule: DOMAIN C0 "Time". */
export const dtm: Writer = {
  type: 'TS',
  uses: ['*'],
  write({ value, path }, writing) {
    const withOffset = writing.endpoint.dialect?.offset !== false;
    const time = typeof value === 'string' ? v2Time(value, writing.partner.zone, withOffset) : undefined;
    if (time?.ambiguous) {
      writing.issue(
        'render.time-ambiguous',
        'warning',
        path,
        'this time comes twice that night and the endpoint takes no offset',
      );
    }
    return time === undefined ? undefined : [time.text];
  },
};

/** The day only. */
export const dt: Writer = {
  type: 'DT',
  uses: ['*'],
  write({ value }, { partner }) {
    const day = typeof value === 'string' ? v2Date(value, partner.zone) : undefined;
    return day === undefined ? undefined : [day];
  },
};

/** Identifier → CX. A social security number never leaves in a message: it is not needed to find anybody (H7, minimum necessary). */
export const cx: Writer = {
  type: 'CX',
  uses: ['value', 'system', 'type', 'use', 'period.start', 'period.end', 'assigner', 'extension'],
  write({ value, path }, writing) {
    const identifier = value as Identifier;
    const type = typeCode(identifier);
    if (identifier.system === SSN || type === 'SS') {
      writing.issue('render.ssn-withheld', 'information', path, 'a social security number is not sent');
      writing.carried(path);
      return undefined;
    }
    if (identifier.value === undefined) return undefined;
    const from = day(identifier.period?.start, writing);
    const until = day(identifier.period?.end, writing);
    const assigner = assignerOf(identifier.system, writing.partner);
    const [digit, facility] = [CHECK_DIGIT, ASSIGNING_FACILITY].map(
      (url) => identifier.extension?.find((one) => one.url === url)?.valueString ?? '',
    );
    return trimmed([identifier.value, digit, '', assigner, type, facility, from, until]);
  },
};

/** Identifier → EI: what placer, filler and document numbers are. */
export const ei: Writer = {
  type: 'EI',
  uses: ['value', 'system', 'type', 'use', 'assigner'],
  write({ value }, { partner }) {
    const identifier = value as Identifier;
    if (identifier.value === undefined) return undefined;
    return trimmed([identifier.value, ...assignerOf(identifier.system, partner)]);
  },
};

function typeCode(identifier: Identifier): string {
  return identifier.type?.coding?.find(({ system }) => system === TYPE_SYSTEM)?.code ?? '';
}

function day(text: string | undefined, { partner }: Writing): string {
  return text === undefined ? '' : (v2Date(text, partner.zone) ?? '');
}

/** FHIR name use → table 0200. `old` has no single code there: it is a former name. */
const NAME_USE: Readonly<Record<string, string>> = {
  official: 'L',
  usual: 'D',
  temp: 'TEMP',
  nickname: 'N',
  anonymous: 'S',
  maiden: 'M',
  old: 'BAD',
};

export const xpn: Writer = {
  type: 'XPN',
  uses: ['family', 'given', 'prefix', 'suffix', 'use', 'text', '_family'],
  write({ value }, { endpoint }) {
    const name = value as HumanName;
    const use = ownEntry(NAME_USE, name.use ?? '') ?? '';
    // Before 2.5 table 0200 had neither TEMP nor N; a code the receiver cannot read would hide the name.
    const type = atLeast(endpoint.version, '2.5') || !['TEMP', 'N', 'BAD'].includes(use) ? use : 'D';
    const parts = nameParts(name, endpoint.version);
    if (parts.every((part) => part === '')) return undefined;
    const written = [...parts.slice(0, 6), type];
    return trimmed([...written, ...Array<string>(6).fill(''), parts[6] ?? '']);
  },
};

/**
 * Family, given, further given, suffix, prefix, degree: XPN.1–6 and XCN.2–7, then the professional suffix (XPN.14, XCN.21). A name
 * held only as text stands as family name. What follows the first suffix is a degree, from 2.7 on a professional suffix.
 */
export function nameParts(name: HumanName | undefined, version: string): readonly string[] {
  const [given = '', ...further] = name?.given ?? [];
  const family = name?.family ?? (given === '' ? (name?.text ?? '') : '');
  const suffixes = name?.suffix ?? [];
  const [own = '', ...others] = suffixes;
  const rest = others.join(' ');
  const [degree, professional] = atLeast(version, '2.7') ? ['', rest] : [rest, ''];
  return [family, given, further.join(' '), own, (name?.prefix ?? []).join(' '), degree, professional];
}

const ADDRESS_USE: Readonly<Record<string, string>> = { home: 'H', work: 'B', temp: 'C', old: 'BA', billing: 'BI' };

export const xad: Writer = {
  type: 'XAD',
  uses: ['line', 'city', 'state', 'postalCode', 'country', 'use', 'type', 'district', 'text'],
  write({ value }) {
    const address = value as Address;
    const [street = '', ...other] = address.line ?? (address.text === undefined ? [] : [address.text]);
    const kind = ownEntry(ADDRESS_USE, address.use ?? '') ?? (address.type === 'postal' ? 'M' : '');
    const place = [address.city, address.state, address.postalCode, address.country];
    return trimmed([street, other.join(', '), ...place, kind, '', address.district]);
  },
};

const TELECOM_USE: Readonly<Record<string, string>> = { home: 'PRN', work: 'WPN', temp: 'VHN', mobile: 'PRS' };
const EQUIPMENT: Readonly<Record<string, string>> = {
  phone: 'PH',
  fax: 'FX',
  pager: 'BP',
  email: 'Internet',
  sms: 'CP',
};

/** Country, area, local number and extension (XTN.5–8), where the source gave them apart. */
function numberParts({ extension = [] }: ContactPoint): readonly string[] {
  return ['country', 'area', 'local', 'extension'].map(
    (part) => extension.find(({ url }) => url === `${CONTACT_POINT}${part}`)?.valueString ?? '',
  );
}

const CONTACT_POINT = 'http://hl7.org/fhir/StructureDefinition/contactpoint-';

export const xtn: Writer = {
  type: 'XTN',
  uses: ['system', 'value', 'use', 'rank', 'extension'],
  write({ value }, { endpoint }) {
    const { system, value: number, use } = value as ContactPoint;
    if (number === undefined || system === 'url' || system === 'other') return undefined;
    const equipment = use === 'mobile' ? 'CP' : ownEntry(EQUIPMENT, system ?? 'phone');
    if (system === 'email') return trimmed(['', 'NET', equipment, number]);
    const role = use === 'mobile' && !atLeast(endpoint.version, '2.7') ? 'PRN' : ownEntry(TELECOM_USE, use ?? '');
    // XTN.1 was withdrawn in 2.7; its successor is the unformatted number.
    const parts = numberParts(value as ContactPoint);
    if (!atLeast(endpoint.version, '2.7')) return trimmed([number, role, equipment, '', ...parts]);
    return trimmed(['', role, equipment, '', ...parts, '', '', '', number]);
  },
};
