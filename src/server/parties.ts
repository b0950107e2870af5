import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { parseReference } from '../fhir/references.ts';
import { codeIn, HL7_TASK_CODE, TASK_CODE, TASK_PART } from '../model/codes.ts';
import type { FhirResource } from './engine.ts';
import { parameterKey } from './index-rows.ts';
import { loadRows, parseRow, type Row } from './rows.ts';
import { insertRows, queryKeys } from './statements.ts';

type Reference = { readonly reference?: string } | undefined;
const list = (value: unknown): readonly Reference[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as Reference[]) : [value as Reference];

/** Elements of each type that name who takes part in it. Being a party opens that one row and only what no sensitive label covers. */
const PARTY_ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  Task: ['owner', 'requester'],
  Communication: ['recipient', 'sender'],
  CommunicationRequest: ['recipient', 'sender', 'requester'],
  // Its performer sees a referral by a grant, once the hub has let it go (R10).
  ServiceRequest: ['requester'],
};

/** Search parameters over those elements: through them a later change of a role finds the rows it opens. */
const PARTY_PARAMETERS: readonly (readonly [string, string])[] = [
  ['Task', 'owner'],
  ['Task', 'requester'],
  ['Communication', 'recipient'],
  ['Communication', 'sender'],
  ['CommunicationRequest', 'recipient'],
  ['CommunicationRequest', 'sender'],
  ['CommunicationRequest', 'requester'],
  ['ServiceRequest', 'requester'],
];

type Concept = Parameters<typeof codeIn>[1];

/** A referral that waits at its gate: whom it is meant for is nobody to it yet. Rule: R10, H18. */
function isHeldReferral(resource: FhirResource): boolean {
  if (resource.resourceType !== 'Task') return false;
  const code = resource.code as Concept;
  const fulfil = code?.coding?.some((each) => each.system === HL7_TASK_CODE && each.code === 'fulfill') === true;
  if (!fulfil && codeIn(TASK_CODE, code) !== 'accept-referral') return false;
  const parts = (resource.output ?? []) as readonly { readonly type?: Concept }[];
  return !parts.some((part) => codeIn(TASK_PART, part.type) === 'released-at');
}

/** The element of a directory type (or care team) that names the organization it stands for. */
const AFFILIATION: Readonly<Record<string, string>> = {
  PractitionerRole: 'organization',
  HealthcareService: 'providedBy',
  CareTeam: 'managingOrganization',
  Location: 'managingOrganization',
};

export const isAffiliationType = (type: string): boolean => Object.hasOwn(AFFILIATION, type);

const localTarget = (reference: Reference): { type: string; id: string } | undefined => {
  if (!reference?.reference) return undefined;
  const parsed = parseReference(reference.reference);
  return parsed.kind === 'local' ? { type: parsed.type, id: parsed.id } : undefined;
};

/** `Type/id` → Organization id, for those of the references that stand for one. Reads what the store holds in this transaction. */
export async function affiliationsOf(tx: Tx, references: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const wanted = references
    .flatMap((reference) => localTarget({ reference }) ?? [])
    .filter(({ type }) => isAffiliationType(type));
  for (const [key, row] of await loadRows(tx, wanted)) {
    if (row.deleted === 1) continue;
    const organization = list(parseRow(row, bodyKeysOf(tx.env))[AFFILIATION[row.type]!])[0];
    const target = localTarget(organization);
    // Only the organization itself, or the hub, says that somebody belongs to it.
    if (target?.type === 'Organization' && (row.owner_org === '' || row.owner_org === target.id))
      found[key] = target.id;
  }
  return found;
}

/** References by which a resource names its parties, and what DetectedIssue implicates. */
export function partyReferences(resource: FhirResource): string[] {
  if (resource.resourceType === 'DetectedIssue')
    return list(resource.implicated).flatMap((each) => each?.reference ?? []);
  const elements = isHeldReferral(resource) ? ['requester'] : (PARTY_ELEMENTS[resource.resourceType] ?? []);
  return elements.flatMap((element) => list(resource[element]).flatMap((each) => each?.reference ?? []));
}

/** Organizations that are parties to a resource. Rule: DESIGN 7; DetectedIssue: the owners of what it implicates. */
async function partiesOf(tx: Tx, resource: FhirResource): Promise<Set<string>> {
  const references = partyReferences(resource);
  if (references.length === 0) return new Set();
  if (resource.resourceType === 'DetectedIssue') {
    const targets = await loadRows(
      tx,
      references.flatMap((reference) => localTarget({ reference }) ?? []),
    );
    return new Set([...targets.values()].map((row) => row.owner_org).filter((owner) => owner !== ''));
  }
  const affiliations = await affiliationsOf(tx, references);
  const found = new Set<string>();
  for (const reference of references) {
    const target = localTarget({ reference });
    if (target?.type === 'Organization') found.add(target.id);
    else if (affiliations[reference]) found.add(affiliations[reference]);
  }
  return found;
}

/** Brings `resource_party` of one row to what the resource says now. */
export async function storeParties(
  tx: Tx,
  rid: number,
  resource: FhirResource | undefined,
  isNew: boolean,
): Promise<void> {
  const parties = resource ? await partiesOf(tx, resource) : new Set<string>();
  const had = isNew
    ? new Set<string>()
    : new Set(
        (await tx.query<{ org: string }>('SELECT org FROM resource_party WHERE rid = ?', [rid])).map(({ org }) => org),
      );
  for (const org of had) {
    if (!parties.has(org)) tx.send('DELETE FROM resource_party WHERE rid = ? AND org = ?', [rid, org]);
  }
  insertRows(
    tx,
    'INSERT INTO resource_party (rid, org) VALUES',
    [...parties].filter((org) => !had.has(org)).map((org) => [rid, org]),
  );
}

/** A role, service or team that changed may open or close rows written before it: computes their parties anew. Gives the rows. */
export async function refreshParties(
  tx: Tx,
  changed: readonly { readonly type: string; readonly id: string }[],
): Promise<Row[]> {
  if (changed.length === 0) return [];
  const rids = await queryKeys<{ rid: number }>(
    tx,
    `SELECT DISTINCT rid FROM idx_reference WHERE (tid, ttype) IN $KEYS
     AND p IN (${PARTY_PARAMETERS.map(([type, code]) => parameterKey(type, code)).join(', ')})`,
    changed.map(({ type, id }) => [id, type]),
  );
  const rows = await queryKeys<Row>(
    tx,
    'SELECT * FROM resource WHERE deleted = 0 AND rid IN $KEYS',
    rids.map(({ rid }) => [rid]),
  );
  for (const row of rows) await storeParties(tx, row.rid, parseRow(row, bodyKeysOf(tx.env)), false);
  return rows;
}

export const hasParties = (type: string): boolean => type === 'DetectedIssue' || Object.hasOwn(PARTY_ELEMENTS, type);
