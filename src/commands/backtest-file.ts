import { loadConfig } from '../config/load.js';
import { DEFAULT_SLA_POLICY } from '../domain/sla/policy.js';
import { runBacktest } from './backtest.js';

/** `paramedic backtest`: the thresholds of a configuration over recorded samples. */
export async function backtestFile(configPath: string, input: string): Promise<void> {
  const { thresholds } = loadConfig(configPath);
  await runBacktest({ thresholds, policy: DEFAULT_SLA_POLICY, input, output: process.stdout });
}
