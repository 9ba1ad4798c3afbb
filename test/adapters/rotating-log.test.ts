import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RotatingLog } from '../../src/adapters/rotating-log.js';
import { scratchFolder } from '../support/scratch.js';

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '(absent)');

describe('RotatingLog', () => {
  it('starts a new file before a line that would not fit, and keeps the newest ones', () => {
    const file = path.join(scratchFolder(), 'log/worker.log');
    const log = new RotatingLog(file, { maxBytes: 12, keep: 2 });
    for (let n = 1; n <= 9; n += 1) log.write(`line${n}`);
    log.close();
    // 6 bytes a line, two lines a file: 1+2 and 3+4 are gone by then.
    expect(read(file)).toBe('line9\n');
    expect(read(`${file}.1`)).toBe('line7\nline8\n');
    expect(read(`${file}.2`)).toBe('line5\nline6\n');
    expect(existsSync(`${file}.3`)).toBe(false);
  });

  it('goes on with a file that is there, and counts what is in it', () => {
    const file = path.join(scratchFolder(), 'a.log');
    writeFileSync(file, 'before\n');
    const log = new RotatingLog(file, { maxBytes: 14, keep: 1 });
    log.write('second');
    expect(read(file)).toBe('before\nsecond\n');
    log.write('third');
    log.close();
    expect(read(file)).toBe('third\n');
    expect(read(`${file}.1`)).toBe('before\nsecond\n');
  });

  it('keeps a line longer than a file whole, in a file of its own', () => {
    const file = path.join(scratchFolder(), 'a.log');
    const log = new RotatingLog(file, { maxBytes: 10, keep: 2 });
    log.write('a');
    log.write('x'.repeat(40));
    log.write('b');
    log.close();
    expect([read(`${file}.2`), read(`${file}.1`), read(file)]).toEqual([
      'a\n',
      `${'x'.repeat(40)}\n`,
      'b\n',
    ]);
  });

  it('counts bytes, not characters', () => {
    const file = path.join(scratchFolder(), 'a.log');
    const log = new RotatingLog(file, { maxBytes: 8, keep: 1 });
    log.write('äöü');
    log.write('é');
    log.close();
    expect(read(file)).toBe('é\n');
  });

  it('fails on a full disk, and writes again once there is room', () => {
    const file = path.join(scratchFolder(), 'a.log');
    symlinkSync('/dev/full', file);
    const log = new RotatingLog(file, { maxBytes: 100, keep: 1 });
    expect(() => log.write('lost')).toThrow(/ENOSPC/);
    expect(() => log.write('lost too')).toThrow(/ENOSPC/);
    rmSync(file);
    log.write('kept');
    log.close();
    expect(read(file)).toBe('kept\n');
  });

  it('without old files to keep, holds the newest lines only', () => {
    const file = path.join(scratchFolder(), 'a.log');
    const log = new RotatingLog(file, { maxBytes: 4, keep: 0 });
    log.write('one');
    log.write('two');
    log.close();
    expect(read(file)).toBe('two\n');
    expect(existsSync(`${file}.1`)).toBe(false);
  });
});
