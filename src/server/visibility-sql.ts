import type { SqlValue } from '../database/command.ts';
import { ALL_LABELS, LABEL } from '../model/labels.ts';
import { PATIENT_WITHHELD, type Visibility } from '../model/visibility.ts';
import { parameterKey } from './index-rows.ts';

/** A piece of SQL with its parameters in order. */
export interface Sql {
  readonly text: string;
  readonly params: readonly SqlValue[];
}

export const sql = (text: string, ...params: readonly SqlValue[]): Sql => ({ text, params });

export function joinSql(parts: readonly Sql[], between: string): Sql {
  return { text: parts.map(({ text }) => text).join(between), params: parts.flatMap(({ params }) => params) };
}

/** Whether one of them holds, as a balanced tree: a chain of hundreds is deeper than an engine parses. None: false. */
export function anyOf(parts: readonly Sql[]): Sql {
  const [only] = parts;
  if (only === undefined) return sql('(1 = 0)');
  if (parts.length === 1) return sql(`(${only.text})`, ...only.params);
  const half = Math.ceil(parts.length / 2);
  const [left, right] = [anyOf(parts.slice(0, half)), anyOf(parts.slice(half))];
  return sql(`(${left.text} OR ${right.text})`, ...left.params, ...right.params);
}

/** Labels that being a party to the care does not open; bits that are added later count as sensitive until listed. */
const SENSITIVE_MASK = 0x7fffffff & ~LABEL.MENTAL;

/**
 * The one predicate on which every read, search, count, chain, include and history depends: true for the rows of alias `r`
 * (a `resource`) that the reader may see. Rule: model/visibility.ts, DESIGN 7.
 */
export function visibleRows(as: Visibility, r: string): Sql {
  if (as.kind === 'everything') return sql('1 = 1');
  if (as.kind === 'patient') return ownRows(as, r);
  return sql(
    `(${r}.owner_org = ?
      OR ${r}.shared = 1
      OR ((${r}.labels & ${SENSITIVE_MASK}) = 0 AND EXISTS (SELECT 1 FROM resource_party vp WHERE vp.rid = ${r}.rid AND vp.org = ?))
      OR (${r}.person <> '' AND EXISTS (SELECT 1 FROM access_grant vg WHERE vg.person = ${r}.person AND vg.recipient = ?
        AND vg.owner = ${r}.owner_org AND vg.purpose = ? AND (${r}.labels & ~vg.labels) = 0 AND vg.since <= ?
        AND (vg.until IS NULL OR vg.until > ?) AND vg.withheld NOT LIKE '%,' || ${r}.type || ',%')))`,
    as.organization,
    as.organization,
    as.organization,
    as.purpose,
    as.at,
    as.at,
  );
}

const WITHHELD_TYPES = PATIENT_WITHHELD.types.map((type) => `'${type}'`).join(', ');

/** Of a patient who reads his own record. A record about several persons has the person `*` and is nobody's. Rule: H5. */
function ownRows({ patient, types }: Extract<Visibility, { kind: 'patient' }>, r: string): Sql {
  const keys = types.map((type) => parameterKey(type, '_security')).join(', ');
  return sql(
    `(${r}.shared = 1
      OR (${r}.person = COALESCE((SELECT vm.person FROM person_member vm WHERE vm.patient = ? AND vm.until IS NULL), ?)
        AND (${r}.labels & ~${ALL_LABELS & ~PATIENT_WITHHELD.labels}) = 0 AND ${r}.type NOT IN (${WITHHELD_TYPES})
        AND ${r}.rid NOT IN (SELECT vn.rid FROM idx_token vn WHERE vn.p IN (${keys}) AND vn.code = '${PATIENT_WITHHELD.code}')))`,
    patient,
    patient,
  );
}
