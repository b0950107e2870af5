import { loadConfig } from '../config/load.ts';
import { loadHubKey } from '../hub/key.ts';

/** Talks to the running hub's `/ops` with the token derived from this machine's key file. */
export interface HubClient {
  readonly baseUrl: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  /** True when a hub answers at the configured address. */
  isUp(): Promise<boolean>;
}

/** A refusal by the hub, or no hub at all; `code` is what the hub said. */
export class HubRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'HubRefused';
    this.code = code;
  }
}

export function hubClient(): HubClient {
  const config = loadConfig();
  const baseUrl = `http://${config.http.replace(/^0\.0\.0\.0:/, '127.0.0.1:')}`;
  const { operatorToken } = loadHubKey(config.keyFile);
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    let response: Response;
    try {
      response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new HubRefused('hub.unreachable', `no hub answers at ${baseUrl}`);
    }
    const content = (await response.json().catch(() => ({}))) as { code?: string; text?: string };
    if (!response.ok)
      throw new HubRefused(
        content.code ?? `http.${response.status}`,
        content.text ?? `the hub answered ${response.status}`,
      );
    return content as T;
  };
  return {
    baseUrl,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    delete: async (path) => void (await call('DELETE', path)),
    isUp: () =>
      fetch(`${baseUrl}/healthz`).then(
        (response) => response.ok,
        () => false,
      ),
  };
}
