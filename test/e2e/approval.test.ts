import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { eventually } from './eventually.js';
import { Stack } from './stack.js';

const ID = incidentIdOf('chat:engine-2:request_latency_p95');
const WITHIN_MS = 60_000;
const CLOSES_WITHIN_MS = 120_000;
const TEST_MS = 300_000;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.prepare({
    recovery: {
      verification: { hold: '4s', timeout: '20s' },
      releaseAfterWindows: 1,
      // What would come after it, the last resort included, must not act either.
      autonomy: {
        load_balancer_adjust: 'approve',
        traffic_routing: 'suggest',
        circuit_breaker_open: 'suggest',
        restart_service: 'suggest',
        deployment_rollback: 'suggest',
      },
      approval: { timeout: '25s', onTimeout: 'skip' },
    },
  });
  await stack.start();
}, 180_000);

afterAll(() => stack.stop(), 90_000);

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await stack.calm();
}, 180_000);

/** Breaks engine-2 and waits until an operator is asked. */
async function untilAsked() {
  const startedAtMs = Date.now();
  expect((await stack.cli('fault', 'slow-replica', 'engine-2')).code).toBe(0);
  await stack.openedAfter(startedAtMs, WITHIN_MS, ID);
  return stack.until(
    ID,
    'an approval to be asked for',
    ({ state, openedAt }) => state === 'awaiting-approval' && Date.parse(openedAt) >= startedAtMs,
    WITHIN_MS,
  );
}

async function mendAndClose() {
  expect((await stack.cli('fault', 'clear')).code).toBe(0);
  return stack.until(ID, 'resolved', ({ state }) => state === 'resolved', CLOSES_WITHIN_MS);
}

describe('an action that needs an approval', () => {
  it(
    'waits with nothing changed, and acts once it is approved',
    async () => {
      const afterSeq = await stack.gateway.lastSeq();
      const asked = await untilAsked();
      expect(asked.waiting).toMatchObject({ kind: 'step', onTimeout: 'skip' });
      expect(asked.waiting?.line).toContain('set server engines/engine-2 weight');
      expect(await stack.gateway.adminLog(afterSeq)).toEqual([]);

      const listed = await stack.cli('incidents', '--state', 'awaiting-approval', '--json');
      expect(JSON.parse(listed.stdout)).toMatchObject({ incidents: [{ id: ID }] });
      const page = await stack.cli('incident', ID);
      expect(page.stdout).toContain(`bin/paramedic approve ${ID}`);

      const approved = await stack.cli('approve', ID, '--by', 'ada', '--json');
      expect(approved).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(approved.stdout)).toMatchObject({ id: ID, operation: 'approve' });
      await eventually(
        () => stack.gateway.server('engine-2'),
        ({ weight }) => weight < 100,
        { what: 'the approved step', withinMs: WITHIN_MS, context: () => stack.output },
      );
      const again = await stack.cli('approve', ID, '--by', 'ada');
      expect(again).toMatchObject({ code: 1, stdout: '' });
      expect(again.stderr).toContain('no step waits for an approval');
      await stack.until(ID, 'recovered', ({ outcome }) => outcome === 'recovered', WITHIN_MS);
      expect((await mendAndClose()).outcome).toBe('recovered');
      expect(await stack.gateway.server('engine-2')).toEqual({ weight: 100, admin: 0 });
    },
    TEST_MS,
  );

  it(
    'is skipped when nobody answers in time',
    async () => {
      const afterSeq = await stack.gateway.lastSeq();
      await untilAsked();
      const skipped = await stack.until(
        ID,
        'the step skipped',
        ({ steps }) =>
          steps.some((s) => s.action === 'load_balancer_adjust' && s.state === 'skipped'),
        WITHIN_MS,
      );
      expect(skipped.waiting).toBeNull();
      await mendAndClose();
      expect(await stack.gateway.adminLog(afterSeq)).toEqual([]);
    },
    TEST_MS,
  );
});
