import type { Issue } from '../model/assertion.ts';

/** Everything the HL7 stage can find wrong with bytes. A finding never stops parsing; `severity` says how much it matters. */
export type Hl7IssueCode =
  | 'hl7.empty'
  | 'hl7.no-header'
  | 'hl7.content-before-header'
  | 'hl7.header-repeated'
  | 'hl7.delimiters-missing'
  | 'hl7.delimiters-ambiguous'
  | 'hl7.segment-name'
  | 'hl7.segment-indented'
  | 'hl7.line-feed-in-field'
  | 'hl7.charset-unknown'
  | 'hl7.charset-guessed'
  | 'hl7.charset-contradicted'
  | 'hl7.charset-invalid-bytes'
  | 'hl7.charset-unencodable'
  | 'hl7.escape-unknown'
  | 'hl7.escape-unclosed'
  | 'hl7.batch-count'
  | 'hl7.batch-stray'
  | 'hl7.batch-structure'
  | 'hl7.structure-unknown'
  | 'hl7.structure-mismatch'
  | 'hl7.segment-unexpected'
  | 'hl7.segment-missing'
  | 'hl7.name-invalid';

/** A finding about a message. Names the place and the code, never a value. */
export interface Hl7Issue extends Issue {
  readonly code: Hl7IssueCode;
}

/** One issue; `location` is the canonical print of `location.ts`. */
export function issue(severity: Issue['severity'], code: Hl7IssueCode, text: string, location?: string): Hl7Issue {
  return location === undefined ? { severity, code, text } : { severity, code, text, location };
}
