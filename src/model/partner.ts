import type { RelayType } from './relay.ts';
import type { Purpose } from './visibility.ts';

/** A code as a partner's table maps it. */
export interface MappedCode {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}

/** A program of a partner. `part2`: federally assisted SUD program; everything from it is labelled (R62, DOMAIN B8). */
export interface Program {
  readonly id: string;
  readonly name: string;
  /** Hub level-of-care code: op, iop, php, res, ip, crisis, or `dosing` for a ketamine/esketamine clinic. */
  readonly levelOfCare: 'op' | 'iop' | 'php' | 'res' | 'ip' | 'crisis' | 'dosing';
  readonly part2: boolean;
  /** A message belongs to the program when every listed field has one of the values, e.g. `{"PV1-10": ["PHP"]}`. Empty: the default program. */
  readonly match: Readonly<Record<string, readonly string[]>>;
}

/** One way a partner's messages come in. */
export interface Feed {
  readonly id: string;
  readonly partner: string;
  readonly transport:
    | {
        readonly kind: 'mllp';
        readonly host: string;
        readonly port: number;
        readonly tls?: {
          readonly key: string;
          readonly cert: string;
          readonly ca?: string;
          readonly requestClientCert: boolean;
        };
      }
    | { readonly kind: 'http' };
  /** What a positive answer means in original mode: `applied` (after the translate commit) or `received` (on disk). */
  readonly ack: 'applied' | 'received';
  readonly ackWaitMs: number;
  /** Own transient trouble: close the connection, or answer AR with 207. */
  readonly onTrouble: 'close' | 'reject';
  /**
   * Message types (`ADT`) and events (`ADT^A01`) whose content is taken; empty: all. Others are stored and listed, and acknowledged as
   * such; one that changes identity parks and holds its patients, and a safety note is taken whatever the list says.
   */
  readonly triggers: readonly string[];
  /** MSH-12 values accepted; empty: any 2.x. */
  readonly versions: readonly string[];
  /** MSH-11 values accepted. */
  readonly processingIds: readonly string[];
  readonly charset: string;
  readonly frameMaxBytes: number;
  readonly connectionsMax: number;
  readonly idleTimeoutMs: number;
  readonly inFlightMax: number;
  /** What a parked head does to its lane: `wait` holds the patient's order, `pass` lets later rows go on. */
  readonly onPark: 'wait' | 'pass';
  readonly retentionDays: number;
  readonly backlogMax: { readonly rows: number; readonly ageMs: number };
  readonly backlogHard: { readonly rows: number };
}

/** Where an endpoint departs from what the outbound maps write for its version. Absent members: the map's own choice. */
export interface Dialect {
  /** MSH-11. Absent: `P`. Resources labelled as test data (HTEST) always go out as `T`. */
  readonly processingId?: 'P' | 'T' | 'D';
  /** False: times are written in the partner's zone without an offset, for engines that refuse one. */
  readonly offset?: boolean;
  /** Event kind → TXA-2 value the partner files such a document under. */
  readonly documentTypes?: Readonly<Record<string, string>>;
  /** Takes a proposed time as SRM^S01/S02; otherwise it is told in words. */
  readonly schedulingRequests?: boolean;
  /** FHIR endpoints: how resources arrive. Absent: `transaction`. */
  readonly bundle?: 'transaction' | 'batch' | 'message' | 'rest-hook';
}

/** OAuth 2 client credentials of the hub at a partner. Rule: RFC 6749, 4.4. */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
}

