import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { Stack } from './stack.js';
import type { Section } from './stack-config.js';

const WINDOW = '8s';
const OPENS_WITHIN_MS = 90_000;
/** A whole procedure with its verifications, on a machine that is busy otherwise. */
const ENDS_WITHIN_MS = 240_000;
const TEST_MS = 480_000;

/** One for each fault, so that a test knows which incident it waits for. */
const THRESHOLDS = {
  errors: { metric: 'error_rate_percent', target: 1, tolerance: '100%', window: WINDOW },
  availability: {
    ...{ name: 'replica_availability', metric: 'up', target: 1, tolerance: '50%' },
    window: WINDOW,
  },
  // Three engines make 1150 of these, as much as the load asks for; with stale caches they make 720, and
  // four 960. The limit of 840 is as far from both.
  tokens: {
    ...{ metric: 'tokens_per_second', target: 1050, tolerance: '20%', scope: 'service' },
    window: WINDOW,
  },
  cache: { metric: 'kv_cache_usage_percent', target: 60, tolerance: '10%', window: WINDOW },
  latency: { metric: 'request_latency_p95', target: 200, tolerance: '25%', window: WINDOW },
} satisfies Record<string, Section>;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.prepare({
    detector: { stallAfter: '4s' },
    recovery: {
      verification: { hold: '4s', timeout: '12s' },
      releaseAfterWindows: 1,
      cooldown: '0s',
      // A release is rolled back when a person says so; or, here, when nobody answers.
      approval: { timeout: '30s', onTimeout: 'approve' },
    },
  });
  await stack.start();
}, 240_000);

// It throws where a process is left behind.
afterAll(() => stack.stop(), 90_000);

/** What the fleet's own parts say of themselves. */
async function fleetState() {
  return { gateway: await stack.gateway.state(), supervisor: await stack.supervisor.state() };
}

/** As before, but for what a restart or a roll-out leaves for good: generations and their instants. */
async function lasting() {
  const processes = await stack.supervisor.processes();
  return {
    gateway: await stack.gateway.state(),
    release: await stack.supervisor.activeRelease(),
    processes: processes.map(({ name, state, release }) => [name, state, release]),
  };
}

/** Judges by one threshold and breaks the fleet; resolves with the incident that is opened. */
async function breakFleet(
  threshold: Section,
  inject: () => Promise<unknown>,
): Promise<{ id: string; commandsAfter: number; operationsAfter: number }> {
  await stack.judge([threshold]);
  const commandsAfter = await stack.gateway.lastSeq();
  const operationsAfter = await stack.supervisor.lastSeq();
  const startedAtMs = Date.now();
  await inject();
  const { id } = await stack.openedAfter(startedAtMs, OPENS_WITHIN_MS);
  return { id, commandsAfter, operationsAfter };
}

const recovered = (id: string) =>
  stack.until(id, 'recovered', ({ outcome }) => outcome === 'recovered', ENDS_WITHIN_MS);

/** Ends the fault, and waits until the incident is over. */
async function mendAndClose(id: string) {
  expect((await stack.cli('fault', 'clear')).code).toBe(0);
  return stack.until(id, 'resolved', ({ state }) => state === 'resolved', ENDS_WITHIN_MS);
}

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await stack.calm();
}, 180_000);

describe('error_rate_spike', () => {
  it(
    'keeps requests away from a replica that answers with errors, until it is well',
    async () => {
      const before = await lasting();
      const { id, commandsAfter } = await breakFleet(THRESHOLDS.errors, () =>
        stack.supervisor.inject('erroring-replica', { replica: 'engine-2' }),
      );
      expect(id).toBe(incidentIdOf('chat:engine-2:error_rate_percent'));
      const cured = await recovered(id);
      expect(cured.procedure).toBe('error_rate_spike');
      // The breaker hides it, which the verdict may say too early on a busy machine; a restart mends it.
      const helped = cured.steps.find(({ state }) => state === 'recovered')?.action;
      expect(['circuit_breaker_open', 'restart_service']).toContain(helped);
      // In drain (8): no new request comes to it.
      const { admin } = await stack.gateway.server('engine-2');
      if (helped === 'circuit_breaker_open') expect(admin).toBe(8);
      const closed = await mendAndClose(id);
      expect(closed).toMatchObject({ outcome: 'recovered', owed: [] });
      expect(await lasting()).toEqual(before);
      const log = await stack.gateway.adminLog(commandsAfter);
      expect(log.length).toBeGreaterThanOrEqual(2);
      expect(log.every(({ command }) => command.includes('engines/engine-2'))).toBe(true);
    },
    TEST_MS,
  );

  it(
    'takes a replica out, or restarts it, whose core hangs while its health check answers',
    async () => {
      const before = await lasting();
      const generation = async () =>
        (await stack.supervisor.processes()).find(({ name }) => name === 'engine-2')?.generation;
      const first = (await generation()) ?? 0;
      const { id, operationsAfter } = await breakFleet(THRESHOLDS.availability, () =>
        stack.supervisor.inject('hung-core', { replica: 'engine-2' }),
      );
      expect(id).toBe(incidentIdOf('chat:engine-2:replica_availability'));
      const cured = await recovered(id);
      expect(cured.procedure).toBe('error_rate_spike');
      const helped = cured.steps.find(({ state }) => state === 'recovered')?.action;
      expect(['circuit_breaker_open', 'restart_service']).toContain(helped);
      const operations = await stack.supervisor.log(operationsAfter);
      const restarts = operations.filter(({ what }) => what === 'restart');
      expect(restarts.length).toBe(helped === 'restart_service' ? 1 : 0);
      expect(await generation()).toBe(first + restarts.length);
      const closed = await mendAndClose(id);
      expect(closed).toMatchObject({ outcome: 'recovered', owed: [] });
      expect(await lasting()).toEqual(before);
    },
    TEST_MS,
  );
});

