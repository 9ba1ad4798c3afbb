import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError, loadConfig } from '../config/load.js';
import { configSchema } from '../config/schema.js';
import { print, printJson } from './table.js';

/** `paramedic config validate`: 0 for a usable file, 1 with every mistake otherwise. */
export function validateConfig(file: string, options: { json?: boolean }): number {
  try {
    const config = loadConfig(file);
    if (options.json === true) printJson({ file, valid: true, problems: [] });
    else {
      const { services, thresholds } = config;
      print(`${file} is valid: ${services.length} service(s), ${thresholds.length} threshold(s)`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (options.json === true) printJson({ file, valid: false, problems: error.problems });
    else process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** `paramedic config schema`: the JSON Schema of the file, for editors. */
export function showConfigSchema(): number {
  printJson(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
  return 0;
}

/** `paramedic config diff`: what differs between two files, defaults filled in; 1 where anything does. */
export function diffConfigs(file: string, other: string, options: { json?: boolean }): number {
  const [from, to] = [leavesOf(file), leavesOf(other)];
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  const changes = names
    .map((path) => ({ path, from: from.get(path) ?? null, to: to.get(path) ?? null }))
    .filter((change) => change.from !== change.to);
  if (options.json === true) printJson({ changes });
  else if (changes.length === 0) print('nothing differs');
  else {
    for (const change of changes) {
      print(change.path);
      print(`  - ${change.from ?? '(not there)'}`);
      print(`  + ${change.to ?? '(not there)'}`);
    }
  }
  return changes.length === 0 ? 0 : 1;
}

/** Sections whose settings their plug-ins keep to themselves: compared as they are written. */
const AS_WRITTEN = ['actuators', 'sources', 'history'] as const;

function leavesOf(file: string): Map<string, string> {
  const effective = JSON.parse(JSON.stringify(loadConfig(file))) as Record<string, unknown>;
  const written = (parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>;
  for (const section of AS_WRITTEN) effective[section] = written[section];
  const leaves = new Map<string, string>();
  collect(effective, '', leaves);
  return leaves;
}

function collect(value: unknown, at: string, leaves: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) {
    if (value !== undefined) leaves.set(at, withoutPassword(JSON.stringify(value)));
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const name = (inner as { name?: unknown } | null)?.name;
    // An entry of a list is told by its name, so that a new first one is one change.
    const step = Array.isArray(value) ? `[${typeof name === 'string' ? name : key}]` : `.${key}`;
    collect(inner, at === '' ? key : `${at}${step}`, leaves);
  }
}

const withoutPassword = (text: string) => text.replace(/(\/\/[^/:@\s]*):[^/@\s]*@/g, '$1:…@');
