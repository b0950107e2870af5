import type { Basic, Consent, Reference } from '@medplum/fhirtypes';
import { codeIn, RECORD } from '../model/codes.ts';
import { ALL_LABELS, LABEL } from '../model/labels.ts';
import { hubExtension } from '../model/systems.ts';
import { type Owned, organizationOf } from './facts.ts';
import { DAY_MS, instantOf, plus, type Span, spanOf, within } from './instants.ts';

/** A disclosure in a medical emergency that a named person of the disclosing program declared. */
export interface Emergency extends Span {
  readonly owner: string;
  readonly recipient: string;
  readonly labels: number;
  readonly basis: string;
}

/** Extensions on the `Basic` that records the act; all of them are required. */
export const EMERGENCY = {
  recipient: hubExtension('emergency-recipient'),
  affiliation: hubExtension('emergency-recipient-affiliation'),
  nature: hubExtension('emergency-nature'),
  attestation: hubExtension('emergency-consent-cannot-be-obtained'),
  period: hubExtension('emergency-period'),
} as const;

/**
 * The emergency a `Basic` of kind `emergency-disclosure` declares. Undefined when anything the law asks for is missing: recipient
 * and affiliation, nature, the attestation that consent cannot be obtained, the person, the time. It lasts a day at most and never
 * opens psychotherapy notes. Never written by a timer, bot or score (write rule). Rule: 42 CFR 2.51, H6.
 */
export function emergencyOf(
  basic: Basic,
  owner: string | undefined,
  affiliations: Readonly<Record<string, string>>,
): Emergency | undefined {
  if (owner === undefined || emergencyFaults(basic).length > 0) return undefined;
  const recipient = organizationOf(extension(basic, EMERGENCY.recipient)?.valueReference, affiliations);
  const period = spanOf(extension(basic, EMERGENCY.period)?.valuePeriod);
  if (recipient === undefined) return undefined;
  const last = plus(period.since, DAY_MS);
  return {
    owner,
    recipient,
    labels: ALL_LABELS & ~(LABEL.PSYTHPN | LABEL.UNKNOWN),
    basis: `Basic/${basic.id}`,
    since: period.since,
    until: period.until === undefined || period.until > last ? last : period.until,
  };
}

/**
 * True when the patient refused or revoked this very disclosure: an emergency does not override that. An inactive consent counts as
 * revoked when it would still run; one that simply ran out does not.
 */
export function isRefused(
  emergency: Emergency,
  { resource: consent, owner }: Owned<Consent>,
  affiliations: Readonly<Record<string, string>>,
): boolean {
  if (owner !== undefined && owner !== emergency.owner) return false;
  if (consent.status !== 'rejected' && consent.status !== 'inactive') return false;
  if (consent.status === 'inactive' && !within(spanOf(consent.provision?.period), emergency.since)) return false;
  const named = (consent.provision?.actor ?? []).map((each) => organizationOf(each.reference, affiliations));
  return named.length === 0 || named.includes(emergency.recipient);
}

/** Places of a declared emergency where something required is missing. */
export function emergencyFaults(basic: Basic): string[] {
  if (codeIn(RECORD, basic.code) !== 'emergency-disclosure') return ['Basic.code'];
  const faults: string[] = [];
  if (basic.author?.reference === undefined) faults.push('Basic.author');
  if (basic.subject?.reference === undefined) faults.push('Basic.subject');
  const recipient: Reference | undefined = extension(basic, EMERGENCY.recipient)?.valueReference;
  if (recipient?.reference === undefined || !recipient.display?.trim()) faults.push(at('recipient'));
  if (!extension(basic, EMERGENCY.affiliation)?.valueString?.trim()) faults.push(at('affiliation'));
  if (!extension(basic, EMERGENCY.nature)?.valueString?.trim()) faults.push(at('nature'));
  if (extension(basic, EMERGENCY.attestation)?.valueBoolean !== true) faults.push(at('attestation'));
  if (instantOf(extension(basic, EMERGENCY.period)?.valuePeriod?.start) === undefined) faults.push(at('period'));
  return faults;
}

const at = (part: keyof typeof EMERGENCY) => `Basic.extension('${EMERGENCY[part]}')`;

const extension = (basic: Basic, url: string) => basic.extension?.find((each) => each.url === url);
