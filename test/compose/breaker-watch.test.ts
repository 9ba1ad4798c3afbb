import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { World } from '../../src/activities/world.js';
import { haproxy } from '../../src/adapters/actuators/haproxy.js';
import { createBreakers } from '../../src/compose/breakers.js';
import { createWatch } from '../../src/compose/breaker-watch.js';
import { createCoordination } from '../../src/compose/coordination.js';
import { createActuators, createWorld } from '../../src/compose/world.js';
import { configSchema } from '../../src/config/schema.js';
import type { BreakerStatus } from '../../src/domain/recovery/breaker.js';
import type { LoadBalancer } from '../../src/domain/ports.js';
import {
  startFailingUpstream,
  type FailingUpstream,
} from '../adapters/actuators/failing-upstream.js';
import { startFleet } from '../adapters/actuators/fleet-process.js';
import { startHaproxy } from '../adapters/actuators/haproxy-process.js';
import { FakeIncidents } from '../detector/fake-incidents.js';
import { makeDetector } from '../detector/make-detector.js';
import { describeWithProgram } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { createDevServerEnv } from '../support/temporal.js';
import { runWithWorkers } from '../workflows/run-with-workers.js';

Runtime.install({
  logger: new DefaultLogger(process.env['TEST_LOG'] === undefined ? 'WARN' : 'INFO'),
});

const EVERY_MS = 20;
/**
 * A second is promised; with other tests on the same two cores each of the eight exchanges with the
 * balancer takes many times as long as alone. What was measured is printed.
 */
const OPENS_WITHIN_MS = 5_000;
const tell = (line: string) => process.stdout.write(`${line}\n`);
const WITHIN = { timeout: 60_000, interval: 50 };

/** A load balancer in front of three upstreams. */
interface Subject {
  readonly runtime: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** 50 requests a second until it is stopped; counts them. */
function startLoad(url: string) {
  const load = { sent: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    load.sent += 1;
    request(`${url}/v1/completions`, { method: 'POST', body: '{}' })
      .then(({ body }) => body.dump())
      .catch(() => undefined);
  }, EVERY_MS);
  return load;
}

function describeFastPath(
  title: string,
  start: (upstreams: readonly FailingUpstream[]) => Promise<Subject>,
): void {
  describe(title, () => {
    let env: TestWorkflowEnvironment;
    let upstreams: FailingUpstream[];
    let subject: Subject;
    beforeAll(async () => {
      env = await createDevServerEnv();
      upstreams = await Promise.all(['r1', 'r2', 'r3'].map(startFailingUpstream));
      subject = await start(upstreams);
    }, 120_000);
    afterAll(async () => {
      await subject.stop();
      await Promise.all(upstreams.map((upstream) => upstream.stop()));
      await env.teardown();
    }, 60_000);

    it('keeps requests from a failing replica at once, tries it with its share, and closes', async () => {
      const [, bad] = upstreams;
      if (bad === undefined) throw new Error('there are three');
      const config = configSchema.parse({
        dataDir: scratchFolder(),
        actuators: { gateway: { kind: 'haproxy', address: subject.runtime } },
        services: [
          {
            name: 'chat',
            replicas: upstreams.map(({ name, address }) => ({ name, url: `http://${address}` })),
            loadBalancer: { actuator: 'gateway', backend: 'engines' },
          },
        ],
        breakers: { reconcile: '1s', aphrodite_engine: { openFor: '3s', successes: 12 } },
      });
      const actuators = createActuators(config);
      const breakers = createBreakers(() => env.client, config);
      const world = createWorld(config, {
        ...{ actuators, breakers, coordination: createCoordination(env.client) },
        ...{ history: {}, archive: {} },
        thresholds: () => [],
      } as unknown as Parameters<typeof createWorld>[1]) satisfies World;
      const temporal = { get: () => env.client, close: () => Promise.resolve() };
      const monitor = { fresh: () => undefined };
      const log = pino({ level: 'silent' });
      const watch = createWatch({ config, log }, { temporal, monitor, actuators });
      const stateOf = async () =>
        (await breakers.states()).find((view) => view.replica === 'r2')?.breakers.aphrodite_engine;
      const until = (status: BreakerStatus) =>
        vi.waitFor(async () => expect((await stateOf())?.status).toBe(status), WITHIN);
      await runWithWorkers(env, world, async () => {
        await watch.start(makeDetector(scratchFolder(), new FakeIncidents()).detector);
        const load = startLoad(subject.url);
        try {
          await sleep(1_500);
          bad.askedAtMs.length = 0;
          bad.isFailing = true;
          await until('open');
          await sleep(1_000);
          const fifth = bad.askedAtMs[4] ?? Number.NaN;
          const last = bad.askedAtMs.at(-1) ?? Number.NaN;
          tell(`${title}: ${last - fifth} ms from the fifth failing request to the last`);
          expect(last - fifth).toBeLessThan(OPENS_WITHIN_MS);

          // Its time is over: a trial, which fails, with few requests and at once.
          const before = bad.askedAtMs.length;
          await vi.waitFor(
            async () => expect((await stateOf())?.reason).toContain('the trial failed'),
            WITHIN,
          );
          await sleep(1_000);
          expect(bad.askedAtMs.length - before).toBeLessThan(25);

          // Mended: the next trial passes, with no more than its share.
          bad.isFailing = false;
          await until('half-open');
          const [asked, sent] = [bad.askedAtMs.length, load.sent];
          await until('closed');
          const share = (bad.askedAtMs.length - asked) / (load.sent - sent);
          tell(`${title}: ${(100 * share).toFixed(1)} % of the requests on trial`);
          expect(share).toBeLessThan(0.2);
          await vi.waitFor(async () => {
            const servers =
              (await world.services.get('chat')?.loadBalancer?.port.servers('engines')) ?? [];
            expect(servers.find(({ name }) => name === 'r2')).toMatchObject({
              admin: 'ready',
              weight: 100,
            });
          }, WITHIN);
        } finally {
          load.stop();
          await watch.stop();
        }
      });
    }, 180_000);
  });
}

describeWithProgram('haproxy', 'with HAProxy', (program) => {
  describeFastPath('breakers through HAProxy', async (upstreams) => {
    const balancer = await startHaproxy(program, (config) =>
      upstreams.reduce(
        (text, { name, address }) =>
          text.replaceAll(new RegExp(`server ${name} \\S+`, 'g'), `server ${name} ${address}`),
        config,
      ),
    );
    return { runtime: balancer.tcp, url: balancer.url, stop: () => balancer.stop() };
  });
});

describeFastPath('breakers through the fleet’s gateway', async (upstreams) => {
  const fleet = await startFleet(1);
  const runtime = `127.0.0.1:${fleet.gateway.runtime.port}`;
  const balancer: LoadBalancer = haproxy.create(
    haproxy.schema.parse({ address: runtime }),
  ).loadBalancer;
  for (const { name, address } of upstreams) {
    await balancer.addServer('engines', { name, address, weight: 100 });
  }
  await balancer.removeServer('engines', 'engine-1');
  return { runtime, url: fleet.gateway.url, stop: () => fleet.stop() };
});
