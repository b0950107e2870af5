import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { DatabaseError } from '../database/command.ts';
import { type IssueCode, issue, outcome } from '../fhir/outcome.ts';

/** What a refused interaction answers: crosses the worker boundary as the `detail` of the error. */
export interface Refusal {
  readonly status: number;
  readonly outcome: OperationOutcome;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that ends an interaction with this status; the transaction it is thrown in is rolled back. The text holds no value. */
export function refuse(
  status: number,
  code: IssueCode,
  text: string,
  expression?: string | readonly string[],
): DatabaseError {
  return refuseWith(status, [issue({ code, text, ...(expression !== undefined ? { expression } : {}) })]);
}

export function refuseWith(
  status: number,
  issues: readonly OperationOutcomeIssue[],
  headers?: Refusal['headers'],
): DatabaseError {
  const detail: Refusal = { status, outcome: outcome(...issues), ...(headers ? { headers } : {}) };
  return new DatabaseError('fhir.refused', issues[0]?.diagnostics ?? 'refused', detail);
}

/** The refusal an error carries, if it is one. */
export function refusalOf(error: unknown): Refusal | undefined {
  return error instanceof DatabaseError && error.code === 'fhir.refused' ? (error.detail as Refusal) : undefined;
}
