import { hubId } from '../fhir/ids.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { loadRow, rowKey } from './rows.ts';
import { lockNames } from './statements.ts';

/** Types whose identity is one identifier their owner issues: a message about the same thing finds the resource by it. */
const DECLARED: ReadonlySet<string> = new Set(['Encounter', 'MedicationRequest', 'Patient', 'ServiceRequest', 'Task']);

/**
 * The id of a resource a FHIR client creates: for a declared identity the one that messages derive too, so that an RRI about a referral
 * made over FHIR meets its Task; else a new one. A second resource of the same identity gets a new id. Rule: DESIGN 5 "Ids".
 */
export async function idFor(context: Context, type: string, resource: FhirResource): Promise<string> {
  const { tx, engine, actor } = context;
  if (!DECLARED.has(type)) return engine.newId();
  for (const { system, value } of identifiersOf(resource)) {
    const owner = system === undefined ? undefined : engine.issuers[system];
    if (system === undefined || value === undefined || owner === undefined) continue;
    if (actor.organization !== undefined && actor.organization !== owner) continue;
    const id = hubId(engine.hubKey, type, owner, system, value);
    lockNames(tx, [rowKey(type, id)]);
    if (!(await loadRow(tx, type, id))) return id;
  }
  return engine.newId();
}

interface Identifying {
  readonly system?: string;
  readonly value?: string;
}

function identifiersOf({ identifier }: FhirResource): readonly Identifying[] {
  return Array.isArray(identifier) ? (identifier as readonly Identifying[]) : [];
}
