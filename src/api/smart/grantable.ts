import { commonScope, coversScope, parseScope, scopeText, scopeWords } from '../../model/scope.ts';
import { APP_WORDS } from './registration.ts';

/**
 * The scopes an app gets: what it asks for, as far as it was registered for it and as far as the person may do it himself. A
 * `patient/` scope is worth no more than the person's `user/` scope. Rule: SMART App Launch 2.2, "Scopes granted".
 */
export function grantableScopes(asked: string, registered: string, own: string): string[] {
  const has = scopeWords(registered);
  const granted = scopeWords(asked).flatMap((word) => {
    if (APP_WORDS.includes(word)) return has.includes(word) ? [word] : [];
    return resourceScopes(word, has, scopeWords(own));
  });
  return granted.filter(
    (scope, at) => !granted.some((other, n) => coversScope(other, scope) && (n < at || !coversScope(scope, other))),
  );
}

function resourceScopes(word: string, registered: readonly string[], own: readonly string[]): string[] {
  const asked = parseScope(word);
  if (!asked || asked.context === 'system') return [];
  const kept = registered.flatMap((each) => {
    const scope = parseScope(each);
    return (scope?.context === asked.context && commonScope(asked, scope)) || [];
  });
  const mine = own.flatMap((each) => {
    const scope = parseScope(each);
    return scope?.context === 'user' ? [scope] : [];
  });
  const narrowed = kept.flatMap((scope) => mine.flatMap((may) => commonScope(scope, may) ?? []));
  // What is granted whole is granted in the app's own words, which may be those of version 1.
  return narrowed.some((scope) => coversScope(scopeText(scope), word)) ? [word] : narrowed.map(scopeText);
}
