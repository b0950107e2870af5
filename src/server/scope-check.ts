import { bodyKeysOf } from '../database/envelope.ts';
import { patientsIn } from './commit.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { indexRows } from './index-rows.ts';
import { samePerson } from './persons.ts';
import { refuse } from './refusal.ts';
import { parseRow, type Row } from './rows.ts';
import type { Operation, Subject } from './scopes.ts';

/** Whether the scopes allow the operation on a resource as this text of it reads. */
async function allowsAs(context: Context, operation: Operation, resource: FhirResource & { id: string }) {
  const { resourceType: type, id } = resource;
  const permission = context.scopes.permission(type, operation);
  if (permission === 'all' || permission === 'none') return permission === 'all';
  const subject = await subjectOf(context, type, id, resource);
  return context.scopes.allows(type, id, operation, subject, () => indexRows(context.engine.definitions, resource));
}

async function subjectOf(context: Context, type: string, id: string, resource: FhirResource): Promise<Subject> {
  const { launchPatient } = context.actor;
  const patients = patientsIn(context.engine, { type, id, resource, patient: undefined, before: undefined });
  if (patients.length === 0) return 'nobody';
  if (launchPatient === undefined) return 'others';
  const same = new Set(await samePerson(context.tx, launchPatient));
  return patients.every((patient) => same.has(patient)) ? 'launch' : 'others';
}

/** Throws 403 unless the scopes cover the resource as it reads: asked of what is stored and of what is to be written alike. */
export async function requireScope(
  context: Context,
  operation: Operation,
  type: string,
  id: string,
  resource: FhirResource,
): Promise<void> {
  if (!(await allowsAs(context, operation, { ...resource, resourceType: type, id })))
    throw refuse(403, 'forbidden', `the token's scope does not cover this ${type}`);
}

/**
 * Former versions of resources whose current ones the reader may see, without those that the scopes do not cover: a record may have
 * been about somebody else before it was put right. Deletions hold nothing and stay. Rule: H5, H7.
 */
export async function coveredVersions(context: Context, rows: readonly Row[], operation: Operation): Promise<Row[]> {
  const kept: Row[] = [];
  for (const row of rows) {
    const open = row.deleted === 1 || context.scopes.permission(row.type, operation) === 'all';
    if (open || (await allowsAs(context, operation, parseRow(row, bodyKeysOf(context.tx.env))))) kept.push(row);
  }
  return kept;
}
