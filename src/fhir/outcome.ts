import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

export type Severity = OperationOutcomeIssue['severity'];
export type IssueCode = OperationOutcomeIssue['code'];

/** The code system of the hub's own failure codes (`stage.what`), as carried in `issue.details`. */
export const FAILURE_SYSTEM = 'urn:handoff:failure';

export interface IssueParts {
  readonly severity?: Severity;
  /** FHIR issue type; always from the required value set issue-type. */
  readonly code: IssueCode;
  /** The hub's own code, `stage.what`. */
  readonly failure?: string;
  /** Plain words naming elements, codes and limits; never a value out of a resource or message. */
  readonly text?: string;
  /** FHIRPath locations of the offending elements. */
  readonly expression?: string | readonly string[];
}

/** One issue, severity `error` unless said. */
export function issue(parts: IssueParts): OperationOutcomeIssue {
  const result: OperationOutcomeIssue = { severity: parts.severity ?? 'error', code: parts.code };
  if (parts.failure !== undefined) {
    result.details = { coding: [{ system: FAILURE_SYSTEM, code: parts.failure }] };
    if (parts.text !== undefined) result.details.text = parts.text;
  } else if (parts.text !== undefined) {
    result.details = { text: parts.text };
  }
  if (parts.text !== undefined) result.diagnostics = parts.text;
  if (parts.expression !== undefined) {
    result.expression = typeof parts.expression === 'string' ? [parts.expression] : [...parts.expression];
  }
  return result;
}

/** An OperationOutcome of the given issues; with none it says "all ok" as an informational issue (issue is 1..*). */
export function outcome(...issues: readonly OperationOutcomeIssue[]): OperationOutcome {
  if (issues.length > 0) return { resourceType: 'OperationOutcome', issue: [...issues] };
  return {
    resourceType: 'OperationOutcome',
    issue: [issue({ severity: 'information', code: 'informational', text: 'All OK' })],
  };
}

/** True when no issue refuses: `error` and `fatal` do, warnings and information do not. */
export function isAcceptable(issues: readonly OperationOutcomeIssue[]): boolean {
  return !issues.some(({ severity }) => severity === 'error' || severity === 'fatal');
}
