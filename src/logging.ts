import type { LogLevel as TemporalLevel, LogMetadata, Logger } from '@temporalio/common';
import pino, {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger as PinoLogger,
} from 'pino';
import { redactFields, redactText } from './logging/redact.js';

export { redactUrl } from './logging/redact.js';

/** From talkative to silent; pino's names. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What every line carries, and how much is said. */
export interface LoggerOptions {
  /** The role of this process: `detector`, `worker`, `server`, … */
  readonly role: string;
  readonly level: LogLevel;
  /** Where lines go; stdout by default. */
  readonly destination?: DestinationStream;
}

/**
 * A logger that writes one JSON object a line: `time` (ISO 8601), `level` (by name), `role`, `pid`, the
 * fields, `msg`. Secrets are redacted, see `redactFields` and `redactText`.
 *
 * Lines are written synchronously: what was logged before a crash is there to explain it.
 */
export function createLogger({ role, level, destination }: LoggerOptions): PinoLogger {
  const logger = pino(
    {
      level,
      base: { role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Ours: pino's own paths reach a fixed depth only, and its error serialiser copies every
      // property of an error, such as the headers of the request that failed.
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: redactFields,
      },
      hooks: { streamWrite: redactText },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
  redactChildren(logger);
  return logger;
}

/** pino hands a child's bindings to no formatter; children inherit the replaced method. */
function redactChildren(logger: PinoLogger): void {
  type MakeChild = (this: PinoLogger, fields: Bindings, options?: ChildLoggerOptions) => PinoLogger;
  const found: unknown = Reflect.get(logger, 'child');
  const makeChild = found as MakeChild;
  const makeRedactedChild: MakeChild = function (fields, options) {
    return makeChild.call(this, redactFields(fields), options);
  };
  Object.defineProperty(logger, 'child', { value: makeRedactedChild });
}

const LEVELS: Readonly<Record<TemporalLevel, Exclude<LogLevel, 'silent'>>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/**
 * Temporal's logger, for `Runtime.install({ logger })`, over ours.
 *
 * Attributes of workflows and activities (`workflowId`, `runId`, `activityType`, …) and the fields that
 * their code logs (`log.info('text', { story, link })`) stay at the top level of the line. `error`
 * becomes `err`. `role`, `level`, `time`, `pid` and `msg` stay ours.
 */
export function temporalLogger(pinoLogger: PinoLogger): Logger {
  const write = (level: TemporalLevel, message: string, meta: LogMetadata = {}): void => {
    const method = LEVELS[level];
    // The fields are not looked at for a line that nobody sees: workflows log a lot at debug.
    if (!pinoLogger.isLevelEnabled(method)) return;
    pinoLogger[method](fieldsOf(meta), message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** Keys of a line that a field would double: JSON with a key twice means something else to each reader. */
const OURS = new Set(['role', 'level', 'time', 'pid', 'msg']);

function fieldsOf(meta: LogMetadata): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(meta)) {
    // A bigint for sorting lines inside the SDK; the line's time says it.
    if (key === 'timestampNanos') continue;
    if (key === 'error') fields['err'] = value as unknown;
    else fields[OURS.has(key) ? `${key}_` : key] = value as unknown;
  }
  return fields;
}
