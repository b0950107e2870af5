import { hubClient } from './hub-client.ts';

/** Asks the running hub to make a client or a user; where none runs, opens its store for this one change. */
export async function administer(what: 'clients' | 'users', body: Readonly<Record<string, string>>): Promise<unknown> {
  const hub = hubClient();
  if (await hub.isUp()) return hub.post(`/ops/${what}`, body);
  const { withStore } = await import('../hub/with-store.ts');
  return withStore((admin) => (what === 'clients' ? admin.addClient(body) : admin.addUser(body)));
}
