import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { loadRow, parseRow } from './rows.ts';

/**
 * The organization and practitioner of a role that is active at this instant, with its practitioner; else nothing. Only the
 * organization itself, or an operator, says who speaks for it: a role another one wrote names a colleague and opens nothing.
 */
export async function activeRole(
  tx: Tx,
  id: string,
  at: number,
): Promise<{ organization: string; practitioner: string | undefined } | undefined> {
  const row = await loadRow(tx, 'PractitionerRole', id);
  if (!row || row.deleted === 1) return undefined;
  const role = parseRow(row, bodyKeysOf(tx.env)) as unknown as {
    active?: boolean;
    period?: { start?: string; end?: string };
    organization?: { reference?: string };
    practitioner?: { reference?: string };
  };
  const organization = role.organization?.reference?.replace(/^Organization\//, '');
  if (role.active !== true || !organization || !isCurrent(role.period, at)) return undefined;
  // A role is worth what its organization says: nobody appoints his own people to another one.
  if (row.owner_org !== '' && row.owner_org !== organization) return undefined;
  const practitioner = role.practitioner?.reference?.replace(/^Practitioner\//, '');
  if (practitioner !== undefined) {
    const person = await loadRow(tx, 'Practitioner', practitioner);
    const inactive =
      person &&
      (person.deleted === 1 || (parseRow(person, bodyKeysOf(tx.env)) as { active?: boolean }).active === false);
    if (inactive) return undefined;
  }
  return { organization, practitioner };
}

function isCurrent(period: { start?: string; end?: string } | undefined, at: number): boolean {
  if (period?.start !== undefined && Date.parse(period.start) > at) return false;
  // A day belongs to its period whole.
  const end =
    period?.end === undefined ? undefined : Date.parse(period.end) + (period.end.length <= 10 ? 86_400_000 : 0);
  return end === undefined || end > at;
}
