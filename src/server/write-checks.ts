import { bodyKeysOf } from '../database/envelope.ts';
import { issue } from '../fhir/outcome.ts';
import { parseReference } from '../fhir/references.ts';
import type { Stored } from '../model/store.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { refuse, refuseWith } from './refusal.ts';
import { loadRow, loadRows, parseRow, type Row } from './rows.ts';
import { queryKeys } from './statements.ts';
import { visibleRows } from './visibility-sql.ts';
import type { Write } from './write-intent.ts';

/** 404 for what the actor may not see; 403 for what it sees and does not own. A party to a Task may work on it. */
export async function requireOwnership(context: Context, { type, action }: Write, before: Row): Promise<void> {
  const { tx, visibility } = context;
  if (visibility.kind === 'everything') return;
  const organization = visibility.kind === 'organization' ? visibility.organization : undefined;
  if (before.owner_org === organization) return;
  const visible = visibleRows(visibility, 'r');
  const [seen] = await tx.query<{ rid: number }>(`SELECT r.rid FROM resource r WHERE r.rid = ? AND ${visible.text}`, [
    before.rid,
    ...visible.params,
  ]);
  if (!seen) throw refuse(404, 'not-found', `no such ${type}`);
  if (type === 'Task' && action !== 'delete' && organization !== undefined) {
    const [party] = await tx.query<{ rid: number }>('SELECT rid FROM resource_party WHERE rid = ? AND org = ?', [
      before.rid,
      organization,
    ]);
    if (party) return;
  }
  throw refuse(403, 'forbidden', `this ${type} belongs to another organization`);
}

/**
 * Nobody writes into the record of somebody he cannot see. A patient that does not exist is refused in the same words.
 * The hub loads data in any order; an operator too, where `server.references` lets it.
 */
export async function requirePatients(
  { tx, visibility }: Context,
  type: string,
  patients: readonly string[],
): Promise<void> {
  if (visibility.kind === 'everything' || patients.length === 0) return;
  const visible = visibleRows(visibility, 'r');
  const seen = await queryKeys<{ id: string }>(
    tx,
    `SELECT r.id FROM resource r WHERE r.type = 'Patient' AND r.deleted = 0 AND r.id IN $KEYS AND ${visible.text}`,
    patients.map((id) => [id]),
    [],
    visible.params,
  );
  if (new Set(seen.map(({ id }) => id)).size < patients.length) {
    throw refuse(422, 'business-rule', 'it refers to a patient that is not known here', type);
  }
}

export function requireVersion({ ifMatch }: Write, current: Row | undefined): void {
  if (ifMatch === undefined) return;
  const version = ifMatch.replace(/^W\//, '').replace(/^"|"$/g, '');
  if (version !== '*' && version !== String(current?.version ?? '')) {
    throw refuse(412, 'conflict', 'the resource has another version than If-Match names');
  }
  if (!current) throw refuse(412, 'conflict', 'there is no resource for If-Match');
}

/** A Patient with records about it is not deleted: its obligations would be about nobody. Rule: FHIR R4 http.html#delete, H1, H7. */
export async function requireNoRecords({ tx }: Context, patient: Row): Promise<void> {
  const [record] = await tx.query(
    "SELECT 1 AS one FROM resource WHERE person = ? AND patient = ? AND deleted = 0 AND type NOT IN ('Patient', 'Provenance', 'AuditEvent') LIMIT 1",
    [patient.person, patient.id],
  );
  if (record) throw refuse(409, 'conflict', 'the patient still has records');
}

export async function askRules(
  context: Context,
  type: string,
  before: Stored | undefined,
  after: FhirResource | undefined,
): Promise<void> {
  const { tx, engine, actor, at } = context;
  const rules = engine.writeRules.filter(({ resourceType }) => resourceType === type);
  if (rules.length === 0) return;
  const keys = bodyKeysOf(tx.env);
  const roleRow = actor.practitionerRole ? await loadRow(tx, 'PractitionerRole', actor.practitionerRole) : undefined;
  const role = roleRow && roleRow.deleted === 0 ? parseRow(roleRow, keys) : undefined;
  for (const rule of rules) {
    const needed = (rule.needs?.(before, after) ?? []).flatMap((reference) => {
      const parsed = parseReference(reference);
      return parsed.kind === 'local' ? [parsed] : [];
    });
    const facts = [...(await loadRows(tx, needed)).values()]
      .filter(({ deleted }) => deleted === 0)
      .map((row) => parseRow(row, keys));
    const fault = rule.check({
      actor,
      facts,
      at: new Date(at).toISOString(),
      ...(before ? { before } : {}),
      ...(after ? { after } : {}),
      ...(role ? { role } : {}),
    });
    if (!fault) continue;
    const forbidden = fault.code.startsWith('forbidden');
    const { code: failure, text, location } = fault;
    const told = issue({
      code: forbidden ? 'forbidden' : 'business-rule',
      failure,
      text,
      ...(location === undefined ? {} : { expression: location }),
    });
    throw refuseWith(forbidden ? 403 : 422, [told]);
  }
}
