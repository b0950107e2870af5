import { z } from 'zod';
import { SAFETY_REASON } from '../model/codes.ts';
import { MIRRORED_TYPES } from '../model/mirror.ts';
import { EVENT_KINDS } from '../model/outbox.ts';
import { RELAY_TYPES } from '../model/relay.ts';

/**
 * The shape of `handoff.yaml`. Unknown keys are refused, every default is stated here and nowhere else.
 * Names of v2 fields are as the standard prints them. Durations carry their unit last.
 */

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower case letters, digits and hyphens');
const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id');
const port = z.number().int().min(0).max(65535);
const positive = z.number().int().positive();
const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
/** `PV1-10`, `PID-3.4`, `ZPR-2[1].1`: a place every message can be asked for. */
const fieldPath = z
  .string()
  .regex(/^[A-Z][A-Z0-9]{2}-\d{1,4}(\[\d{1,6}\])?(\.\d{1,4}(\.\d{1,4})?)?$/, 'must be a field as PV1-10 or PID-3.4');
const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const zone = z.string().refine(isZone, 'is not an IANA time zone');

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const mappedCode = z.strictObject({
  system: z.string().min(1),
  code: z.string().min(1),
  display: z.string().optional(),
});

const program = z.strictObject({
  id,
  name: z.string().min(1),
  levelOfCare: z.enum(['op', 'iop', 'php', 'res', 'ip', 'crisis', 'dosing']),
  part2: z.boolean().default(false),
  /** A misspelt field would match nothing, and the program's label would be missing (H3). */
  match: z.record(fieldPath, z.array(z.string()).min(1)).default({}),
});

const serverTls = z.strictObject({
  key: z.string(),
  cert: z.string(),
  ca: z.string().optional(),
  requestClientCert: z.boolean().default(false),
});

const clientTls = z.strictObject({
  ca: z.string().optional(),
  key: z.string().optional(),
  cert: z.string().optional(),
  serverName: z.string().optional(),
});

const feed = z
  .strictObject({
    id,
    transport: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('mllp'),
        host: z.string().default('127.0.0.1'),
        port,
        tls: serverTls.optional(),
      }),
      z.strictObject({ kind: z.literal('http') }),
    ]),
    ack: z.enum(['applied', 'received']).default('applied'),
    ackWaitMs: positive.default(10_000),
    onTrouble: z.enum(['close', 'reject']).default('reject'),
    triggers: z
      .array(
        z
          .string()
          .regex(/^[A-Z][A-Z0-9]{2}(\^[A-Z][A-Z0-9]{2})?$/, 'must be a message type, or one with its event: ADT^A01'),
      )
      .default([]),
    versions: z.array(z.string().regex(/^2\.\d(\.\d){0,2}$/, 'must be a version of HL7 v2')).default([]),
    processingIds: z.array(z.enum(['P', 'T', 'D'])).default(['P', 'T', 'D']),
    charset: z.string().default('UNICODE UTF-8'),
    frameMaxBytes: positive.default(16 * 1024 * 1024),
    connectionsMax: positive.default(64),
    idleTimeoutMs: positive.default(600_000),
    inFlightMax: positive.default(32),
    onPark: z.enum(['wait', 'pass']).default('wait'),
    retentionDays: positive.default(90),
    backlogMax: z.strictObject({ rows: positive.default(100_000), ageMs: positive.default(3_600_000) }).prefault({}),
    backlogHard: z.strictObject({ rows: positive.default(200_000) }).prefault({}),
  })
  .refine(({ backlogMax, backlogHard }) => backlogMax.rows <= backlogHard.rows, {
    path: ['backlogHard', 'rows'],
    error: 'is below backlogMax.rows: the feed would refuse before it stops reading',
  });

const headers = z.record(z.string(), z.string()).default({});

const dialect = z.strictObject({
  processingId: z.enum(['P', 'T', 'D']).optional(),
  offset: z.boolean().optional(),
  documentTypes: z.record(z.string(), z.string()).optional(),
  schedulingRequests: z.boolean().optional(),
  bundle: z.enum(['transaction', 'batch', 'message', 'rest-hook']).optional(),
});

const authorization = z.strictObject({
  tokenUrl: z.url(),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  scope: z.string().min(1).optional(),
});

const fhirServer = { url: webUrl, headers, authorization: authorization.optional() };

