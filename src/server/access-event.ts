import { isIP } from 'node:net';
import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from '@medplum/fhirtypes';
import { hubIdentifier, hubSystem } from '../model/systems.ts';
import { type Access, clientOf, patientOf } from './access-row.ts';
import { profilesOf, REQUEST_ID_ENTITY, TOKEN_AGENT, tokenUri } from './balp.ts';

/** `meta.source` of every kept access; a search of AuditEvent by this `_source` asks for them alone, any other for both. */
export const ACCESS_SOURCE = 'urn:handoff:access-log';

const INTERACTION: Readonly<Record<string, string>> = { C: 'create', R: 'read', U: 'update', D: 'delete' };

const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';
const dicom = (code: string, display?: string): Coding => ({ system: DICOM, code, ...(display ? { display } : {}) });
const restful = (code: string): Coding => ({ system: 'http://hl7.org/fhir/restful-interaction', code });

/** `AuditEvent.type` of what is kept. */
export const EVENT_TYPE = {
  login: dicom('110114'),
  disclosure: dicom('110106', 'Export'),
  access: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
} as const satisfies Readonly<Record<string, Coding>>;

const LOGIN: Readonly<Record<string, string>> = { login: '110122', 'sign-out': '110123' };

type Typed = Pick<AuditEvent, 'type' | 'subtype'>;

/** Rule: FHIR R4 valueset-audit-event-type, audit-event-sub-type; IHE BALP 1.1.3. */
function typeOf(row: Access): Typed {
  if (row.action === 'L') return loginType(row.query ?? '');
  if (row.interaction === 'disclose') {
    const disclose = { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'disclose' };
    return { type: EVENT_TYPE.disclosure, subtype: [disclose] };
  }
  return { type: EVENT_TYPE.access, subtype: [restful(interactionOf(row))] };
}

function interactionOf({ action, interaction, type, query }: Access): string {
  if (interaction !== null) return interaction;
  if (action === 'S') return type === null ? 'search-system' : 'search-type';
  return query === null ? (INTERACTION[action] ?? 'operation') : 'operation';
}

/** User Authentication; what the code systems do not name has a code of the hub. */
const loginType = (what: string): Typed => ({
  type: EVENT_TYPE.login,
  subtype: [LOGIN[what] ? dicom(LOGIN[what]) : { system: hubSystem('login-event'), code: what }],
});

const SOURCE = dicom('110153', 'Source Role ID');
const DESTINATION = dicom('110152', 'Destination Role ID');
const APPLICATION = dicom('110150', 'Application');
const CUSTODIAN = { system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'custodian' };
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';

/** What BALP calls the two machines of an access: the data flow from the source, but a query counts from who asks. */
function machinesOf(action: string): { readonly client: Coding; readonly server: Coding } {
  if (action === 'R') return { client: DESTINATION, server: SOURCE };
  return action === 'D' ? { client: APPLICATION, server: CUSTODIAN } : { client: SOURCE, server: DESTINATION };
}

const HUB = { display: 'Handoff' };

/** Network type 2: IP address, 1: name of a machine, 5: URI. Rule: FHIR R4 valueset-network-type. */
function networkOf(address: string): NonNullable<AuditEventAgent['network']> {
  return { address, type: isIP(address) > 0 ? '2' : address.includes('://') ? '5' : '1' };
}

function agentsOf(row: Access, base: string): AuditEventAgent[] {
  const { client, server } = machinesOf(row.action);
  const subject = { identifier: { system: hubIdentifier(row.actor_kind), value: row.actor } };
  const holder = row.actor_kind === 'user' || row.token !== null ? [holderOf(row, subject)] : [];
  // The hub sends of itself.
  const isSent = row.actor_kind === 'partner';
  const id = clientOf(row);
  const machine: AuditEventAgent = {
    type: { coding: id === undefined || client === APPLICATION ? [client] : [client, APPLICATION] },
    who: id === undefined ? subject : { identifier: { system: hubIdentifier('client'), value: id } },
    requestor: holder.length === 0 && !isSent,
    ...(row.address === null ? {} : { network: networkOf(row.address) }),
  };
  const organization: AuditEventAgent[] = row.organization
    ? [{ who: { reference: `Organization/${row.organization}` }, requestor: false }]
    : [];
  const hub: AuditEventAgent = { type: { coding: [server] }, who: HUB, requestor: isSent, network: networkOf(base) };
  return [...holder, machine, ...organization, hub];
}

/** Whom the token stands for: a person in a role, or the client itself. */
function holderOf(
  { actor_kind: kind, role, token, action }: Access,
  who: NonNullable<AuditEventAgent['who']>,
): AuditEventAgent {
  const part = action === 'R' || action === 'S' || action === 'E' ? 'IRCP' : 'AUT';
  const person = kind === 'user' ? [{ system: PARTICIPATION, code: part }] : [];
  const coding = [...(token === null ? [] : [TOKEN_AGENT]), ...person];
  return {
    ...(coding.length > 0 ? { type: { coding } } : {}),
    who: role === null ? who : { reference: `PractitionerRole/${role}`, ...who },
    requestor: true,
    ...(token === null ? {} : { policy: [tokenUri(token)] }),
  };
}

const entityType = (code: string): Coding => ({
  system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  code,
});
const objectRole = (code: string): Coding => ({ system: 'http://terminology.hl7.org/CodeSystem/object-role', code });

function entitiesOf(row: Access, request: string | undefined): AuditEventEntity[] {
  const found: AuditEventEntity[] = [];
  if (row.target !== null) {
    const version = row.version === null ? '' : `/_history/${row.version}`;
    found.push({ what: { reference: `${row.target}${version}` }, type: entityType('2'), role: objectRole('4') });
  }
  const patient = patientOf(row);
  if (patient !== undefined)
    found.push({ what: { reference: `Patient/${patient}` }, type: entityType('1'), role: objectRole('1') });
  if (row.query !== null && row.action !== 'L') found.push(queryEntity(row, row.query, request));
  if (row.request_id !== null) found.push({ what: { identifier: { value: row.request_id } }, type: REQUEST_ID_ENTITY });
  return found;
}

function queryEntity({ action }: Access, names: string, request: string | undefined): AuditEventEntity {
  const told = action === 'S' ? request : names;
  return {
    type: entityType('2'),
    role: objectRole('24'),
    ...(action === 'S' && names !== '' ? { description: names } : {}),
    ...(told === undefined ? {} : { query: Buffer.from(told).toString('base64') }),
  };
}

/**
 * One access in the shapes of IHE BALP 1.1.3: who, by which machine, for which organization, on which server, what, about whom. It
 * claims the profiles it meets. `request` as in `profilesOf`.
 */
export function eventOf(row: Access, base: string, request: string | undefined): AuditEvent {
  const profile = profilesOf(row, request);
  const entity = entitiesOf(row, request);
  const instant = new Date(row.at).toISOString();
  return {
    resourceType: 'AuditEvent',
    id: `access-${row.id}`,
    meta: {
      versionId: '1',
      lastUpdated: instant,
      source: ACCESS_SOURCE,
      ...(profile.length > 0 ? { profile } : {}),
    },
    ...typeOf(row),
    action: (row.action === 'S' || row.action === 'L' ? 'E' : row.action) as NonNullable<AuditEvent['action']>,
    recorded: instant,
    outcome: row.outcome < 400 ? '0' : '4',
    ...(row.purpose === null
      ? {}
      : {
          purposeOfEvent: [
            { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: row.purpose }] },
          ],
        }),
    agent: agentsOf(row, base),
    source: { observer: HUB },
    ...(entity.length > 0 ? { entity } : {}),
  };
}
