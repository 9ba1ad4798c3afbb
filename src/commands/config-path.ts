import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The configuration to use when none is named: the environment’s, this folder’s, or the demo’s. */
export function defaultConfigPath(): string {
  const named = process.env['PARAMEDIC_CONFIG'];
  if (named !== undefined && named !== '') return named;
  if (existsSync('paramedic.yaml')) return 'paramedic.yaml';
  return fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url));
}
