import { parseArgs } from 'node:util';
import { apiOf } from './suite/api.ts';
import { CHECKS } from './suite.ts';

/**
 * The conformance suite against any FHIR R4 server: `npm run conformance -- --base URL [--client ID --secret S [--token-url URL] | --token T]`.
 * Without a client and a token it asks as nobody. `FAIL` is a departure from R4, `lacks` what R4 leaves open, each with the reason.
 * Exit code 1 when a check fails or something it wrote could not be deleted again; with `--all` also for what is lacking.
 */
const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    client: { type: 'string' },
    secret: { type: 'string' },
    token: { type: 'string' },
    'token-url': { type: 'string' },
    all: { type: 'boolean', default: false },
  },
});
if (!values.base) {
  console.error(
    'usage: npm run conformance -- --base URL [--client ID --secret SECRET [--token-url URL] | --token TOKEN] [--all]',
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
let lacking = 0;
for (const check of CHECKS) {
  try {
    await check.run(api);
    console.log(`ok    ${check.name}`);
  } catch (error) {
    const isOpen = check.open !== undefined && !values.all;
    if (isOpen) lacking += 1;
    else failed += 1;
    const lines = (error as Error).message.split('\n').slice(0, 6);
    if (check.open !== undefined) lines.unshift(check.open);
    console.log(`${isOpen ? 'lacks' : 'FAIL '} ${check.name}\n      ${lines.join('\n      ')}`);
  }
}
const left = await api.cleanUp().catch((error: Error) => [`all of it (${error.message})`]);
if (left.length > 0) console.log(`left behind: ${left.join(', ')}`);
console.log(
  `${CHECKS.length - failed - lacking} of ${CHECKS.length} checks passed, ${failed} failed, ${lacking} are left open by R4`,
);
process.exitCode = failed > 0 || left.length > 0 ? 1 : 0;
