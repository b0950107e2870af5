import { z } from 'zod';
import { ConfigError } from './load.ts';

/** A Medplum server and the client by which its project is administered. */
export interface MedplumSettings {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const schema = z.object({
  MEDPLUM_BASE_URL: z.url({ protocol: /^https?$/ }),
  MEDPLUM_CLIENT_ID: z.string().min(1),
  MEDPLUM_CLIENT_SECRET: z.string().min(1),
});

/** From the environment, under the names that Medplum's own tools use. Throws ConfigError that names what is missing. */
export function medplumSettings(env: Readonly<Record<string, string | undefined>> = process.env): MedplumSettings {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: String(path[0]), reason: message }));
    throw new ConfigError('environment', problems);
  }
  const { MEDPLUM_BASE_URL: url, MEDPLUM_CLIENT_ID: clientId, MEDPLUM_CLIENT_SECRET: clientSecret } = parsed.data;
  return { baseUrl: url.endsWith('/') ? url : `${url}/`, clientId, clientSecret };
}
