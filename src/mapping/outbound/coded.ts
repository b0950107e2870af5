import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import type { Partner } from '../../model/partner.ts';
import { ownEntry } from '../own-entry.ts';
import { codingSystemName } from './code-systems.ts';
import type { Found } from './event.ts';
import type { Repetition, Writer, Writing } from './row.ts';
import { atLeast } from './version.ts';
import { trimmed } from './writers.ts';

/** FHIR code → v2 value of one table: what an outbound field may hold. `nearest`: values that lose something, each said. */
export interface OutTable {
  /** v2 table number. A partner's own table of the same number goes first. */
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  readonly nearest?: readonly string[];
}

/** The partner's own value for a code, by its table read backwards. */
function ownValue(partner: Partner, table: string, coding: Coding): string | undefined {
  const own = Object.entries(ownEntry(partner.codeTables, table) ?? {});
  return own.find(
    ([, to]) => to.code === coding.code && (coding.system === undefined || to.system === coding.system),
  )?.[0];
}

/**
 * A primitive code as the value of a v2 table. A code the table does not have is an issue and an empty field, never the
 * nearest guess; a listed nearest value is written and said.
 */
export function tabled(table: OutTable, type = 'IS'): Writer {
  return {
    type,
    uses: ['*'],
    write({ value, path }, writing) {
      if (typeof value !== 'string' && typeof value !== 'boolean') return undefined;
      const code = `${value}`;
      const written = ownValue(writing.partner, table.id, { code }) ?? ownEntry(table.values, code);
      if (written === undefined) return unwritten(table.id, path, writing);
      sayNearest(table, code, path, writing);
      return [written];
    },
  };
}

/** A CodeableConcept or Coding as the value of a v2 table, by its codes whatever their system. */
export function tabledConcept(table: OutTable, type = 'IS'): Writer {
  return {
    type,
    uses: ['*'],
    write({ value, path }, writing) {
      for (const coding of codingsOf(value)) {
        const written = ownValue(writing.partner, table.id, coding) ?? ownEntry(table.values, coding.code ?? '');
        if (written === undefined) continue;
        sayNearest(table, coding.code ?? '', path, writing);
        return [written];
      }
      return unwritten(table.id, path, writing);
    },
  };
}

function sayNearest(table: OutTable, code: string, path: string, writing: Writing): void {
  if (!table.nearest?.includes(code)) return;
  writing.issue('render.code-nearest', 'warning', path, `table ${table.id} has only a wider value for this code`);
}

function unwritten(table: string, path: string, writing: Writing): undefined {
  writing.issue('render.code-unmapped', 'warning', path, `table ${table} has no value for this code`);
  writing.carried(path);
  return undefined;
}

function codingsOf(value: unknown): readonly Coding[] {
  const concept = value as CodeableConcept & Coding;
  return concept.coding ?? (concept.code === undefined ? [] : [concept]);
}

/**
 * CodeableConcept or Coding → CWE (CE before 2.6). The first two codings fill the triplets, the partner's own value first when
 * its table has one; further ones are listed as lost. Text goes to component 2 without a display, to component 9 beside one.
 */
export function cwe(table?: string): Writer {
  return {
    type: 'CWE',
    uses: ['*'],
    write: (found, writing) => writeConcept(found, writing, table),
  };
}

function writeConcept({ value, path }: Found, writing: Writing, table: string | undefined): Repetition | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const codings = codingsOf(value);
  const text = (value as CodeableConcept).text ?? '';
  const triplets = codings.flatMap((coding) => tripletsOf(coding, writing.partner, table));
  // A value of the partner's own table is what its screens can show, so it leads; then what v2 itself has a table of.
  triplets.sort((a, b) => rank(a) - rank(b));
  const written = triplets.slice(0, 2);
  if (triplets.length > 2) {
    writing.issue(
      'render.codings-left-out',
      'information',
      path,
      'a coded field holds two codings; the others are left out',
    );
  }
  const [one, two] = written;
  if (one === undefined) return text === '' ? undefined : ['', text];
  const parts = [
    one.code,
    one.display || text,
    one.system,
    ...(two === undefined ? [] : [two.code, two.display, two.system]),
  ];
  if (text === '' || parts[1] === text) return trimmed(parts);
  if (atLeast(writing.endpoint.version, '2.6')) return trimmed([...pad(parts, 8), text]);
  writing.issue('render.text-left-out', 'information', `${path}.text`, 'before 2.6 a coded field has no original text');
  return trimmed(parts);
}

interface Triplet {
  readonly own: boolean;
  readonly code: string;
  readonly display: string;
  readonly system: string;
}

function tripletsOf(coding: Coding, partner: Partner, table: string | undefined): readonly Triplet[] {
  const system = coding.system === undefined ? '' : codingSystemName(coding.system, partner);
  const itself = { own: false, code: coding.code ?? '', display: coding.display ?? '', system };
  const own = table === undefined ? undefined : ownValue(partner, table, coding);
  return own === undefined
    ? [itself]
    : [{ own: true, code: own, display: itself.display, system: `HL7${table}` }, itself];
}

function rank({ own, system }: Triplet): number {
  if (own) return 0;
  return /^HL7\d{4}$/.test(system) ? 1 : 2;
}

const tableSystem = (table: string): string => `http://terminology.hl7.org/CodeSystem/v2-${table}`;
const LOCAL_TABLE = /^urn:handoff:code:[^:]+:(\d{4})$/;

/** Whether a CodeableConcept or Coding holds a code of this v2 table, the published or a source's own. */
export const isOfTable =
  (table: string) =>
  (value: unknown): boolean =>
    codingsOf(value).some(({ system }) => ofTable(system, table));

const ofTable = (system: string | undefined, table: string): boolean =>
  system === tableSystem(table) || LOCAL_TABLE.exec(system ?? '')?.[1] === table;

/** The code of one v2 table beside which others may stand: what fields of site-defined tables hold. */
export const tableCode = (table: string, type = 'IS'): Writer => ({
  type,
  uses: ['*'],
  write({ value }, { partner }) {
    const coding = codingsOf(value).find(({ system }) => ofTable(system, table));
    const code = coding === undefined ? undefined : (ownValue(partner, table, coding) ?? coding.code);
    return code === undefined ? undefined : [code];
  },
});

function pad(parts: readonly string[], length: number): string[] {
  return [...parts, ...Array<string>(Math.max(0, length - parts.length)).fill('')];
}
