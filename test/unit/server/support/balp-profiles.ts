import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from '@medplum/fhirtypes';

const BALP = 'https://profiles.ihe.net/ITI/BALP';
export const balp = (name: string): string => `${BALP}/StructureDefinition/IHE.BasicAudit.${name}`;

const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';
const RESTFUL = 'http://hl7.org/fhir/restful-interaction';
const REST = 'http://terminology.hl7.org/CodeSystem/audit-event-type|rest';
const SOURCE = `${DICOM}|110153`;
const DESTINATION = `${DICOM}|110152`;
const APPLICATION = `${DICOM}|110150`;
const SYSTEM_OBJECT = 'http://terminology.hl7.org/CodeSystem/audit-entity-type|2';
const PERSON = 'http://terminology.hl7.org/CodeSystem/audit-entity-type|1';
const OBJECT_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role';

type Check = (event: AuditEvent) => readonly string[];
type Fault = false | string;

const keyOf = ({ system, code }: Coding = {}): string => `${system}|${code}`;
const faults = (...found: readonly Fault[]): string[] => found.filter((each) => each !== false);

const isOf = (agent: AuditEventAgent, type: string): boolean =>
  (agent.type?.coding ?? []).some((coding) => keyOf(coding) === type);
const ofType = (event: AuditEvent, type: string): AuditEventEntity[] =>
  (event.entity ?? []).filter((entity) => keyOf(entity.type) === type);

/** Event type, one of the subtypes, action; a success; when, and by whom it was recorded. */
const event =
  (type: string, subtypes: readonly string[], action: string): Check =>
  ({ type: of, subtype = [], action: did, outcome, recorded, source }) =>
    faults(
      keyOf(of) !== type && 'type',
      subtype.filter((each) => subtypes.includes(keyOf(each))).length !== 1 && 'subtype',
      did !== action && 'action',
      outcome !== '0' && 'outcome',
      !recorded && 'recorded',
      !source?.observer && 'source.observer',
    );

/** One agent of the type, and no other: who it is, its place in the network, and no medium. */
const machine =
  (name: string, type: string): Check =>
  ({ agent = [] }) => {
    const [only, ...more] = agent.filter((each) => isOf(each, type));
    if (!only || more.length > 0) return [`agent:${name}`];
    const { who, network, media } = only;
    return faults(
      !(who?.identifier?.value || who?.display || who?.reference) && `agent:${name}.who`,
      !(network?.address && network.type) && `agent:${name}.network`,
      media !== undefined && `agent:${name}.media`,
    );
  };

const data: Check = (of) => {
  const [only, ...more] = ofType(of, SYSTEM_OBJECT);
  if (!only || more.length > 0) return ['entity:data'];
  const roles = ['4', '3', '20'].map((code) => `${OBJECT_ROLE}|${code}`);
  return faults(
    !only.what?.reference && 'entity:data.what',
    !roles.includes(keyOf(only.role)) && 'entity:data.role',
    (only.name !== undefined || only.query !== undefined || only.detail !== undefined) && 'entity:data has more',
  );
};

const patient: Check = (of) => {
  const [only, ...more] = ofType(of, PERSON);
  if (!only || more.length > 0) return ['entity:patient'];
  return faults(
    !/^Patient\/[^/]+$/.test(only.what?.reference ?? '') && 'entity:patient.what',
    keyOf(only.role) !== `${OBJECT_ROLE}|1` && 'entity:patient.role',
    (of.entity ?? []).length < 2 && 'entity',
  );
};

const query: Check = (of) => {
  const [only, ...more] = ofType(of, SYSTEM_OBJECT);
  if (!only || more.length > 0) return ['entity:query'];
  return faults(
    keyOf(only.role) !== `${OBJECT_ROLE}|24` && 'entity:query.role',
    !/^[A-Za-z0-9+/]+=*$/.test(only.query ?? '') && 'entity:query.query',
    (only.what !== undefined || only.lifecycle !== undefined || only.detail !== undefined) && 'entity:query has more',
  );
};

