import type { Patient } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { parseReference } from '../fhir/references.ts';
import { samePerson } from './persons.ts';
import { loadRow, parseRow } from './rows.ts';

/** Merges of merges; a longer chain is a mistake of somebody. */
const MERGES_MAX = 10;

/**
 * The record under which a patient who signs in stands now: the one named or, where a merge replaced it, the survivor, as long as both
 * are one person. Nothing where the record is gone, out of use, or of somebody who died: then others speak for him. Rule: H7, H24.
 */
export async function livingPatient(tx: Tx, patient: string): Promise<string | undefined> {
  const same = new Set(await samePerson(tx, patient));
  let id: string | undefined = patient;
  for (let n = 0; n < MERGES_MAX && id !== undefined && same.has(id); n++) {
    const row = await loadRow(tx, 'Patient', id);
    if (!row || row.deleted === 1) return undefined;
    const record = parseRow(row, bodyKeysOf(tx.env)) as Patient;
    if (record.deceasedBoolean === true || record.deceasedDateTime !== undefined) return undefined;
    if (record.active !== false) return id;
    id = survivorOf(record);
  }
  return undefined;
}

function survivorOf({ link = [] }: Patient): string | undefined {
  const parsed = parseReference(link.find(({ type }) => type === 'replaced-by')?.other.reference ?? '');
  return parsed.kind === 'local' && parsed.type === 'Patient' ? parsed.id : undefined;
}
