import type { MonitorView } from '../domain/monitor/monitor-state.js';
import { matchersText } from '../domain/monitor/silence.js';
import { utcText } from '../domain/utc-time.js';

/** The monitor's state in Markdown, as Temporal's UI shows it. */
export function describeMonitor(view: MonitorView): string {
  const { mode, why, sinceMs, killSwitch, silences } = view;
  return [
    killSwitch.isOn
      ? `**All actions are stopped** by ${killSwitch.by} since ${utcText(killSwitch.atMs)}: ${killSwitch.reason}`
      : 'Actions are allowed.',
    `Mode **${mode}** since ${utcText(sinceMs)}: ${why}`,
    ...silences.map(
      ({ id, matchers, owner, reason, endsAtMs }) =>
        `- silence ${id} of ${owner} until ${utcText(endsAtMs)}: ${matchersText(matchers)} (${reason})`,
    ),
  ].join('\n\n');
}
