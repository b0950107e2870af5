import { parseScope } from '../../model/scope.ts';

const WORDS: Readonly<Record<string, string>> = {
  openid: 'know that it is you',
  fhirUser: 'know your entry in the directory',
  launch: 'know which patient is open',
  'launch/patient': 'know which patient you choose',
  offline_access: 'go on after you have signed out, for a limited time',
  online_access: 'go on as long as you are signed in',
};

const OPERATIONS: Readonly<Record<string, string>> = {
  c: 'create',
  r: 'read',
  u: 'change',
  d: 'delete',
  s: 'search',
};

/** A scope as the person who grants it reads it. */
export function scopeInWords(text: string): string {
  const scope = parseScope(text);
  if (!scope) return WORDS[text] ?? text;
  const verbs = [...scope.operations].map((letter) => OPERATIONS[letter]).join(', ');
  const what = scope.type === '*' ? 'everything' : scope.type;
  const whose = scope.context === 'patient' ? 'of this patient' : 'that you may see';
  return `${verbs}: ${what} ${whose}${scope.query === undefined ? '' : `, where ${scope.query}`}`;
}
