import { spawnSync } from 'node:child_process';

/** What `promtool check metrics` may complain of: the name that the design document forces. */
export const FORCED_COMPLAINT =
  'sla_threshold_breaches counter metrics should have "_total" suffix';

/** What `promtool check metrics` complains of, a line each. @throws Error where it is missing. */
export function promtoolLint(text: string): string[] {
  const run = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (run.error) throw run.error;
  return `${run.stdout}${run.stderr}`.split('\n').filter((line) => line !== '');
}
