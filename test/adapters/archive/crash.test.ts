import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libsqlArchive } from '../../../src/adapters/archive/libsql.js';
import { bundleProgram, type Program } from './child-process.js';
import { incidentRecord } from './records.js';

describe('the embedded archive and another process', () => {
  let folder: string;
  let writer: Program;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'archive-crash-'));
    writer = await bundleProgram('test/adapters/archive/writer-process.ts');
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await writer.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts a writer and resolves with what it acknowledged once it was killed after `acks` of them. */
  async function killAfter(acks: number, file: string, round: number): Promise<number> {
    const child = writer.start(file, String(round));
    children.push(child);
    let last = -1;
    const exited = once(child, 'exit');
    if (child.stdout === null) throw new Error('the writer has no stdout');
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last >= acks) child.kill('SIGKILL');
    }
    await exited;
    expect(child.signalCode).toBe('SIGKILL');
    return last;
  }

  it('has every acknowledged record after kill -9, six times in a row', async () => {
    const file = path.join(folder, 'crash.db');
    const acknowledged: number[] = [];
    for (const [round, acks] of [1, 7, 20, 33, 50, 90].entries()) {
      acknowledged.push(await killAfter(acks, file, round));
      const archive = await libsqlArchive.create({ kind: 'libsql', path: file });
      try {
        for (const [earlier, last] of acknowledged.entries()) {
          const id = `round-${earlier}`;
          const record = await archive.incident(id);
          expect(record?.revision).toBeGreaterThanOrEqual(last + 1);
          const lines = await archive.timeline(id, 'run-1');
          expect(lines.length).toBeGreaterThanOrEqual(3 * (last + 1));
          // Three lines are one write: all of it or nothing.
          expect(lines.length % 3).toBe(0);
          expect(lines.map((line) => line.sequence)).toEqual(lines.map((_, i) => i));
        }
        const audit = await archive.audit({ limit: 1000 });
        const total = acknowledged.reduce((sum, last) => sum + last + 1, 0);
        expect(audit.items.length).toBeGreaterThanOrEqual(total);
      } finally {
        await archive.close();
      }
    }
    expect(acknowledged.length).toBe(6);
  });

  it('fails a write on a full disk as one to retry, and keeps what it acknowledged', async () => {
    const file = path.join(folder, 'full.db');
    const child = writer.startCramped(600, file, '0');
    children.push(child);
    let output = '';
    let errors = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(errors).toMatch(/AdapterError: archive .*full\.db/);
    expect(errors).toContain("reason: 'unreachable'");
    const last = Number(output.trim().split('\n').at(-1));
    expect(last).toBeGreaterThan(0);
    const archive = await libsqlArchive.create({ kind: 'libsql', path: file });
    expect((await archive.incident('round-0'))?.revision).toBeGreaterThanOrEqual(last + 1);
    expect((await archive.timeline('round-0', 'run-1')).length).toBeGreaterThanOrEqual(
      3 * last + 3,
    );
    await archive.putIncident(incidentRecord({ id: 'after' }));
    await archive.close();
  });

  it('refuses a file that another process has open, and opens it when that one ends in time', async () => {
    const file = path.join(folder, 'held.db');
    const holder = writer.start(file, '0');
    children.push(holder);
    await once(holder.stdout ?? holder, 'data');
    await expect(libsqlArchive.create({ kind: 'libsql', path: file })).rejects.toMatchObject({
      name: 'AdapterError',
      reason: 'unreachable',
      message: expect.stringMatching(/another process has it open.*kind "remote"/) as string,
    });
    const waiting = libsqlArchive.create({ kind: 'libsql', path: file });
    holder.kill('SIGKILL');
    const archive = await waiting;
    expect((await archive.incidents({ limit: 1 })).items).toHaveLength(1);
    await archive.close();
  });
});
