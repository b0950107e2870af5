import type { Tx } from '../database/command.ts';
import type { Actor } from '../model/actor.ts';
import type { Stamp } from '../model/assertion.ts';
import { applyUnit } from './apply.ts';
import { storeAudit } from './audit.ts';
import type { Engine } from './engine.ts';
import { samePerson } from './persons.ts';
import { loadRows } from './rows.ts';

export interface UnmergeArgs {
  readonly patient: string;
  readonly other: string;
  readonly by: Actor;
  /** Milliseconds. */
  readonly at: number;
}

/** `apart`: the two are no longer one human by anything said of them. `unknown`: no such Patient. `not-together`: they were not. */
export type Unmerged = 'apart' | 'unknown' | 'not-together';

/**
 * A person's undo of a merge (v2 has none of A40) or of a link, or a person's word that two records which share a number are of two
 * people. Both records are again as their own messages say, and what is about one is found under that one. It counts from now on:
 * the merge, played again, does not come back; a new one of the source does. Rule: DOMAIN §C1 "Merge", H7.
 */
export async function unmerge(tx: Tx, engine: Engine, { patient, other, by, at }: UnmergeArgs): Promise<Unmerged> {
  const rows = await loadRows(
    tx,
    [patient, other].map((id) => ({ type: 'Patient', id })),
  );
  const owners = [...rows.values()].filter(({ deleted }) => deleted === 0).map(({ owner_org }) => owner_org);
  if (owners.length < 2) return 'unknown';
  if (!(await samePerson(tx, patient)).includes(other)) return 'not-together';
  const now = new Date(await laterThanSaid(tx, patient, other, at)).toISOString();
  await applyUnit(tx, engine, {
    at,
    unit: {
      journalId: `unmerge ${patient} ${other} ${at}`,
      partner: by.id,
      organization: owners[0]!,
      stamp: { at: now, hash: '' },
      mapped: { resources: [], groups: [], identity: [{ op: 'unlink', patient, other }], issues: [], parked: [] },
      by,
      provenance: { bodyHash: '', mappingVersion: '', receivedAt: new Date(at).toISOString(), event: 'unmerge' },
    },
  });
  storeAudit(tx, [
    { at, actor: by, action: 'U', outcome: 200, type: 'Patient', target: `Patient/${patient}`, query: 'unmerge' },
  ]);
  return 'apart';
}

/** The clock of a source may run ahead: the undo is later than what it undoes. */
async function laterThanSaid(tx: Tx, patient: string, other: string, at: number): Promise<number> {
  const [a, b] = patient < other ? [patient, other] : [other, patient];
  const [edge] = await tx.query<{ stamp: string }>('SELECT stamp FROM person_edge WHERE a = ? AND b = ?', [a, b]);
  return edge === undefined ? at : Math.max(at, Date.parse((JSON.parse(edge.stamp) as Stamp).at) + 1);
}
