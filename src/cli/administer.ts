import type { NewClient, NewPatientLogin, NewUser } from '../api/access.ts';
import { hubClient } from './hub-client.ts';

/** Asks the running hub to make a client, a user or a patient's login; where none runs, opens its store for this one change. */
export async function administer(
  what: 'clients' | 'users' | 'patients',
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const hub = hubClient();
  if (await hub.isUp()) return hub.post(`/ops/${what}`, body);
  const { withStore } = await import('../hub/with-store.ts');
  return withStore<unknown>((admin) => {
    if (what === 'patients') return admin.addPatient(body as unknown as NewPatientLogin);
    return what === 'clients'
      ? admin.addClient(body as unknown as NewClient)
      : admin.addUser(body as unknown as NewUser);
  });
}

/** Ends a client (by id) or a user (by name): tokens, passwords and sessions, at the next request. */
export async function endAccess(what: 'clients' | 'users', id: string): Promise<void> {
  const hub = hubClient();
  if (await hub.isUp()) return hub.delete(`/ops/${what}/${encodeURIComponent(id)}`);
  const { withStore } = await import('../hub/with-store.ts');
  return withStore((admin) => (what === 'clients' ? admin.revokeClient(id) : admin.revokeUser(id)));
}
