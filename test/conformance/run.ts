import { parseArgs } from 'node:util';
import { apiOf } from './suite/api.ts';
import { CHECKS } from './suite.ts';

/**
 * The conformance suite against any FHIR R4 server: `npm run conformance -- --base URL [--client ID --secret S [--token-url URL] | --token T]`.
 * Exit code 1 when a check fails or something it wrote could not be deleted again. It knows nothing of the server but its address.
 */
const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    client: { type: 'string' },
    secret: { type: 'string' },
    token: { type: 'string' },
    'token-url': { type: 'string' },
  },
});
if (!values.base) {
  console.error(
    'usage: npm run conformance -- --base URL [--client ID --secret SECRET [--token-url URL] | --token TOKEN]',
  );
  process.exit(2);
}
const base = values.base.replace(/\/$/, '');

/** What the server says of itself by SMART discovery, else the usual place. */
async function tokenEndpoint(): Promise<string> {
  const answer = await fetch(`${base}/.well-known/smart-configuration`);
  const said = answer.ok ? ((await answer.json().catch(() => ({}))) as { token_endpoint?: string }) : {};
  return said.token_endpoint ?? `${new URL(base).origin}/oauth2/token`;
}

async function authorizationOf(): Promise<string> {
  if (values.token) return `Bearer ${values.token}`;
  if (!values.client || !values.secret) return '';
  const url = values['token-url'] ?? (await tokenEndpoint());
  const basic = Buffer.from(`${encodeURIComponent(values.client)}:${encodeURIComponent(values.secret)}`).toString(
    'base64',
  );
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!answer.ok) throw new Error(`the token endpoint answered ${answer.status}`);
  return `Bearer ${((await answer.json()) as { access_token: string }).access_token}`;
}

const api = apiOf({ base, authorization: await authorizationOf() });
let failed = 0;
for (const check of CHECKS) {
  try {
    await check.run(api);
    console.log(`ok    ${check.name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${check.name}\n      ${(error as Error).message.split('\n').slice(0, 6).join('\n      ')}`);
  }
}
const left = await api.cleanUp().catch((error: Error) => [`all of it (${error.message})`]);
if (left.length > 0) console.log(`left behind: ${left.join(', ')}`);
console.log(`${CHECKS.length - failed} of ${CHECKS.length} checks passed`);
process.exitCode = failed > 0 || left.length > 0 ? 1 : 0;
