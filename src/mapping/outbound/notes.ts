import type { Issue } from '../../model/assertion.ts';

/** What the writers said while one message was written: issues, and the paths of elements that reached it. */
export class Notes {
  readonly issues: Issue[] = [];
  readonly carried = new Set<string>();

  add(code: string, severity: Issue['severity'], location: string, text: string): void {
    this.issues.push(location === '' ? { severity, code, text } : { severity, code, location, text });
  }
}
