import type { Coding, Meta, Resource } from '@medplum/fhirtypes';
import { ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM, LABEL } from '../model/labels.ts';

const OBSERVATION_VALUE = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue';
const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';

/** Confidentiality codes from open to closed; of two the later one is the stricter. */
const CONFIDENTIALITY_ORDER = ['U', 'L', 'M', 'N', 'R', 'V'];

/** Bits per system and code. 0: known, and no reason to withhold (handling instructions travel with the copy). */
const BITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  [CONFIDENTIALITY_SYSTEM]: {
    ...zero(['U', 'L', 'M', 'N']),
    R: LABEL.RESTRICTED,
    V: LABEL.VERY_RESTRICTED,
    // Deprecated here in favour of ActCode, still sent.
    ETH: LABEL.PART2,
    PSY: LABEL.MENTAL,
    HIV: LABEL.HIV,
    SDV: LABEL.VIOLENCE,
  },
  [ACT_CODE_SYSTEM]: {
    ...each(LABEL.PART2, ['42CFRPart2', 'SUD', 'ETH', 'ETHUD', 'OPIOIDUD']),
    ...each(LABEL.PSYTHPN, ['PSYTHPN', 'HIPAAPsyNotes']),
    ...each(LABEL.MENTAL, ['PSY', 'MH', 'BH']),
    HIV: LABEL.HIV,
    ...each(LABEL.VIOLENCE, ['SDV', 'VIO']),
    ...each(LABEL.SEXUAL, ['SEX', 'STD']),
    ...each(LABEL.DISABILITY, ['COGN', 'DVD']),
    ...each(LABEL.PROTECTED, ['SPI', 'PHY', 'EMP']),
    Title38Section7332: LABEL.TITLE38,
    ...each(LABEL.NO_DISCLOSURE, ['NODSCLCD', 'NODSCLCDS', 'NOAUTH', 'ORCON']),
    ...zero(['HIPAAAuth', 'HIPAAConsent', 'HIPAANOPP', 'HIPAAConsentCD']),
    ...zero(['CPLYCD', 'CPLYPOL', 'MINEC', 'PERSISTLABEL', 'PRIVMARK', 'CUIMark', 'AUDIT', 'ENCRYPT']),
    ...zero(['MASK', 'REDACT', 'DELAU', 'NORDSCLCD', 'NORDSLCD', 'NORDSCLW', 'NOREUSE', 'NOPERSISTP']),
    ...zero(['NOPAT', 'NOINTEGRATE', 'NOLIST', 'NOVIP', 'NORELINK']),
  },
  [OBSERVATION_VALUE]: zero(['SUBSETTED', 'REDACTED', 'MASKED', 'ABSTRACTED', 'AGGREGATED', 'ANONYED', 'PSEUDED']),
  [ACT_REASON]: zero(['HTEST', 'TREAT', 'HPAYMT', 'HOPERAT', 'ETREAT', 'COC']),
};

function each(bits: number, codes: readonly string[]): Record<string, number> {
  return Object.fromEntries(codes.map((code) => [code, bits]));
}

function zero(codes: readonly string[]): Record<string, number> {
  return each(0, codes);
}

/**
 * The bits of one security coding. A system or code which is not in the table, or a coding without system, is UNKNOWN
 * and therefore restricted; absence of bits says only that no listed label is there. Rule: H3 "unknown label = restricted".
 */
export function codingBits(coding: Coding): number {
  const codes = coding.system === undefined ? undefined : BITS[coding.system];
  if (codes === undefined || coding.code === undefined || !Object.hasOwn(codes, coding.code)) return LABEL.UNKNOWN;
  return codes[coding.code]!;
}

/** All bits of `meta.security`; 0 for none. */
export function labelBits(security: readonly Coding[] | undefined): number {
  let bits = 0;
  if (security !== undefined) for (const coding of security) bits |= codingBits(coding);
  return bits;
}

/** The bits of a resource and of everything packed inside it (contained resources, Bundle entries). */
export function resourceBits(resource: Resource): number {
  return labelBits(highWaterMark([resource]));
}

/** The stamp of a Part 2 program on everything it produces, whatever the content. Rule: DOMAIN §B8 "Part 2 stamp". */
export function part2Labels(): Coding[] {
  return [
    { system: CONFIDENTIALITY_SYSTEM, code: 'R' },
    ...['42CFRPart2', 'SUD', 'NORDSCLCD', 'PERSISTLABEL', 'CPLYCD'].map((code) => ({ system: ACT_CODE_SYSTEM, code })),
  ];
}

/**
 * Both label lists as one: every code once, of the confidentiality codes only the strictest. Labels are sticky, so
 * nothing of `existing` gets lost by what a client sends. Rule: DESIGN §7 "Labels are sticky".
 */
export function mergeLabels(existing: readonly Coding[] = [], incoming: readonly Coding[] = []): Coding[] {
  const merged = new Map<string, Coding>();
  let confidentiality: Coding | undefined;
  for (const coding of [...existing, ...incoming]) {
    const rank = confidentialityRank(coding);
    if (rank < 0) {
      const key = `${coding.system ?? ''}|${coding.code ?? ''}`;
      if (!merged.has(key)) merged.set(key, coding);
    } else if (confidentiality === undefined || rank > confidentialityRank(confidentiality)) {
      confidentiality = coding;
    }
  }
  return confidentiality === undefined ? [...merged.values()] : [confidentiality, ...merged.values()];
}

function confidentialityRank(coding: Coding): number {
  if (coding.system !== CONFIDENTIALITY_SYSTEM || coding.code === undefined) return -1;
  return CONFIDENTIALITY_ORDER.indexOf(coding.code);
}

/** A copy that carries these labels besides its own. The same object when nothing is added. */
export function withLabels<T extends Resource>(resource: T, labels: readonly Coding[]): T {
  const own = resource.meta?.security ?? [];
  const merged = mergeLabels(own, labels);
  if (merged.length === own.length && merged.every((coding, index) => coding === own[index])) return resource;
  const meta: Meta = { ...resource.meta, security: merged };
  return { ...resource, meta };
}

/** True when `after` holds every label of `before`, or a stricter confidentiality in its place: the write lowers nothing. */
export function keepsLabels(before: readonly Coding[] | undefined, after: readonly Coding[] | undefined): boolean {
  const now = after ?? [];
  return (before ?? []).every((label) => {
    const rank = confidentialityRank(label);
    if (rank >= 0) return now.some((coding) => confidentialityRank(coding) >= rank);
    return now.some((coding) => coding.system === label.system && coding.code === label.code);
  });
}

/** The labels a Bundle of these resources must carry: all of theirs, and of what they contain. Rule: DOMAIN §B8 (3). */
export function highWaterMark(resources: readonly Resource[]): Coding[] {
  let mark: Coding[] = [];
  for (const resource of resources) {
    mark = mergeLabels(mark, resource.meta?.security);
    const contained = (resource as { contained?: Resource[] }).contained;
    if (contained !== undefined) mark = mergeLabels(mark, highWaterMark(contained));
    if (resource.resourceType === 'Bundle') {
      mark = mergeLabels(mark, highWaterMark((resource.entry ?? []).flatMap((entry) => entry.resource ?? [])));
    }
  }
  return mark;
}