/** The agent that the token stands for, by the token's name. */
const tokenHolder: Check = ({ agent = [] }) => {
  const found = agent.filter((each) => isOf(each, `${BALP}/CodeSystem/UserAgentTypes|UserOauthAgent`));
  if (found.length === 0) return ['agent:oUser'];
  return found.flatMap(({ requestor, policy = [], media, network }) =>
    faults(
      requestor !== true && 'agent:oUser.requestor',
      !(policy.length === 1 && /^urn:ietf:params:oauth:jti:\S+$/.test(policy[0]!)) && 'agent:oUser.policy',
      (media !== undefined || network !== undefined) && 'agent:oUser has more',
    ),
  );
};

const tokenClient: Check = ({ agent = [] }) => {
  const [client, ...more] = agent.filter((each) => isOf(each, APPLICATION));
  const users = agent.filter((each) => isOf(each, 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType|IRCP'));
  return faults(
    (!client || more.length > 0) && 'agent:oClient',
    !client?.who?.identifier?.value && 'agent:oClient.who.identifier.value',
    client?.media !== undefined && 'agent:oClient.media',
    users.length > 1 && 'agent:oUser',
    users.some(({ who, policy, network }) => !who?.identifier || policy?.length !== 1 || network) && 'agent:oUser.who',
  );
};

/** The agent that let go is the one that recorded it. */
const recordedBySource: Check = ({ agent = [], source }) => {
  const from = agent.find((each) => isOf(each, SOURCE));
  return faults(JSON.stringify(from?.who) !== JSON.stringify(source?.observer) && 'agent:source.who');
};

const interactions = (...codes: string[]) => codes.map((code) => `${RESTFUL}|${code}`);
const READ = [
  event(REST, interactions('read', 'vread'), 'R'),
  machine('client', DESTINATION),
  machine('server', SOURCE),
  data,
];
const QUERY = [
  event(REST, interactions('search', 'search-type', 'search-system'), 'E'),
  machine('client', SOURCE),
  machine('server', DESTINATION),
  query,
];
const writing = (action: string, ...codes: string[]) => [
  event(REST, interactions(...codes), action),
  machine('client', SOURCE),
  machine('server', DESTINATION),
  data,
];
const CREATE = writing('C', 'create');
const UPDATE = writing('U', 'update', 'patch');
const CUSTODIAN = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type|custodian';
const DELETE = [
  event(REST, interactions('delete'), 'D'),
  machine('client', APPLICATION),
  machine('server', CUSTODIAN),
  data,
];
const DISCLOSE = 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose';

/** What each profile of IHE BALP 1.1.3 requires of an event, written down from the guide's own tables. */
const REQUIRED: Readonly<Record<string, readonly Check[]>> = {
  Read: READ,
  PatientRead: [...READ, patient],
  Query: QUERY,
  PatientQuery: [...QUERY, patient],
  Create: CREATE,
  PatientCreate: [...CREATE, patient],
  Update: UPDATE,
  PatientUpdate: [...UPDATE, patient],
  Delete: DELETE,
  PatientDelete: [...DELETE, patient],
  'PrivacyDisclosure.Source': [
    event(`${DICOM}|110106`, [DISCLOSE], 'R'),
    machine('source', SOURCE),
    machine('recipient', DESTINATION),
    recordedBySource,
    patient,
  ],
  'OAUTHaccessTokenUse.Minimal': [tokenHolder],
  'OAUTHaccessTokenUse.Comprehensive': [tokenClient],
};

/** What of a profile an event does not meet; a profile nobody wrote down is met by nothing. */
export function unmet(found: AuditEvent, profile: string): readonly string[] {
  const checks = REQUIRED[profile.replace(balp(''), '')];
  return checks ? checks.flatMap((check) => check(found)) : ['unknown profile'];
}