const endpoint = z.strictObject({
  id,
  transport: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mllp'), host: z.string(), port, tls: clientTls.optional() }),
    z.strictObject({ kind: z.literal('hl7-http'), url: webUrl, headers }),
    z.strictObject({ kind: z.literal('fhir'), ...fhirServer }),
    z.strictObject({
      kind: z.literal('mirror'),
      ...fhirServer,
      types: z.array(z.enum(MIRRORED_TYPES)).min(1),
      update: z.enum(['conditional', 'by-id']).default('conditional'),
      purpose: z.enum(['TREAT', 'COC', 'HPAYMT', 'HOPERAT']).default('TREAT'),
    }),
  ]),
  version: z
    .string()
    .regex(/^2\.[1-9](\.\d)?$/)
    .default('2.5.1'),
  charset: z.string().default('UNICODE UTF-8'),
  application: z.string().default(''),
  facility: z.string().default(''),
  timeoutMs: positive.default(15_000),
  retry: z
    .strictObject({
      firstMs: positive.default(1_000),
      maxMs: positive.default(60_000),
      tries: positive.default(10_000),
    })
    .prefault({}),
  recognisesRepeats: z.boolean().default(true),
  accepts: z.array(z.enum(EVENT_KINDS)).default([]),
  relays: z.array(z.enum(RELAY_TYPES)).optional(),
  dialect: dialect.optional(),
});

const staffed = z
  .tuple([localTime, localTime])
  .refine(([from, to]) => from < to, 'must end later than they begin: nobody would count as on duty');

const duty = z.strictObject({
  hours: z.record(z.string().regex(/^[1-7]$/), staffed).default({
    1: ['08:30', '17:00'],
    2: ['08:30', '17:00'],
    3: ['08:30', '17:00'],
    4: ['08:30', '17:00'],
    5: ['08:30', '17:00'],
  }),
  holidays: z.array(z.iso.date()).default([]),
  role: z.enum(['responder', 'informed']).default('informed'),
  ladder: z
    .array(
      z.strictObject({ step: z.enum(['duty', 'backup', 'supervisor', 'safety-officer']), practitionerRole: fhirId }),
    )
    .default([]),
  telephone: z.string().optional(),
});

const sec = z.number().nonnegative();
/** Without a step, or with a later step first, a note that nobody answers would stay with whom it reached. */
const ladder = z
  .array(
    z.strictObject({
      step: z.enum(['duty', 'repeat', 'backup', 'sender', 'supervisor', 'safety-officer', 'operator']),
      afterSec: sec,
    }),
  )
  .min(1)
  .refine(
    (rungs) => rungs.every(({ afterSec }, i) => i === 0 || afterSec >= (rungs[i - 1]?.afterSec ?? 0)),
    'must name its steps in the order of afterSec',
  );

/** Numbers of the safety rules; what is left out is as DOMAIN D5 says. */
const safety = z.strictObject({
  E0: z.strictObject({ ackSec: sec, ladder, repeatSec: z.number().positive() }).partial().optional(),
  E1: z.strictObject({ ackSec: sec, onCallSec: sec, ladder }).partial().optional(),
  E2: z.strictObject({ by: localTime, cutoff: localTime, nextDayBy: localTime, ladder }).partial().optional(),
  E3: z.strictObject({ visibleBusinessDays: z.number().int().nonnegative() }).optional(),
  nextDoseWindowSec: sec.optional(),
  noticeWaitBusinessDays: z.number().int().nonnegative().optional(),
  noticeWaitSec: sec.optional(),
  schedule: z
    .strictObject({
      doseMin: z.number().int().positive(),
      recoveryMin: z.number().int().nonnegative(),
      afternoonFrom: localTime,
    })
    .partial()
    .optional(),
  operatorTelephone: z.string().optional(),
});

/** A value that is no reason of the hub would leave the partner's safety notes among its routine documents (H14). */
const reason = z.enum(Object.keys(SAFETY_REASON.codes));

const safetyResult = z.strictObject({
  code: z.string().min(1),
  reason,
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  flags: z.array(z.string().min(1)).min(1).optional(),
  unless: z.array(z.string().min(1)).optional(),
});

