import type { Shape } from './icon.js';

/** How loud something is. `ask`: it waits for a person. */
export type Tone = 'good' | 'warn' | 'bad' | 'ask' | 'info' | 'quiet';

/** How a state is shown: its word, a shape of its own, and a tone. */
export interface Shown {
  readonly word: string;
  readonly shape: Shape;
  readonly tone: Tone;
}

const shown = (tone: Tone, shape: Shape, word: string): Shown => ({ tone, shape, word });

const STATES: Readonly<Record<string, Shown>> = {
  // Incidents.
  open: shown('bad', 'triangle', 'open'),
  waiting: shown('warn', 'clock', 'waiting'),
  recovering: shown('info', 'wrench', 'recovering'),
  'awaiting-approval': shown('ask', 'diamond', 'needs approval'),
  paused: shown('warn', 'pause', 'paused'),
  'rolling-back': shown('warn', 'undo', 'rolling back'),
  verifying: shown('info', 'clock', 'verifying'),
  mitigated: shown('info', 'check', 'mitigated'),
  releasing: shown('info', 'undo', 'releasing'),
  analysing: shown('info', 'graph', 'analysing'),
  escalated: shown('bad', 'person', 'escalated'),
  resolved: shown('good', 'check', 'resolved'),
  // Severities.
  minor: shown('warn', 'ring', 'minor'),
  major: shown('warn', 'triangle', 'major'),
  critical: shown('bad', 'octagon', 'critical'),
  // Outcomes.
  recovered: shown('good', 'check', 'recovered'),
  'rolled-back': shown('warn', 'undo', 'rolled back'),
  'rollback-incomplete': shown('bad', 'octagon', 'rollback incomplete'),
  refused: shown('warn', 'cross', 'refused'),
  aborted: shown('warn', 'cross', 'aborted'),
  superseded: shown('quiet', 'dash', 'superseded'),
  none: shown('quiet', 'dash', 'nothing tried'),
  // Steps.
  planned: shown('quiet', 'ring', 'planned'),
  applying: shown('info', 'wrench', 'applying'),
  settling: shown('info', 'clock', 'settling'),
  improved: shown('good', 'up', 'improved'),
  'no-effect': shown('warn', 'dash', 'no effect'),
  undecided: shown('warn', 'dash', 'undecided'),
  worse: shown('bad', 'cross', 'made it worse'),
  undone: shown('warn', 'undo', 'undone'),
  'undo-failed': shown('bad', 'octagon', 'undo failed'),
  skipped: shown('quiet', 'skip', 'skipped'),
  failed: shown('bad', 'cross', 'failed'),
  done: shown('good', 'check', 'done'),
  released: shown('good', 'undo', 'released'),
  kept: shown('warn', 'lock', 'kept'),
  // Health and modes.
  healthy: shown('good', 'check', 'healthy'),
  degraded: shown('warn', 'triangle', 'degraded'),
  normal: shown('good', 'check', 'normal'),
  'high-alert': shown('warn', 'triangle', 'high alert'),
  high_alert: shown('warn', 'triangle', 'high alert'),
  emergency: shown('bad', 'octagon', 'emergency'),
  maintenance: shown('quiet', 'wrench', 'maintenance'),
  // Alerts and their deliveries.
  sent: shown('info', 'bell', 'sent'),
  silenced: shown('quiet', 'pause', 'silenced'),
  inhibited: shown('quiet', 'pause', 'inhibited'),
  grouped: shown('quiet', 'list', 'grouped'),
  suppressed: shown('quiet', 'pause', 'suppressed'),
  delivered: shown('good', 'check', 'delivered'),
  // Recommendations.
  accepted: shown('info', 'person', 'accepted'),
  dismissed: shown('quiet', 'cross', 'dismissed'),
};

/** How a state is shown; a word that is not known is shown as it is, quietly. */
export function shownState(state: string): Shown {
  return STATES[state] ?? shown('quiet', 'dash', state.replaceAll(/[-_]/g, ' '));
}

const BREAKERS: Readonly<Record<string, Shown>> = {
  closed: shown('good', 'closed', 'closed'),
  open: shown('bad', 'broken', 'open'),
  'half-open': shown('warn', 'broken', 'half-open'),
  isolated: shown('bad', 'lock', 'isolated'),
};

/** A breaker's `open` is no incident's. */
export function shownBreaker(state: string): Shown {
  return BREAKERS[state] ?? shownState(state);
}

const RECOMMENDATIONS: Readonly<Record<string, Shown>> = {
  open: shown('warn', 'ring', 'open'),
};

/** A recommendation's `open` is a task, no alarm. */
export function shownRecommendation(state: string): Shown {
  return RECOMMENDATIONS[state] ?? shownState(state);
}

const STAGES: Readonly<Record<string, Tone>> = {
  violation: 'bad',
  severity: 'bad',
  escalated: 'bad',
  failed: 'bad',
  'undo-failed': 'bad',
  'recovery-lost': 'bad',
  changed: 'info',
  try: 'info',
  cause: 'info',
  verified: 'good',
  recovered: 'good',
  released: 'good',
  compliant: 'good',
  kept: 'warn',
  returned: 'warn',
  undone: 'warn',
  'rolled-back': 'warn',
  'no-data': 'warn',
  aborted: 'warn',
  approval: 'ask',
  operator: 'ask',
  acknowledged: 'ask',
};

/** Tone of a line of the timeline. */
export function stageTone(stage: string): Tone {
  return STAGES[stage] ?? 'quiet';
}
