import type { Provenance } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { hubIdentifier } from '../model/systems.ts';
import type { Cause } from '../rules/routing-event.ts';
import { parameterKey } from '../server/index-rows.ts';
import { parseRow, type Row } from '../server/rows.ts';

const MESSAGE_HASH = hubIdentifier('message-sha256');
const TRIGGER = /^[A-Z]{3}\^[A-Z]\d{2}$/;

const PROVENANCES = `SELECT r.json, r.owner_org FROM idx_reference i JOIN resource r ON r.rid = i.rid
  WHERE i.p = ? AND i.tid = ? AND i.ttype = ? AND r.type = 'Provenance' AND r.deleted = 0`;

/** The messages that made versions of a resource, from the Provenance that `apply` wrote with each. Versions made otherwise have none. */
export async function causesOf(tx: Tx, type: string, id: string): Promise<Cause[]> {
  const keys = bodyKeysOf(tx.env);
  const rows = await tx.query<Pick<Row, 'json' | 'owner_org'>>(PROVENANCES, [
    parameterKey('Provenance', 'target'),
    id,
    type,
  ]);
  return rows.flatMap((row) => causesIn(parseRow(row, keys) as unknown as Provenance, row.owner_org, `${type}/${id}`));
}

/** A Provenance counts only when the organization that owns it is the sender it names. */
function causesIn(provenance: Provenance, owner: string, about: string): Cause[] {
  const trigger = provenance.activity?.text ?? '';
  const message = provenance.entity?.find(({ what }) => what.identifier?.system === MESSAGE_HASH)?.what.identifier
    ?.value;
  const organization = provenance.agent[0]?.who.reference?.replace('Organization/', '');
  const at = provenance.occurredDateTime;
  if (!TRIGGER.test(trigger) || message === undefined || at === undefined || organization !== owner) return [];
  const pinned = provenance.target.flatMap(({ reference = '' }) => {
    const [target, version] = reference.split('/_history/');
    return target === undefined ? [] : [{ target, version: Number(version) }];
  });
  const targets = pinned.map(({ target }) => target);
  return pinned
    .filter(({ target }) => target === about)
    .map(({ version }) => ({ version, trigger, organization, message, at, targets }));
}
