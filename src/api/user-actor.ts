import type { Actor } from '../model/actor.ts';
import { scopeWords } from '../model/scope.ts';
import type { TokenHolder } from '../server/access-commands.ts';

/** A person as an actor, with the scopes of how he came in. A patient's launch is about himself, whatever it was granted for. */
export function userActor(
  holder: TokenHolder,
  scopes: string,
  launch: { readonly app?: string; readonly launchPatient?: string } = {},
): Actor {
  const user = { kind: 'user', id: holder.name, ...launch, scopes: scopeWords(scopes) } as const;
  if (holder.patient !== undefined) return { ...user, patient: holder.patient, launchPatient: holder.patient };
  const { organization, practitioner, practitionerRole } = holder;
  return { ...user, organization, practitionerRole, ...(practitioner !== undefined ? { practitioner } : {}) };
}
