import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import smart from 'fhirclient';

type Client = Awaited<ReturnType<ReturnType<typeof smart>['ready']>>;

/**
 * A SMART app on a socket of its own, as one builds it with fhirclient: /launch and /callback. `settings` is what `authorize` takes; it
 * may be changed after the start, when the app's address is known. `client` is what the last finished launch gave.
 */
export async function startSmartApp(settings: {
  clientId: string;
  scope: string;
  clientSecret?: string;
  iss?: string;
}) {
  const kept = new Map<string, unknown>();
  const storage = {
    get: async (key: string) => kept.get(key),
    set: async (key: string, value: unknown) => {
      kept.set(key, value);
      return value;
    },
    unset: async (key: string) => kept.delete(key),
  };
  let finished: Client | undefined;
  const app = express();
  const api = (request: express.Request, response: express.Response) =>
    smart(request as never, response as never, storage as never);
  app.get('/launch', async (request, response) => {
    await api(request, response).authorize({ ...settings, redirectUri: '/callback', pkceMode: 'required' });
  });
  app.get('/callback', async (request, response) => {
    try {
      finished = await api(request, response).ready();
      response.json({ done: true });
    } catch (error) {
      response.status(400).json({ error: (error as Error).message });
    }
  });
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    settings,
    client: () => {
      if (!finished) throw new Error('no launch has finished');
      return finished;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