describe('resource_exhaustion', () => {
  it(
    'empties a cache that has lost its blocks, and takes the replica back that did not help',
    async () => {
      const before = await lasting();
      const { id } = await breakFleet(THRESHOLDS.cache, async () => {
        // The leak is over when its blocks are gone; they don't come back by themselves.
        await stack.supervisor.inject('kv-leak', {
          ...{ replica: 'engine-2', forMs: 20_000, blocksPerRequest: 4 },
        });
      });
      expect(id).toBe(incidentIdOf('chat:engine-2:kv_cache_usage_percent'));
      const cured = await recovered(id);
      expect(cured.procedure).toBe('resource_exhaustion');
      expect(cured.steps.find(({ state }) => state === 'recovered')?.action).toBe(
        'cache_invalidation',
      );
      expect(await stack.supervisor.processes()).toHaveLength(4);
      expect((await mendAndClose(id)).owed).toEqual([]);
      expect(await lasting()).toEqual(before);
    },
    TEST_MS,
  );
});

describe('throughput_degradation', () => {
  it(
    'adds a replica when the others can’t do what is asked, and takes it away when they can',
    async () => {
      const before = await lasting();
      const { id, operationsAfter } = await breakFleet(THRESHOLDS.tokens, () =>
        stack.supervisor.inject('stale-cache', { prefillFactor: 3 }),
      );
      expect(id).toBe(incidentIdOf('chat:*:tokens_per_second'));
      const cured = await recovered(id);
      expect(cured.procedure).toBe('throughput_degradation');
      expect(cured.steps[0]).toMatchObject({ action: 'scale_resources', state: 'recovered' });
      expect((await stack.supervisor.processes()).map(({ name, state }) => [name, state])).toEqual(
        [1, 2, 3, 4].map((n) => [`engine-${n}`, 'running']),
      );
      expect(await stack.gateway.server('engine-4')).toMatchObject({ admin: 0 });
      expect((await mendAndClose(id)).owed).toEqual([]);
      expect(await lasting()).toEqual(before);
      const operations = await stack.supervisor.log(operationsAfter);
      expect(operations.map(({ what }) => what)).toEqual(['scale', 'scale']);
    },
    TEST_MS,
  );
});

describe('a fault that nothing cures', () => {
  it(
    'is left as it was, byte for byte, and handed to a person',
    async () => {
      const before = await fleetState();
      const { id, operationsAfter } = await breakFleet(THRESHOLDS.tokens, () =>
        // Every engine is slow, new ones as well, at every load.
        stack.supervisor.inject('no-cure', { baseFactor: 14 }),
      );
      const left = await stack.until(
        id,
        'escalated after every procedure',
        ({ timeline }) =>
          timeline.some((l) => l.stage === 'escalated' && l.text.includes('a person must look')),
        ENDS_WITHIN_MS,
      );
      expect(left).toMatchObject({ outcome: 'rolled-back', owed: [] });
      const escalated = left.timeline.find((l) => l.stage === 'escalated')?.text;
      expect(escalated).toContain('throughput_degradation, critical_system');
      // It did act, and took it back.
      const operations = await stack.supervisor.log(operationsAfter);
      expect(operations.map(({ what }) => what)).toEqual(['scale', 'scale']);
      expect(left.timeline.some((l) => l.stage === 'rolled-back')).toBe(true);
      expect(await fleetState()).toEqual(before);
      expect((await mendAndClose(id)).outcome).toBe('rolled-back');
    },
    TEST_MS,
  );
});

describe('a bad release', () => {
  it(
    'is rolled back by critical_system, the last resort, when latency_spike finds nothing to do',
    async () => {
      const latency = { ...THRESHOLDS.latency, scope: 'service' };
      const { id } = await breakFleet(latency, () => stack.supervisor.inject('bad-release'));
      expect(id).toBe(incidentIdOf('chat:*:request_latency_p95'));
      // Nobody answers: it goes on as configured.
      const cured = await recovered(id);
      expect(cured.procedure).toBe('critical_system');
      expect(cured.steps.map(({ action }) => action)).toEqual([
        ...['circuit_breaker_open', 'traffic_routing', 'restart_service', 'deployment_rollback'],
      ]);
      expect(cured.steps.filter(({ state }) => state === 'recovered')).toMatchObject([
        { action: 'deployment_rollback' },
      ]);
      expect(cured.timeline.some((l) => l.text.startsWith('latency_spike:'))).toBe(true);
      expect(await stack.supervisor.activeRelease()).toBe('r1');
      await untilClosedOnR1(id);
    },
    TEST_MS,
  );

  /** The release that failed is not tried once more: a release is put back for good. */
  async function untilClosedOnR1(id: string): Promise<void> {
    const closed = await stack.until(
      id,
      'resolved',
      ({ state }) => state === 'resolved',
      ENDS_WITHIN_MS,
    );
    expect(closed).toMatchObject({ outcome: 'recovered', owed: [] });
    expect(await stack.supervisor.activeRelease()).toBe('r1');
    expect((await stack.cli('fault', 'clear')).code).toBe(0);
    expect(await stack.supervisor.activeRelease()).toBe('r1');
  }
});
