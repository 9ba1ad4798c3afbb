import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { p95Between, readBuckets } from './gateway-p95.js';
import {
  admin,
  buildFleet,
  eventually,
  isAlive,
  removeFolder,
  runtime,
  startTestFleet,
  type TestFleet,
} from './start-fleet.js';

let folder = '';
let fleet: TestFleet;

/** p95 of the gateway over the next `forMs`. */
async function p95Over(forMs: number): Promise<number> {
  const before = await readBuckets(fleet.ready.gateway.url);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  return p95Between(before, await readBuckets(fleet.ready.gateway.url));
}

beforeAll(async () => {
  folder = await buildFleet();
  fleet = await startTestFleet(folder, []);
});

afterAll(async () => {
  await fleet.stop();
  removeFolder(fleet.stateDir);
  removeFolder(folder);
});

describe('a slow replica', () => {
  it('raises the p95 until its weight is lowered, and every process ends at SIGTERM', async () => {
    // A machine that is busy with other tests needs a moment; load itself is steady.
    await eventually(
      () => p95Over(3000),
      (p95) => p95 <= 250,
      30_000,
    );

    const fault = { fault: 'slow-replica', replica: 'engine-2' };
    expect((await admin(fleet, 'POST', '/v1/faults', fault)).status).toBe(200);
    await eventually(
      () => p95Over(3000),
      (p95) => p95 >= 400,
      15_000,
    );

    expect(await runtime(fleet, 'set server engines/engine-2 weight 20')).toBe('\n');
    expect(await runtime(fleet, 'get weight engines/engine-2')).toBe('20 (initial 100)\n\n');
    await eventually(
      () => p95Over(3000),
      (p95) => p95 <= 250,
      30_000,
    );

    const log = await (await fetch(`${fleet.ready.gateway.url}/-/admin/log`)).json();
    expect(log).toMatchObject({
      entries: [
        {
          seq: 1,
          command: 'set server engines/engine-2 weight 20',
          before: { weight: 100 },
          after: { weight: 20 },
          changed: true,
        },
      ],
    });

    await admin(fleet, 'DELETE', '/v1/faults');
    await runtime(fleet, 'set server engines/engine-2 weight 100');
    await eventually(
      () => p95Over(3000),
      (p95) => p95 <= 250,
      30_000,
    );
    const load = await admin(fleet, 'GET', '/v1/load');
    expect(load.body).toMatchObject({ last60s: { errors: 0 } });

    const pids = fleet.ready.replicas.map(({ pid }) => pid);
    expect(pids.every(isAlive)).toBe(true);
    await fleet.stop();
    expect(pids.some(isAlive)).toBe(false);
    await expect(fetch(`${fleet.ready.gateway.url}/metrics`)).rejects.toThrow();
  }, 150_000);
});
