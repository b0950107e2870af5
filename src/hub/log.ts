import { type DestinationStream, pino } from 'pino';

/** Only these may be logged: ids, paths, codes, counts and milliseconds. Everything else is dropped, so that no content of a message can get into a log (H22). */
const ALLOWED = new Set([
  'event',
  'code',
  'id',
  'feed',
  'partner',
  'endpoint',
  'handler',
  'type',
  'state',
  'count',
  'rows',
  'bytes',
  'bytesCount',
  'oversizeBytes',
  'framesCount',
  'why',
  'ms',
  'tries',
  'status',
  'method',
  'route',
  'path',
  'location',
  'pid',
  'port',
  'host',
  'address',
  'version',
  'peer',
  'client',
  'lane',
  'table',
  'signal',
  'reason',
  'recipient',
  'row',
  'error',
  'replay',
  'loop',
  'sweep',
  'job',
  'export',
  'settling',
  'settlingJobs',
]);

/** Values longer than this are no id, code or path. */
const VALUE_MAX_CHARS = 200;

export interface Log {
  error(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  debug(fields: LogFields, text: string): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** JSON lines on standard error; an allow-list decides what may be in them. */
export function makeLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: false }),
): Log {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const allow = (fields: LogFields): Record<string, unknown> => {
    const kept: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined || !ALLOWED.has(name)) continue;
      kept[name] =
        typeof value === 'string' && value.length > VALUE_MAX_CHARS ? value.slice(0, VALUE_MAX_CHARS) : value;
    }
    return kept;
  };
  return {
    error: (fields, text) => log.error(allow(fields), text),
    warn: (fields, text) => log.warn(allow(fields), text),
    info: (fields, text) => log.info(allow(fields), text),
    debug: (fields, text) => log.debug(allow(fields), text),
  };
}
