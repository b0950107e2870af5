import type { Request } from 'express';
import { z } from 'zod';
import type { Actor } from '../../model/actor.ts';
import type { ClientRecord } from '../../server/access-commands.ts';
import type { LaunchRecord } from '../../server/launch-commands.ts';
import { newSecret } from '../access.ts';
import { peerOf } from '../peer.ts';
import { OauthError } from './oauth-error.ts';
import { isEncounterOf, patientFor } from './patients.ts';
import type { SmartDeps } from './smart-deps.ts';

const LAUNCH_SEC = 300;

const id = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/);
const launchBody = z.strictObject({
  patient: id,
  encounter: id.optional(),
  /** Only this app may use it. */
  client_id: z.string().max(64).optional(),
  /** Only this person may use it: the name under which he signs in. */
  user: z.string().min(1).max(200).optional(),
});

/**
 * POST /oauth2/launch: an EHR, as an operator's or an organization's client or with a personal token, says what it has open and gets a
 * handle that an app passes on as `launch`. It must see patient and encounter itself, and so must the person who then signs in. The
 * handle is good once and for five minutes. Throws OauthError. Rule: SMART App Launch 2.2, "Launch App: EHR Launch".
 */
export async function makeLaunch(deps: SmartDeps, request: Request): Promise<object> {
  const known = await deps.authenticate(request.headers.authorization);
  if (!known) throw new OauthError(401, 'invalid_token', 'a token is needed');
  const actor: Actor = { ...known, peer: peerOf(request) };
  if (actor.app !== undefined) throw new OauthError(403, 'insufficient_scope', 'an app launches no other app');
  const parsed = launchBody.safeParse(jsonOf(request.body));
  if (!parsed.success) {
    const elements = parsed.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ');
    throw new OauthError(400, 'invalid_request', elements);
  }
  const { patient, encounter, client_id: client, user: login } = parsed.data;
  const app = client === undefined ? undefined : await appOf(deps, client);
  await requireSeen(deps, actor, patient, encounter);
  const { secret: launch, hash } = newSecret();
  const at = deps.clock.now();
  const expiresAt = at + LAUNCH_SEC * 1000;
  const record: LaunchRecord = {
    hash,
    client: client ?? null,
    login: login ?? null,
    patient,
    encounter: encounter ?? null,
    expiresAt,
    audit: {
      at,
      actor: { ...actor, ...(client === undefined ? {} : { app: client }) },
      action: 'L',
      outcome: 201,
      type: 'Patient',
      target: `Patient/${patient}`,
      query: 'launch',
    },
  };
  await deps.database.write('launch.add', record);
  const url = app?.launch_uri ? { url: launchUrl(app.launch_uri, deps.service.base, launch) } : {};
  return { launch, expires_in: LAUNCH_SEC, ...url };
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    throw new OauthError(400, 'invalid_request', 'the body is not JSON');
  }
}

async function appOf({ database }: SmartDeps, id: string): Promise<ClientRecord> {
  const client = await database.read<ClientRecord | undefined>('access.client', id);
  if (!client?.redirect_uris) throw new OauthError(400, 'invalid_request', 'client_id: is no registered app');
  return client;
}

async function requireSeen(
  { service }: SmartDeps,
  actor: Actor,
  patient: string,
  encounter: string | undefined,
): Promise<void> {
  if (!(await patientFor(service, actor, patient))) throw new OauthError(404, 'invalid_request', 'patient: not known');
  if (encounter !== undefined && !(await isEncounterOf(service, actor, encounter, patient)))
    throw new OauthError(404, 'invalid_request', 'encounter: not known for this patient');
}

function launchUrl(launchUri: string, iss: string, launch: string): string {
  const url = new URL(launchUri);
  url.searchParams.set('iss', iss);
  url.searchParams.set('launch', launch);
  return url.href;
}
