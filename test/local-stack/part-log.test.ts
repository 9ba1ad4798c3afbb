import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { logFolder, openPartLog } from '../../src/local-stack/part-log.js';
import { ProcessRegister } from '../../src/local-stack/process-register.js';
import { runFolder } from '../../src/local-stack/pid-files.js';
import { Terminal } from '../../src/local-stack/terminal.js';
import { scratchFolder } from '../support/scratch.js';

const LOGS = { maxBytes: 1_000_000, keep: 1 };

/** Beyond what Linux gives to a process: nobody is harmed by what is done to it. */
const NOBODY = 4_194_305;

it('goes on when its disk is full, tells people once, and counts what went missing', () => {
  const dataDir = scratchFolder();
  const file = path.join(logFolder(dataDir), 'worker.log');
  mkdirSync(logFolder(dataDir));
  symlinkSync('/dev/full', file);
  const told: string[] = [];
  const terminal = new Terminal({ write: (text) => told.push(text) }, {});
  const log = openPartLog({ dataDir, logs: LOGS }, 'worker', terminal);
  for (const line of ['one', 'two', 'three']) log.onLine(line);
  expect(told).toEqual([expect.stringContaining('worker.log can’t be written, lines go missing')]);
  rmSync(file);
  log.onLine('four');
  log.close();
  expect(readFileSync(file, 'utf8')).toBe('3 lines could not be written here\nfour\n');
});

it('starts a part whose pid file can’t be written', () => {
  const dataDir = scratchFolder();
  mkdirSync(runFolder(dataDir));
  symlinkSync('/dev/full', path.join(runFolder(dataDir), 'worker.pid'));
  const told: string[] = [];
  const register = new ProcessRegister(dataDir, (problem) => told.push(problem));
  register.spawned('worker', NOBODY);
  register.ended('worker', NOBODY);
  register.close();
  expect(told).toEqual([expect.stringContaining(`the pid file of worker (process ${NOBODY})`)]);
});
