import type { CommandTable, Tx } from '../database/command.ts';
import { parseReference } from '../fhir/references.ts';
import type { SettleArgs, Settled, SettledRow, Told } from '../flow/outbox-commands.ts';
import type { Purpose } from '../model/visibility.ts';
import { type AuditRecord, aboutOf, storeAudit } from '../server/audit.ts';
import { loadRows, type Row, rowKey } from '../server/rows.ts';
import { queryKeys } from '../server/statements.ts';

const SETTLE = 'outbox.settle';

/**
 * The flow's commands, with the record of what a partner was told in the transaction that settles the row: after a crash before it the
 * row goes again, so nothing that left stays without its record. Rule: DOMAIN P7, §B9 PrivacyDisclosure.
 */
export function withDisclosures(commands: CommandTable): CommandTable {
  return {
    ...commands,
    [SETTLE]: async (tx, args: SettleArgs): Promise<Settled> => {
      const result = (await commands[SETTLE]!(tx, args)) as Settled;
      const ended = args.settled.filter(({ id, outcome }) => outcome.kind !== 'again' && !result.lost.includes(id));
      const records = await recordsOf(tx, ended.filter(hasTold), args.now);
      if (records.length > 0) storeAudit(tx, records);
      return result;
    },
  };
}

type ToldRow = SettledRow & { readonly told: Told };
const hasTold = (row: SettledRow): row is ToldRow => row.told !== undefined && row.told.resources.length > 0;

interface Delivery {
  readonly id: number;
  readonly recipient: string;
  readonly organization: string;
  readonly purpose: Purpose;
}

async function recordsOf(tx: Tx, told: readonly ToldRow[], at: number): Promise<AuditRecord[]> {
  if (told.length === 0) return [];
  const deliveries = await queryKeys<Delivery>(
    tx,
    'SELECT id, recipient, organization, purpose FROM outbox WHERE id IN $KEYS',
    told.map(({ id }) => [id]),
  );
  const rows = await loadRows(
    tx,
    told.flatMap(({ told: { resources } }) => resources.flatMap(keyIn)),
  );
  return deliveries.flatMap((delivery) => {
    const row = told.find(({ id }) => id === delivery.id)!;
    return disclosuresOf(
      delivery,
      row,
      row.told.resources.flatMap((reference) => rows.get(reference) ?? []),
      at,
    );
  });
}

/** One record for each patient and owner of what was told; directory entries are everybody's. */
function disclosuresOf(
  { recipient: id, organization, purpose }: Delivery,
  { outcome, told }: ToldRow,
  rows: readonly Row[],
  at: number,
): AuditRecord[] {
  const found = new Map<string, AuditRecord>();
  for (const row of rows) {
    const { type, owner_org: owner, patient, shared } = row;
    const key = `${owner} ${patient ?? ''}`;
    if (shared === 1 || found.has(key)) continue;
    found.set(key, {
      at,
      actor: { kind: 'partner', id, organization, scopes: [], peer: { address: told.address } },
      action: 'R',
      // Refused, or nobody knows: it may have been read all the same.
      outcome: outcome.kind === 'sent' ? 200 : 502,
      interaction: 'disclose',
      purpose,
      type,
      target: rowKey(type, row.id),
      owner,
      ...aboutOf(row),
    });
  }
  return [...found.values()];
}

function keyIn(reference: string): { readonly type: string; readonly id: string }[] {
  const parsed = parseReference(reference);
  return parsed.kind === 'local' ? [{ type: parsed.type, id: parsed.id }] : [];
}
