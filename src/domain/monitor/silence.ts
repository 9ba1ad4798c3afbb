/** The operators of Alertmanager's matchers. */
export const MATCHER_OPS = ['=', '!=', '=~', '!~'] as const;
export type MatcherOp = (typeof MATCHER_OPS)[number];

/** What an alert is matched by; a label that it has not is empty. */
export const ALERT_LABELS = [
  'service',
  'replica',
  'threshold',
  'metric',
  'type',
  'severity',
  'fingerprint',
] as const;
export type AlertLabel = (typeof ALERT_LABELS)[number];
export type AlertLabels = Readonly<Record<AlertLabel, string>>;

/** One condition on a label; a regular expression must match the whole value. */
export interface Matcher {
  readonly name: AlertLabel;
  readonly op: MatcherOp;
  readonly value: string;
}

/** Who mutes which alerts, why, and until when: detection and recovery go on. */
export interface Silence {
  readonly id: string;
  /** All of them must hold. */
  readonly matchers: readonly Matcher[];
  readonly owner: string;
  readonly reason: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** Longest matcher value: labels are names. */
const MAX_VALUE = 200;
const MAX_MATCHERS = 10;
/** Silences that are kept at once: they stand in the monitor's memo. */
export const MAX_SILENCES = 100;

/**
 * Why a regular expression can't be taken, or undefined.
 *
 * It is matched where alerts are decided, with no bound on its time, so what could take more than
 * polynomial time is refused: a repeated group (`(a+)+`), references, lookaround, and more than three
 * unbounded repetitions.
 */
export function regexProblem(source: string): string | undefined {
  const bare = source.replace(/\\./g, '_').replace(/\[[^\]]*\]/g, '_');
  if (/\)[*+{?]/.test(bare)) return 'a repeated group could take for ever; write it out';
  if (/\(\?(?!:)/.test(bare)) return 'only plain groups are understood';
  if (/\\[1-9k]/.test(source)) return 'references to groups are not understood';
  if ((bare.match(/[*+]|\{\d*,\}/g) ?? []).length > 3) return 'at most three of "*" and "+"';
  try {
    anchored(source);
    return undefined;
  } catch {
    return 'it is no regular expression';
  }
}

function anchored(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, 'u');
}

/** Why a silence can't be taken, with the way out; undefined when it can. */
export function silenceProblem(silence: Silence, nowMs: number): string | undefined {
  const { matchers, owner, reason, startsAtMs, endsAtMs } = silence;
  if (matchers.length === 0) return 'matchers: expected at least one, or it would mute everything';
  if (matchers.length > MAX_MATCHERS) return `matchers: at most ${MAX_MATCHERS}`;
  for (const { name, op, value } of matchers) {
    if (!ALERT_LABELS.includes(name)) {
      return `matchers: "${name}" is no label: expected one of ${ALERT_LABELS.join(', ')}`;
    }
    if (!MATCHER_OPS.includes(op)) return `matchers: "${op}" is none of ${MATCHER_OPS.join(' ')}`;
    if (value.length > MAX_VALUE) return `matchers: ${name}: at most ${MAX_VALUE} characters`;
    const problem = op === '=~' || op === '!~' ? regexProblem(value) : undefined;
    if (problem !== undefined) return `matchers: ${name}${op}"${value}": ${problem}`;
  }
  const matchesNothing = (m: Matcher) => matches(m, '') && m.op !== '!=' && m.op !== '!~';
  if (matchers.every(matchesNothing)) {
    return 'matchers: each of them matches an empty value, so it would mute everything';
  }
  if (owner.trim() === '') return 'owner: expected who to ask about it';
  if (reason.trim() === '') return 'reason: expected why';
  if (!(endsAtMs > Math.max(startsAtMs, nowMs))) return 'endsAt: expected a time to come';
  return undefined;
}

function matches({ op, value }: Matcher, label: string): boolean {
  switch (op) {
    case '=':
      return label === value;
    case '!=':
      return label !== value;
    case '=~':
      return anchored(value).test(label);
    case '!~':
      return !anchored(value).test(label);
  }
}

/** Whether it is in force: from its start until just before its end. */
function isActive({ startsAtMs, endsAtMs }: Silence, nowMs: number): boolean {
  return startsAtMs <= nowMs && nowMs < endsAtMs;
}

/** The silence in force that mutes an alert with those labels; of several the one that ends last. */
export function silenceOf(
  silences: readonly Silence[],
  labels: AlertLabels,
  nowMs: number,
): Silence | undefined {
  return silences
    .filter((silence) => isActive(silence, nowMs))
    .filter(({ matchers }) => matchers.every((m) => matches(m, labels[m.name])))
    .sort((a, b) => b.endsAtMs - a.endsAtMs)[0];
}

/** Matchers as people write them: `service="chat", replica=~"engine-[12]"`. */
export function matchersText(matchers: readonly Matcher[]): string {
  return matchers.map(({ name, op, value }) => `${name}${op}"${value}"`).join(', ');
}
