import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { Stack } from './stack.js';

const ID = incidentIdOf('chat:engine-2:request_latency_p95');
const WITHIN_MS = 60_000;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.prepare();
  await stack.start();
}, 180_000);

afterAll(() => stack.stop(), 90_000);

describe('a stop in the middle of an incident, and a start', () => {
  it('goes on with it: what was changed is still in force, and is released once', async () => {
    const startedAtMs = Date.now();
    expect((await stack.cli('fault', 'slow-replica', 'engine-2')).code).toBe(0);
    await stack.openedAfter(startedAtMs, WITHIN_MS, ID);
    const before = await stack.until(
      ID,
      'recovered',
      ({ outcome }) => outcome === 'recovered',
      WITHIN_MS,
    );
    const { weight } = await stack.gateway.server('engine-2');
    expect(weight).toBeLessThan(100);

    // It throws where a process is left.
    expect(await stack.halt()).toBe(0);
    expect(stack.output).toMatch(/stopped\n$/);
    await stack.start();

    const closed = await stack.until(
      ID,
      'resolved after the start',
      ({ state }) => state === 'resolved',
      2 * WITHIN_MS,
    );
    expect(closed).toMatchObject({ runId: before.runId, outcome: 'recovered', owed: [] });
    expect(await stack.gateway.server('engine-2')).toEqual({ weight: 100, admin: 0 });
    const weights = (await stack.gateway.adminLog()).map(({ command }) => command);
    expect(weights).toHaveLength(2);
    expect(await stack.incidents()).toHaveLength(1);
  }, 300_000);

  it('is refused while the first one runs', async () => {
    const second = await stack.cli('start');
    expect(second.code).toBe(1);
    expect(second.stdout).toContain(`paramedic already runs with the data in ${stack.dataDir}`);
  });
});
