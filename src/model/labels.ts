/**
 * Security labels as one bit set per resource, so that visibility is one comparison in SQL:
 * a grant covers a resource when `resource.labels & ~grant.labels` is 0. 31 bits at most: the column is a signed integer.
 * A bit is never given another meaning: stored rows carry it. Rule: DOMAIN §B8.
 */
export const LABEL = {
  /** A code the hub does not know. Restricted until somebody says otherwise (H3). */
  UNKNOWN: 1 << 0,
  /** 42 CFR Part 2: the law itself, and every substance-use sensitivity. */
  PART2: 1 << 1,
  /** Psychotherapy and SUD-counselling notes: leave only under an authorization of their own. */
  PSYTHPN: 1 << 2,
  /** Confidentiality R. */
  RESTRICTED: 1 << 3,
  /** Confidentiality V. */
  VERY_RESTRICTED: 1 << 4,
  HIV: 1 << 5,
  /** Sexual assault, abuse, domestic violence; violence. */
  VIOLENCE: 1 << 6,
  /** Sexuality, reproductive health, sexually transmitted disease. */
  SEXUAL: 1 << 7,
  /** PSY, MH, BH: what nearly every record of this field is. Not sensitive by itself among treating parties. */
  MENTAL: 1 << 8,
  /** 38 USC 7332 (veterans: SUD, HIV, sickle cell). */
  TITLE38: 1 << 9,
  /** A source forbade any disclosure without its own directive (NODSCLCD, NODSCLCDS, NOAUTH, ORCON). */
  NO_DISCLOSURE: 1 << 10,
  /** Cognitive or developmental disability. */
  DISABILITY: 1 << 11,
  /** Employee, VIP and physician-requested protection; specially protected information. */
  PROTECTED: 1 << 12,
} as const;

/** Every bit in use. A grant over all of them still does not cover a bit that is added later. */
export const ALL_LABELS = Object.values(LABEL).reduce((bits, bit) => bits | bit, 0);

/** What being a party to the care does not open by itself. MENTAL is not in it: HIPAA treatment permits (DOMAIN §B8, D default). */
export const SENSITIVE_LABELS = ALL_LABELS & ~LABEL.MENTAL;

export const CONFIDENTIALITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
export const ACT_CODE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
