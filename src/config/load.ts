import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { configSchema, type Config } from './schema.js';

/** One mistake in a config file: where, and what was expected. */
export interface ConfigProblem {
  readonly line: number;
  /** `thresholds[2].window`, empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A config that cannot be used; the message has a line `file:line path: what was expected` for each mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly file: string,
    readonly problems: readonly ConfigProblem[],
    options?: { cause?: unknown },
  ) {
    super(
      problems
        .map((p) => `${file}:${p.line} ${p.path === '' ? '' : `${p.path}: `}${p.message}`)
        .join('\n'),
      options,
    );
  }
}

type Key = string | number;

/**
 * Reads and validates a config file.
 *
 * `${NAME}` and `${NAME:-fallback}` in a scalar stand for environment variables; they are put in
 * after parsing, so that a value can never change the file's structure.
 *
 * @throws ConfigError with every mistake, its line and path.
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(file, [{ line: 1, path: '', message: 'the file can’t be read' }], {
      cause,
    });
  }
  return parseConfig(text, path.basename(file), env);
}

/** The same from text; `file` is only named in errors. */
export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    const line = lines.linePos(syntax.pos[0]).line;
    throw new ConfigError(file, [{ line, path: '', message: syntax.message.split('\n')[0] ?? '' }]);
  }
  const problems: ConfigProblem[] = [];
  const lineOf = (keys: readonly Key[]) => lineAt(document, lines, keys);
  const value = substitute(document.toJS() ?? {}, [], env, (keys, message) =>
    problems.push({ line: lineOf(keys), path: pathOf(keys), message }),
  );
  if (problems.length > 0) throw new ConfigError(file, problems);
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    file,
    result.error.issues.flatMap((issue) => problemsOf(issue, value, lineOf)),
  );
}

function problemsOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  lineOf: (keys: readonly Key[]) => number,
): ConfigProblem[] {
  const keys = issue.path.filter((key): key is Key => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      line: lineOf([...keys, key]),
      path: pathOf([...keys, key]),
      message: 'unknown key',
    }));
  }
  const got = valueAt(value, keys);
  const shown = got === undefined ? 'nothing' : JSON.stringify(got);
  const isTold = issue.message.includes('got ') || issue.message.includes('duplicate');
  return [
    {
      line: lineOf(keys),
      path: pathOf(keys),
      message: isTold
        ? issue.message
        : `${issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '')}, got ${shown}`,
    },
  ];
}

function pathOf(keys: readonly Key[]): string {
  return keys
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${key}`))
    .join('');
}

function valueAt(value: unknown, keys: readonly Key[]): unknown {
  return keys.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<Key, unknown>)[key] : undefined,
    value,
  );
}

/** The line of a key, or of the nearest parent that the file has. */
function lineAt(document: Document, lines: LineCounter, keys: readonly Key[]): number {
  for (let n = keys.length; n > 0; n -= 1) {
    const parent = n === 1 ? document.contents : document.getIn(keys.slice(0, n - 1), true);
    const last = keys[n - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => String((item.key as { value?: unknown }).value) === last,
      );
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
      if (range !== undefined) return lines.linePos(range[0]).line;
    }
    const node = document.getIn(keys.slice(0, n), true) as
      { range?: [number, number, number] } | undefined;
    if (node?.range !== undefined) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

const VARIABLE = /\$\{(\w+)(?::-([^}]*))?\}/g;

/** Puts environment variables into strings, wherever they stand. */
function substitute(
  value: unknown,
  keys: readonly Key[],
  env: NodeJS.ProcessEnv,
  fail: (keys: readonly Key[], message: string) => void,
): unknown {
  if (typeof value === 'string') {
    return value.replace(VARIABLE, (_, variable: string, fallback: string | undefined) => {
      const found = env[variable] ?? fallback;
      if (found === undefined) fail(keys, `environment variable ${variable} is not set`);
      return found ?? '';
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => substitute(item, [...keys, i], env, fail));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        substitute(item, [...keys, key], env, fail),
      ]),
    );
  }
  return value;
}
