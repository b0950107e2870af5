import type { Actor, Peer } from '../../model/actor.ts';
import { parseScope } from '../../model/scope.ts';
import type { NewGrant } from '../../server/grant-commands.ts';
import type { Launch } from '../../server/launch-commands.ts';
import type { Session } from '../../server/login-commands.ts';
import { hashToken, newSecret } from '../access.ts';
import { userActor } from '../user-actor.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { grantableScopes } from './grantable.ts';
import type { PatientChoice } from './pages.ts';
import { isEncounterOf, patientFor } from './patients.ts';
import type { SmartDeps } from './smart-deps.ts';

/** Rule: RFC 6749 §4.1.2 recommends ten minutes at most; an app redeems at once. */
const CODE_SEC = 60;

/** What a signed-in person is asked about one request. */
export interface Asked {
  readonly request: AuthorizeRequest;
  readonly session: Session;
  readonly actor: Actor;
  readonly scopes: readonly string[];
  readonly launched: { readonly patient: PatientChoice; readonly encounter: string | undefined } | undefined;
  /** A patient must be chosen. */
  readonly chooses: boolean;
}

/** RFC 6749 error code and its words. */
export type Refused = readonly [error: string, text: string];

export const isRefused = (found: Asked | Refused): found is Refused => Array.isArray(found);

/** What can be granted to this request by this person now: scopes, and the patient its launch is about. */
export async function askedOf(
  deps: SmartDeps,
  request: AuthorizeRequest,
  session: Session,
  peer: Peer,
): Promise<Asked | Refused> {
  const actor: Actor = { ...userActor(session, session.scopes), peer };
  const scopes = grantableScopes(request.scope, request.client.scopes, session.scopes);
  if (!scopes.some((scope) => scope === 'openid' || parseScope(scope)))
    return ['invalid_scope', 'nothing of it can be granted'];
  const asked = { request, session, actor, scopes };
  if (request.launch === undefined) {
    const needs = scopes.some((scope) => scope === 'launch/patient' || parseScope(scope)?.context === 'patient');
    if (session.patient === undefined || !needs) return { ...asked, launched: undefined, chooses: needs };
    // A patient's app is about himself; there is nobody to choose.
    const own = await patientFor(deps.service, actor, session.patient);
    if (!own) return ['access_denied', 'the record may not be read'];
    return { ...asked, launched: { patient: own, encounter: undefined }, chooses: false };
  }
  const hash = hashToken(request.launch);
  const launch = await deps.database.read<Launch | undefined>('launch.find', { hash, at: deps.clock.now() });
  if (!launch || !scopes.includes('launch') || (launch.client !== null && launch.client !== request.client.id))
    return ['invalid_request', 'the launch is not known, was used, or is over'];
  if (launch.login !== null && launch.login !== session.name)
    return ['access_denied', 'the launch is for another person'];
  const patient = await patientFor(deps.service, actor, launch.patient);
  const encounter = launch.encounter ?? undefined;
  const sees = encounter === undefined || (await isEncounterOf(deps.service, actor, encounter, launch.patient));
  if (!patient || !sees) return ['access_denied', 'the person may not see what the launch is about'];
  return { ...asked, launched: { patient, encounter }, chooses: false };
}

/** The code of a grant that is durable now; undefined when its launch or session ended meanwhile. */
export async function grantCode(
  { database, clock, newId, limits }: SmartDeps,
  { request, session, scopes, launched }: Asked,
  cookie: string,
  chosen: string | undefined,
): Promise<string | undefined> {
  const at = clock.now();
  const { secret, hash } = newSecret();
  const codeEnds = at + CODE_SEC * 1000;
  const grant: NewGrant = {
    id: newId(),
    client: request.client.id,
    login: session.name,
    session: hashToken(cookie),
    scopes: scopes.join(' '),
    patient: launched?.patient.id ?? chosen,
    encounter: launched?.encounter,
    nonce: request.nonce,
    redirectUri: request.redirectUri,
    challenge: request.challenge,
    signedInAt: session.signedInAt,
    at,
    expiresAt: scopes.includes('offline_access')
      ? at + limits.offlineSec * 1000
      : scopes.includes('online_access')
        ? session.expiresAt
        : codeEnds + limits.accessTokenSec * 1000,
    code: { hash, expiresAt: codeEnds },
    launch: request.launch === undefined ? undefined : hashToken(request.launch),
  };
  return (await database.write<boolean>('grant.make', grant)) ? secret : undefined;
}
