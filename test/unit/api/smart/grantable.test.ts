import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantableScopes } from '../../../../src/api/smart/grantable.ts';
import { coversScope } from '../../../../src/model/scope.ts';

const OWN = 'user/*.cruds';

describe('scopes an app is granted', () => {
  it.each([
    [
      'what is registered whole is granted in the app’s words',
      'patient/*.read',
      'patient/*.cruds',
      OWN,
      'patient/*.read',
    ],
    ['a narrower registration narrows', 'patient/*.rs', 'patient/Observation.r', OWN, 'patient/Observation.r'],
    [
      'both searches must be met',
      'patient/Observation.rs?category=a',
      'patient/Observation.rs?status=final',
      OWN,
      'patient/Observation.rs?category=a&status=final',
    ],
    [
      'the person’s own limits hold for patient/ too',
      'patient/*.cruds',
      'patient/*.cruds',
      'user/Task.ru?status=requested',
      'patient/Task.ru?status=requested',
    ],
    ['a patient/ registration opens no user/ scope', 'user/*.rs', 'patient/*.cruds', OWN, ''],
    ['system/ is for clients that act for themselves', 'system/*.rs', 'system/*.rs', OWN, ''],
    ['words only if registered', 'openid offline_access', 'openid', OWN, 'openid'],
    ['what is covered is not said twice', 'user/Task.r user/*.rs user/*.rs', 'user/*.cruds', OWN, 'user/*.rs'],
  ])('%s', (_rule, asked, registered, own, granted) => {
    expect(grantableScopes(asked, registered, own).join(' ')).toBe(granted);
  });

  it('is never more than asked, registered or the person’s own', () => {
    const scope = (contexts: readonly string[]) =>
      fc
        .record({
          context: fc.constantFrom(...contexts),
          type: fc.constantFrom('*', 'Task', 'Observation'),
          letters: fc.subarray(['c', 'r', 'u', 'd', 's'], { minLength: 1 }),
          query: fc.constantFrom('', '?status=final', '?category=a'),
        })
        .map(({ context, type, letters, query }) => `${context}/${type}.${letters.join('')}${query}`);
    const scopes = (contexts: readonly string[]) => fc.array(scope(contexts), { minLength: 1, maxLength: 4 });
    const contexts = ['user', 'patient', 'system'];
    fc.assert(
      fc.property(scopes(contexts), scopes(contexts), scopes(['user']), (asked, registered, own) => {
        for (const granted of grantableScopes(asked.join(' '), registered.join(' '), own.join(' '))) {
          const opens = (each: string) => coversScope(each.split('?')[0]!, granted.split('?')[0]!);
          const under = (all: readonly string[]) =>
            all.some((each) => opens(each) && (granted.split('?')[1] ?? '').includes(each.split('?')[1] ?? ''));
          expect(under(asked)).toBe(true);
          expect(under(registered)).toBe(true);
          expect(under(own.map((each) => each.replace('user/', `${granted.split('/')[0]}/`)))).toBe(true);
          expect(granted.startsWith('system/')).toBe(false);
        }
      }),
    );
  });
});