interface FhirServer {
  /** FHIR base. */
  readonly url: string;
  /** Sent with every request; an Authorization header among them is used where no client is configured. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization?: ClientCredentials;
}

/** Takes business events as FHIR Bundles. */
export interface FhirTransport extends FhirServer {
  readonly kind: 'fhir';
}

/** A FHIR R4 server that is kept as the store is, in what consent lets its organization know. It hears of changes, not of events. */
export interface MirrorTransport extends FhirServer {
  readonly kind: 'mirror';
  readonly types: readonly string[];
  /** How a resource is found there: by the hub's identifier, or under the hub's own id where the server allows clients to choose ids. */
  readonly update: 'conditional' | 'by-id';
  readonly purpose: Purpose;
}

/** How the hub reaches a partner. */
export interface Endpoint {
  readonly id: string;
  readonly partner: string;
  readonly transport:
    | {
        readonly kind: 'mllp';
        readonly host: string;
        readonly port: number;
        readonly tls?: {
          readonly ca?: string;
          readonly key?: string;
          readonly cert?: string;
          readonly serverName?: string;
        };
      }
    | { readonly kind: 'hl7-http'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
    | FhirTransport
    | MirrorTransport;
  /** v2 version and dialect written to it. */
  readonly version: string;
  readonly charset: string;
  readonly application: string;
  readonly facility: string;
  readonly timeoutMs: number;
  readonly retry: { readonly firstMs: number; readonly maxMs: number; readonly tries: number };
  /** The partner recognises a repeat by MSH-10 (or conditional write): an unknown outcome may be sent again. */
  readonly recognisesRepeats: boolean;
  /** Business events it takes, e.g. `referral`, `safety-note`, `appointment`; empty: all its transport can carry. */
  readonly accepts: readonly string[];
  /** Message types it wants told on as their source issued them. Absent: none, whatever `accepts` says. */
  readonly relays?: readonly RelayType[];
  readonly dialect?: Dialect;
}

/** Which inbound documents are safety notes, by value (DOMAIN D5). An unlisted value on a safety feed fails upward to E1. */
export interface SafetyValues {
  /** TXA-2 values whose documents are safety notes. */
  readonly documentTypes: readonly string[];
  /** OBX-3.1 (or .4) value → hub reason code. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Results that are safety notes by their value. */
  readonly results?: readonly SafetyResult[];
}

/** When a result is a safety note. Without bounds and flags: whatever its value. A value that cannot be compared counts as one. */
export interface SafetyResult {
  /** OBX-3.1 or .4. */
  readonly code: string;
  /** Hub reason code. */
  readonly reason: string;
  /** In the unit the partner sends. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** OBX-8 values, e.g. `HH`. */
  readonly flags?: readonly string[];
  /** OBX-5 values that are no finding, e.g. the answer code of "not at all". */
  readonly unless?: readonly string[];
}

/** An organization that sends or receives, and all that differs for it. Held in `handoff.yaml`; immutable once loaded. */
export interface Partner {
  readonly id: string;
  readonly name: string;
  /** Organization id in the store (deterministic, given by configuration or derived from `id`). */
  readonly organization: string;
  /** IANA zone of every time it sends without an offset. */
  readonly zone: string;
  /** MSH-3/MSH-4 it may send as; empty: any. */
  readonly senders: readonly { readonly application?: string; readonly facility?: string }[];
  /** Assigner (CX-4.1 namespace or CX-4.2 universal id) → FHIR identifier system. */
  readonly authorities: Readonly<Record<string, string>>;
  /**
   * Identifier systems this organization itself issues: how a message that echoes another organization's identifier
   * (RRI: RF1-6, RF1-11) finds whose resource is meant.
   */
  readonly issues?: readonly string[];
  /** Assigner used when CX-4 is empty, if this partner may omit it. */
  readonly defaultAuthority?: string;
  /** v2 table number or name → partner value → code. */
  readonly codeTables: Readonly<Record<string, Readonly<Record<string, MappedCode>>>>;
  readonly programs: readonly Program[];
  readonly safety: SafetyValues;
  /** RAS: one RXA per device, or one total (DOMAIN C1). */
  readonly administration: 'per-device' | 'total';
  /** A04 means the patient has arrived. */
  readonly registrationMeansArrival: boolean;
  /** File name under mappings/partners/, when data is not enough. */
  readonly mappingFile?: string;
  /** Folder of the partner's golden cases, relative to the settings file: this partner loads only while they all pass. */
  readonly cases?: string;
  readonly feeds: readonly Feed[];
  readonly endpoints: readonly Endpoint[];
  /** Calendar and on-call routes used by the escalation ladder. */
  readonly duty: Duty;
}

/** Staffed hours, ladder and routes of one organization (DOMAIN D5). References are PractitionerRole ids. */
export interface Duty {
  /** Local staffed hours, ISO weekday 1–7 → `["08:30","17:00"]`. */
  readonly hours: Readonly<Record<string, readonly [string, string]>>;
  readonly holidays: readonly string[];
  /** `responder` has class deadlines and an on-call route; `informed` has notices only. */
  readonly role: 'responder' | 'informed';
  /** Ordered: first on duty, backup, supervisor, safety officer. */
  readonly ladder: readonly {
    readonly step: 'duty' | 'backup' | 'supervisor' | 'safety-officer';
    readonly practitionerRole: string;
  }[];
  /** Telephone number that a sender is told to call. */
  readonly telephone?: string;
}
