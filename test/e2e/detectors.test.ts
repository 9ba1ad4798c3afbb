import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACTION_NAMES } from '../../src/domain/recovery/action.js';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { eventually } from './eventually.js';
import { Stack } from './stack.js';
import { WebhookReceiver } from './webhook-receiver.js';

const FINGERPRINT = 'chat:engine-2:request_latency_p95';
const ID = incidentIdOf(FINGERPRINT);
const OPENS_WITHIN_MS = 60_000;
const CLOSES_WITHIN_MS = 120_000;
const NAMES = ['detector-1', 'detector-2'] as const;

let stack: Stack;
let hook: WebhookReceiver;

beforeAll(async () => {
  hook = await WebhookReceiver.start();
  stack = await Stack.prepare(({ detector, secondDetector }) => ({
    channels: { hook: { kind: 'webhook', url: hook.url } },
    monitor: { escalation: { levels: [{ after: '0s', channels: ['hook'] }] } },
    detector: { shards: [{ port: detector }, { port: secondDetector }], copies: 2 },
    // Nothing is repaired: else the slower one of them might never see it.
    recovery: { autonomy: Object.fromEntries(ACTION_NAMES.map((name) => [name, 'suggest'])) },
  }));
  await stack.start();
}, 180_000);

afterAll(async () => {
  await stack.stop();
  await hook.stop();
}, 90_000);

/** What a detector said of its calls to Temporal. */
function started(name: string): number {
  const log = readFileSync(path.join(stack.dataDir, 'log', `${name}.log`), 'utf8');
  return log.split('\n').filter((line) => {
    return line.includes('"incident started"') && line.includes(FINGERPRINT);
  }).length;
}

describe('two detectors that watch the same service', () => {
  it('make one incident of what both see, told once, ended once', async () => {
    const startedAtMs = Date.now();
    expect((await stack.cli('fault', 'slow-replica', 'engine-2')).code).toBe(0);
    const { id, runId } = await stack.openedAfter(startedAtMs, OPENS_WITHIN_MS);
    expect(id).toBe(ID);
    // Both have seen it by themselves, and each has told Temporal so.
    await eventually(
      () => NAMES.map(started),
      (counts) => counts.every((count) => count > 0),
      { what: 'the word of both detectors', withinMs: OPENS_WITHIN_MS },
    );
    expect((await stack.cli('fault', 'clear')).code).toBe(0);
    const isOver = ({ state }: { state: string }) => state === 'resolved';
    const closed = await stack.until(ID, 'resolved', isOver, CLOSES_WITHIN_MS);
    expect(closed.runId).toBe(runId);
    await eventually(
      () => hook.counts(ID)['resolve'] ?? 0,
      (count) => count > 0,
      { what: 'the word of its end', withinMs: CLOSES_WITHIN_MS },
    );
    // Neither opens it again: what the slower one still held was not told as a new one.
    const held = await eventually(
      async () => (await stack.cli('status', '--json')).stdout,
      (text) => text.includes('"active_violations": 0'),
      { what: 'no violation open in any detector', withinMs: CLOSES_WITHIN_MS },
    );
    expect(JSON.parse(held)).toMatchObject({ detector: { problems: [], unwatched: [] } });
    expect(await stack.incidents()).toHaveLength(1);
    expect(hook.counts(ID)).toMatchObject({ trigger: 1, resolve: 1 });
  }, 300_000);
});
