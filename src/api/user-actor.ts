import type { Actor } from '../model/actor.ts';
import { scopeWords } from '../model/scope.ts';
import type { TokenHolder } from '../server/access-commands.ts';

/** A person as an actor, with the scopes of how he came in. */
export function userActor(
  { name, organization, practitioner, practitionerRole }: TokenHolder,
  scopes: string,
  launch: { readonly app?: string; readonly launchPatient?: string } = {},
): Actor {
  return {
    kind: 'user',
    id: name,
    organization,
    practitionerRole,
    ...(practitioner !== undefined ? { practitioner } : {}),
    ...launch,
    scopes: scopeWords(scopes),
  };
}
