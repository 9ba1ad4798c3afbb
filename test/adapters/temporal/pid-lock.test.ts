import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquirePidLock, isAlive } from '../../../src/adapters/temporal/pid-lock.js';
import { scratchFolder } from '../../support/scratch.js';

describe('acquirePidLock', () => {
  it('holds until released, and leaves nothing behind', () => {
    const folder = scratchFolder();
    const file = path.join(folder, 'a.lock');
    const first = acquirePidLock(file);
    expect(acquirePidLock(file)).toEqual({ state: 'held', pid: process.pid });
    if (first.state === 'acquired') first.release();
    expect(readdirSync(folder)).toEqual([]);
    expect(acquirePidLock(file).state).toBe('acquired');
  });

  it('takes over the lock of a process that is gone', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    const file = path.join(scratchFolder(), 'a.lock');
    writeFileSync(file, `${child.pid ?? 0} 12345\n`);
    expect(acquirePidLock(file).state).toBe('acquired');
  });

  it('takes over a lock whose pid now belongs to another program', () => {
    const file = path.join(scratchFolder(), 'a.lock');
    // This very process is alive, but it did not start at that tick.
    writeFileSync(file, `${process.pid} 1\n`);
    expect(acquirePidLock(file).state).toBe('acquired');
  });

  it.each(['', 'garbage\n', '-1 5\n', '0 5\n'])('takes over a lock that holds %j', (content) => {
    const file = path.join(scratchFolder(), 'a.lock');
    writeFileSync(file, content);
    expect(acquirePidLock(file).state).toBe('acquired');
  });

  it('does not release a lock that somebody else has taken since', () => {
    const file = path.join(scratchFolder(), 'a.lock');
    const mine = acquirePidLock(file);
    writeFileSync(file, '1 1\n');
    if (mine.state === 'acquired') mine.release();
    expect(readdirSync(path.dirname(file))).toEqual(['a.lock']);
  });
});

describe('isAlive', () => {
  it('refuses numbers that address process groups', () => {
    expect(() => isAlive(0)).toThrow(RangeError);
    expect(() => isAlive(-5)).toThrow(RangeError);
  });

  it('knows this process', () => {
    expect(isAlive(process.pid)).toBe(true);
  });
});
