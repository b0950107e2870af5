import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Change } from './commit.ts';
import { agree, demographicsOf } from './identity-check.ts';
import { identifierKey, type SharedIdentifier } from './persons.ts';
import { loadRows, parseRow } from './rows.ts';

/**
 * Of the identifiers a FHIR actor writes into a Patient, those that may tie it to other records: what tied it before, what its
 * organization issues, and what the records of other organizations bear out by name and birth date. A number alone opens no
 * record: whoever could name one would become a party to that person's care. The others stay in the resource and tie nothing
 * until it is written again with what agrees. `holders`: of each claimed identifier. Rule: H7, DESIGN 7.
 */
export async function believed(
  tx: Tx,
  issuers: Readonly<Record<string, string>>,
  change: Change,
  claimed: readonly SharedIdentifier[],
  holders: ReadonlyMap<string, readonly string[]>,
): Promise<SharedIdentifier[]> {
  const found: SharedIdentifier[] = [];
  for (const each of claimed) {
    const isOwn = issuers[each.system] === change.owner;
    const held = holders.get(identifierKey(each)) ?? [];
    if (held.includes(change.id) || isOwn || (await isBorneOut(tx, issuers, change, each, held))) found.push(each);
  }
  return found;
}

/** All records of other organizations under the identifier agree; with none to ask, nobody else may be its issuer. */
async function isBorneOut(
  tx: Tx,
  issuers: Readonly<Record<string, string>>,
  change: Change,
  claimed: SharedIdentifier,
  holders: readonly string[],
): Promise<boolean> {
  const rows = await loadRows(
    tx,
    holders.map((id) => ({ type: 'Patient', id })),
  );
  const foreign = [...rows.values()].filter((row) => row.deleted === 0 && row.owner_org !== change.owner);
  if (foreign.length === 0) return issuers[claimed.system] === undefined || rows.size > 0;
  const own = demographicsOf(change.resource!);
  return foreign.every((row) => agree(own, demographicsOf(parseRow(row, bodyKeysOf(tx.env)))));
}
