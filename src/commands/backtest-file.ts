import { existsSync } from 'node:fs';
import { slaPolicyOf } from '../config/evaluation-schema.js';
import { loadConfig } from '../config/load.js';
import { runBacktest } from './backtest.js';
import { endWithReader } from './broken-pipe.js';

/**
 * `paramedic backtest`: the thresholds and the evaluation of a configuration over recorded samples.
 * Events go to stdout; what was not judged is told on stderr. A reader that closes early, such as
 * `head`, ends it quietly.
 */
export async function backtestFile(configPath: string, input: string): Promise<void> {
  const config = loadConfig(configPath);
  const { stdout, stderr } = process;
  endWithReader();
  if (!existsSync(input)) throw new Error(`${input}: there is no such file`);
  const { thresholds } = config;
  const policy = slaPolicyOf(config);
  const totals = await runBacktest({ thresholds, policy, input, output: stdout });
  const tell = (count: number, what: string) => {
    if (count > 0) stderr.write(`${input}: ${count} ${what}\n`);
  };
  const { rejected } = totals;
  tell(rejected.nonFinite, 'sample(s) are no finite number: not judged');
  tell(rejected.implausible, 'sample(s) are impossible in their unit: not judged');
  tell(rejected.duplicate, 'sample(s) repeat an instant: not judged');
  tell(totals.strayTimes, 'sample(s) are more than a day away from all others: not judged');
  if (totals.unjudgedMetrics.length > 0) {
    stderr.write(`${input}: no enabled threshold judges ${totals.unjudgedMetrics.join(', ')}\n`);
  }
}