export const partnerSchema = z
  .strictObject({
    id,
    name: z.string().min(1),
    organization: fhirId,
    zone,
    senders: z
      .array(z.strictObject({ application: z.string().optional(), facility: z.string().optional() }))
      .default([]),
    authorities: z.record(z.string(), z.string()).default({}),
    issues: z.array(z.string()).optional(),
    defaultAuthority: z.string().optional(),
    codeTables: z.record(z.string(), z.record(z.string(), mappedCode)).default({}),
    programs: z.array(program).default([]),
    safety: z
      .strictObject({
        documentTypes: z.array(z.string()).default([]),
        reasons: z.record(z.string(), reason).default({}),
        results: z.array(safetyResult).default([]),
      })
      .prefault({}),
    administration: z.enum(['per-device', 'total']).default('per-device'),
    registrationMeansArrival: z.boolean().default(true),
    mappingFile: z.string().optional(),
    cases: z.string().min(1).optional(),
    feeds: z.array(feed).default([]),
    endpoints: z.array(endpoint).default([]),
    duty: duty.prefault({}),
  })
  .refine(
    ({ defaultAuthority, authorities }) =>
      defaultAuthority === undefined || Object.hasOwn(authorities, defaultAuthority),
    {
      path: ['defaultAuthority'],
      error: 'is none of the authorities',
    },
  );

/** `host:port`, also `[::1]:8080`. */
export const hostPort = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'must be host:port')
  .refine((address) => Number(address.slice(address.lastIndexOf(':') + 1)) <= 65_535, 'must have a port up to 65535');

export const databaseAddress = z
  .string()
  .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'must be sqlite:PATH or postgres://…');

export const configSchema = z.strictObject({
  http: hostPort.default('127.0.0.1:8080'),
  /** Base URL under which clients reach the hub; default `http://<http>`. */
  baseUrl: webUrl.optional(),
  database: databaseAddress.default('sqlite:./data'),
  /** File with the hub's own key (32 bytes, hex): ids are derived from it and tokens signed with it. Made at first start. */
  keyFile: z.string().default('./data/hub.key'),
  /** Bodies and resources are encrypted when set. Key: 32 bytes, hex. */
  encryption: z
    .strictObject({
      keyId: z.string().min(1),
      key: z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits'),
      /** Former keys, still able to decrypt. */
      retired: z.record(z.string(), z.string().regex(/^[0-9a-fA-F]{64}$/)).default({}),
    })
    .optional(),
  /** What a FHIR write refers to: must exist for its writer, or only be of a type that the element allows. */
  server: z.strictObject({ references: z.enum(['exists', 'type']).default('exists') }).prefault({}),
  /** Where Subscriptions may send: https on the internet only, unless said otherwise. */
  subscriptions: z
    .strictObject({ allowHttp: z.boolean().default(false), allowPrivate: z.boolean().default(false) })
    .prefault({}),
  /** How long an access token of a client or an app is good. Rule: SMART Backend Services recommends 300 s at most. */
  accessTokenSec: z.number().int().min(60).max(86_400).default(300),
  /** People who sign in to SMART apps. */
  signIn: z
    .strictObject({
      sessionSec: z.number().int().min(60).max(86_400).default(28_800),
      offlineSec: z.number().int().min(3_600).max(31_536_000).default(2_592_000),
    })
    .prefault({}),
  /** Proxies (address, network, or loopback) whose X-Forwarded-For is believed: by it failed sign-ins are counted and accesses recorded. */
  trustedProxies: z
    .array(
      z
        .string()
        .regex(/^(loopback|linklocal|uniquelocal|[0-9A-Fa-f.:]+(\/\d{1,3})?)$/, 'must be an address or network'),
    )
    .default([]),
  /** Origins whose scripts may call FHIR, token and discovery from a browser; none by default. */
  corsOrigins: z.array(z.string().regex(/^https?:\/\/[^/\s*]+$/, 'must be an origin, https://app.example')).default([]),
  log: z.strictObject({ level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
  limits: z
    .strictObject({
      bodyMaxBytes: positive.default(16 * 1024 * 1024),
      bundleEntriesMax: positive.default(20_000),
      pageMax: positive.default(1_000),
      queryTimeoutMs: positive.default(10_000),
      requestsPerSecond: positive.default(2_000),
    })
    .prefault({}),
  readers: z.number().int().min(1).max(16).default(2),
  drainMs: positive.default(10_000),
  /** Numbers of DOMAIN D5; see the settings table of the README. */
  safety: safety.default({}),
  partners: z.array(partnerSchema).default([]),
});

export type ConfigFile = z.infer<typeof configSchema>;
