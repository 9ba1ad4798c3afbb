import { parseLogLine } from './log-line.js';
import { type Colour, printable, type Terminal } from './terminal.js';

/** pino's number for `error`: a human must look. */
const ERROR_LEVEL = 50;
/** The longest stage words, `rolled-back` and `escalated`, and a gap. */
const STAGE_WIDTH = 13;

/** Colours by how a stage is meant: trouble, a decision, an effect, a good end. */
const STAGE_COLOURS: Readonly<Record<string, Colour>> = {
  breach: 'yellow',
  violation: 'red',
  plan: 'cyan',
  action: 'cyan',
  approval: 'yellow',
  verified: 'green',
  'rolled-back': 'magenta',
  released: 'green',
  cause: 'blue',
  closed: 'green',
  escalated: 'red',
};

/**
 * A role's log line as a line for people, or undefined if it is not for them.
 *
 * Two kinds are: a line with a string field `story` (the stage's word), shown with its message and
 * its `link`; and any line of level error or above, shown with the role's name and its error.
 * Output that isn't JSON is for the log file only.
 */
export function storyLine(role: string, logLine: string, terminal: Terminal): string | undefined {
  const entry = parseLogLine(logLine);
  if (entry === undefined) return undefined;
  const { story, level, link, time } = entry;
  const isError = typeof level === 'number' && level >= ERROR_LEVEL;
  if (typeof story !== 'string' && !isError) return undefined;

  const stage = typeof story === 'string' ? printable(story) : 'error';
  const text = typeof story === 'string' ? messageOf(entry) : `${role}: ${errorOf(entry)}`;
  const colour = isError ? 'red' : (STAGE_COLOURS[stage] ?? 'cyan');
  return [
    clockTime(time),
    terminal.paint(colour, stage.padEnd(STAGE_WIDTH)),
    printable(text),
    ...(typeof link === 'string' ? [terminal.paint('dim', printable(link))] : []),
  ].join('  ');
}

type Entry = NonNullable<ReturnType<typeof parseLogLine>>;

function messageOf({ msg }: Entry): string {
  return typeof msg === 'string' ? msg : '';
}

function errorOf(entry: Entry): string {
  const { err } = entry;
  const detail =
    typeof err === 'object' && err !== null && 'message' in err ? String(err.message) : undefined;
  const message = messageOf(entry);
  // pino takes the error's message for the line's own when it has none.
  return detail === undefined || detail === message ? message : `${message}: ${detail}`;
}

/** `HH:MM:SS` of this machine's zone; the line's own time, which the log file shows as well. */
function clockTime(time: unknown): string {
  const at = new Date(typeof time === 'number' || typeof time === 'string' ? time : Date.now());
  const shown = Number.isNaN(at.getTime()) ? new Date() : at;
  return shown.toTimeString().slice(0, 8);
}
