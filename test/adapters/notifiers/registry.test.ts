import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { file } from '../../../src/adapters/notifiers/file.js';
import { NOTIFIERS } from '../../../src/adapters/notifiers/index.js';
import { stdout } from '../../../src/adapters/notifiers/stdout.js';
import { sampleNotification } from '../../support/notifications.js';
import { scratchFolder } from '../../support/scratch.js';

const FIRST = { mayHaveArrived: false, threadRef: undefined };

/** The least that each kind can be configured with. */
const EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  email: { host: 'mail.example.org', from: 'a@example.org', to: ['b@example.org'] },
  file: { path: '/tmp/notifications.jsonl' },
  pagerduty: { routingKey: { env: 'PAGERDUTY_KEY' } },
  slack: { token: { env: 'SLACK_TOKEN' }, channel: 'C1' },
  stdout: {},
  webhook: { url: 'https://hooks.example.org/paramedic' },
};

describe('notifiers', () => {
  it('have kinds of their own', () => {
    const kinds = NOTIFIERS.map(({ kind }) => kind);
    expect([...new Set(kinds)]).toEqual(kinds);
    expect([...kinds].sort()).toEqual(Object.keys(EXAMPLES).sort());
  });

  it.each(NOTIFIERS)('$kind parses its example, and refuses a key that it does not know', (one) => {
    const example = EXAMPLES[one.kind];
    expect(one.schema.safeParse(example).success).toBe(true);
    expect(one.schema.safeParse({ ...example, typo: 1 }).success).toBe(false);
  });

  it.each(NOTIFIERS)('$kind can be described as JSON schema', ({ schema }) => {
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({ type: 'object' });
  });

  it.each(NOTIFIERS)('$kind tells of what opens and of what ends', ({ takes }) => {
    expect(takes).toEqual(expect.arrayContaining(['trigger', 'resolve']));
  });
});

describe('file', () => {
  it('appends a line each, rotates, and goes on after a restart', async () => {
    const folder = scratchFolder();
    const at = path.join(folder, 'deep', 'n.jsonl');
    const make = () => file.create(file.schema.parse({ path: at, maxBytes: 1_500, keep: 2 }));
    const first = make();
    await first.deliver(sampleNotification({ id: 'a' }), FIRST);
    await first.close();
    const second = make();
    onTestFinished(() => second.close());
    for (const id of ['b', 'c']) await second.deliver(sampleNotification({ id }), FIRST);
    const ids = (name: string) =>
      readFileSync(name, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id);
    expect([...ids(`${at}.1`), ...ids(at)]).toEqual(['a', 'b', 'c']);
  });

  it('says that it cannot write, and writes when it can again', async () => {
    const folder = scratchFolder();
    const blocked = path.join(folder, 'n.jsonl');
    const { mkdirSync, rmdirSync } = await import('node:fs');
    mkdirSync(blocked);
    const notifier = file.create(file.schema.parse({ path: blocked }));
    onTestFinished(() => notifier.close());
    await expect(notifier.deliver(sampleNotification(), FIRST)).rejects.toMatchObject({
      reason: 'unreachable',
    });
    rmdirSync(blocked);
    await notifier.deliver(sampleNotification(), FIRST);
    expect(readFileSync(blocked, 'utf8')).toContain('"id":"n-1"');
  });
});

describe('stdout', () => {
  it('writes one marked line', async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((line, then) => {
      lines.push(String(line));
      (then as unknown as () => void)();
      return true;
    });
    try {
      await stdout.create().deliver(sampleNotification(), FIRST);
    } finally {
      write.mockRestore();
    }
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { notification: true, id: 'n-1' },
    ]);
  });
});
