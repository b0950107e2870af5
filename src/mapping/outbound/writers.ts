import type { Address, ContactPoint, HumanName, Identifier } from '@medplum/fhirtypes';
import { ownEntry } from '../own-entry.ts';
import { assignerOf } from './assigner.ts';
import type { Component, Repetition, Writer, Writing } from './row.ts';
import { v2Date, v2Time } from './time.ts';
import { atLeast } from './version.ts';

const TYPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v2-0203';
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
  uses: ['value', 'system', 'type', 'use', 'period.start', 'period.end', 'assigner'],
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
    return trimmed([identifier.value, '', '', assignerOf(identifier.system, writing.partner), type, '', from, until]);
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
    const parts = nameParts(name);
    return parts.every((part) => part === '') ? undefined : trimmed([...parts, '', type]);
  },
};

/** Family, given, further given, suffix, prefix: XPN.1–5 and XCN.2–6. A name held only as text stands as family name. */
export function nameParts(name: HumanName | undefined): readonly string[] {
  const [given = '', ...further] = name?.given ?? [];
  const family = name?.family ?? (given === '' ? (name?.text ?? '') : '');
  return [family, given, further.join(' '), (name?.suffix ?? []).join(' '), (name?.prefix ?? []).join(' ')];
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

export const xtn: Writer = {
  type: 'XTN',
  uses: ['system', 'value', 'use', 'rank'],
  write({ value }, { endpoint }) {
    const { system, value: number, use } = value as ContactPoint;
    if (number === undefined || system === 'url' || system === 'other') return undefined;
    const equipment = use === 'mobile' ? 'CP' : ownEntry(EQUIPMENT, system ?? 'phone');
    if (system === 'email') return trimmed(['', 'NET', equipment, number]);
    const role = use === 'mobile' && !atLeast(endpoint.version, '2.7') ? 'PRN' : ownEntry(TELECOM_USE, use ?? '');
    // XTN.1 was withdrawn in 2.7; its successor is the unformatted number.
    if (!atLeast(endpoint.version, '2.7')) return trimmed([number, role, equipment]);
    return trimmed(['', role, equipment, '', '', '', '', '', '', '', '', number]);
  },
};
