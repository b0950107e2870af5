import { type Access, clientOf, patientOf } from './access-row.ts';

const BALP = 'https://profiles.ihe.net/ITI/BALP';
const profile = (name: string): string => `${BALP}/StructureDefinition/IHE.BasicAudit.${name}`;

/** `type` of the agent who holds the token. */
export const TOKEN_AGENT = { system: `${BALP}/CodeSystem/UserAgentTypes`, code: 'UserOauthAgent' };
/** `type` of the entity that carries X-Request-Id. */
export const REQUEST_ID_ENTITY = { system: `${BALP}/CodeSystem/BasicAuditEntityType`, code: 'XrequestId' };
/** A token's name as an agent's policy. */
export const tokenUri = (token: string): string => `urn:ietf:params:oauth:jti:${token}`;

const NAMED: Readonly<Record<string, string>> = { C: 'Create', R: 'Read', U: 'Update', D: 'Delete' };

/**
 * Profiles that the event of an access meets in every element they require. None without the address it came from, and none for what
 * failed: the profiles are of successes. `request`: the search as it was sent, whole; absent where it is not told. Rule: IHE BALP 1.1.3.
 */
export function profilesOf(row: Access, request: string | undefined): string[] {
  if (row.address === null || row.outcome >= 400 || row.action === 'L') return [];
  const own = eventProfile(row, request);
  if (own === undefined) return [];
  if (row.token === null) return [profile(own)];
  const token = ['Minimal', ...(clientOf(row) === undefined ? [] : ['Comprehensive'])];
  return [own, ...token.map((kind) => `OAUTHaccessTokenUse.${kind}`)].map(profile);
}

function eventProfile(row: Access, request: string | undefined): string | undefined {
  const { action, interaction, target, version, query } = row;
  if (interaction === 'disclose')
    return patientOf(row) !== undefined && target !== null ? 'PrivacyDisclosure.Source' : undefined;
  if (action === 'S') return request === undefined ? undefined : ofPatient(row, 'Query');
  // Operations and histories are no reads of one resource, and a delete that found nothing deleted nothing.
  if (query !== null || target === null || version === null) return undefined;
  const name = NAMED[action];
  return name === undefined ? undefined : ofPatient(row, name);
}

/** What is about several persons has no profile: each wants one event for each patient, and the row names none. */
function ofPatient(row: Access, name: string): string | undefined {
  if (patientOf(row) !== undefined) return `Patient${name}`;
  return row.person === null ? name : undefined;
}
