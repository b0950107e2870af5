import type { Coding } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { hubId } from '../fhir/ids.ts';
import type { ApplyUnit } from '../model/store.ts';
import type { Change } from './commit.ts';
import type { Engine } from './engine.ts';
import { personsOf } from './persons.ts';
import { actorProvenance, messageProvenance, provenanceChange } from './provenance.ts';
import { loadRows, type Row, rowKey } from './rows.ts';

/** One Provenance per person touched, and one for what belongs to nobody. */
export async function provenancesOf(
  tx: Tx,
  engine: Engine,
  unit: ApplyUnit,
  changes: readonly Change[],
  fresh: boolean,
): Promise<Change[]> {
  if (changes.length === 0) return [];
  const patients = [
    ...new Set(changes.flatMap(({ type, id, patient }) => (type === 'Patient' ? id : (patient ?? [])))),
  ];
  const persons = patients.length > 1 ? await personsOf(tx, patients) : new Map();
  const groups = Map.groupBy(changes, ({ type, id, patient }) => {
    const of = type === 'Patient' ? id : patient;
    return of === undefined ? '' : ((persons.get(of) as string | undefined) ?? of);
  });
  const made = [...groups.values()].map((group) => {
    const of = group
      .map(({ type, id, patient }) => (type === 'Patient' ? id : patient))
      .filter((id) => id !== undefined);
    const about = of.toSorted()[0];
    const targets = group.map(({ type, id, before, resource }) => ({
      type,
      id,
      version: (before?.version ?? 0) + 1,
      labels: (resource?.meta?.security ?? []) as Coding[],
    }));
    const id = hubId(engine.hubKey, 'Provenance', unit.organization, 'journal', `${unit.journalId}|${about ?? ''}`);
    const resource =
      unit.by === undefined
        ? messageProvenance(id, unit, targets)
        : actorProvenance(id, unit.by, unit.provenance.receivedAt, 'UPDATE', targets);
    return { about, resource, owner: unit.by === undefined ? unit.organization : group[0]!.owner };
  });
  const rows = fresh
    ? new Map<string, Row>()
    : await loadRows(
        tx,
        made.map(({ resource }) => ({ type: 'Provenance', id: resource.id! })),
      );
  return made.map(({ about, resource, owner }) => {
    const before = rows.get(rowKey('Provenance', resource.id!));
    return provenanceChange(resource, before, owner, about);
  });
}
