import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ActuatorPorts } from '../../src/adapters/actuators/actuator.js';
import { createWatch } from '../../src/compose/breaker-watch.js';
import type { Share } from '../../src/compose/neighbours.js';
import { configSchema } from '../../src/config/schema.js';
import type { LoadBalancer, ServerCounts } from '../../src/domain/ports.js';
import { FakeIncidents } from '../detector/fake-incidents.js';
import { makeDetector } from '../detector/make-detector.js';
import { scratchFolder } from '../support/scratch.js';

/** A balancer whose only server fails each time that its counters are read. */
function failingBalancer() {
  let reads = 0;
  const counts = (): Promise<readonly ServerCounts[]> => {
    reads += 1;
    return Promise.resolve([{ name: 'r1', failed: reads, succeeded: 0 }]);
  };
  const port = { counts, servers: () => Promise.resolve([]) } as unknown as LoadBalancer;
  return { port, reads: () => reads };
}

async function watching(share: Share | undefined) {
  const config = configSchema.parse({
    dataDir: scratchFolder(),
    actuators: { gateway: { kind: 'haproxy', address: '127.0.0.1:1' } },
    services: [
      {
        ...{ name: 'chat', replicas: [{ name: 'r1', url: 'http://127.0.0.1:1' }] },
        loadBalancer: { actuator: 'gateway', backend: 'engines' },
      },
    ],
    breakers: { interval: '20ms' },
  });
  const balancer = failingBalancer();
  const actuators = new Map<string, ActuatorPorts>([
    ['gateway', { loadBalancer: balancer.port } as unknown as ActuatorPorts],
  ]);
  const temporal = {
    get: () => {
      throw new Error('there is no Temporal here');
    },
    close: () => Promise.resolve(),
  };
  const watch = createWatch(
    { config, log: pino({ level: 'silent' }) },
    {
      ...{ temporal, actuators, monitor: { fresh: () => undefined } },
      ...(share === undefined ? {} : { share }),
    },
  );
  onTestFinished(() => watch.stop());
  await watch.start(makeDetector(scratchFolder(), new FakeIncidents()).detector);
  const isOpen = () => watch.states().some(({ breaker }) => breaker.status === 'open');
  return { balancer, isOpen };
}

describe('the breakers of a service that several detectors watch', () => {
  it('are counted for by the first of them, from the moment on at which it is the first', async () => {
    let leads = false;
    const { balancer, isOpen } = await watching({ isOwn: () => true, leads: () => leads });
    // Many more failures than open a breaker.
    await vi.waitFor(() => expect(balancer.reads()).toBeGreaterThan(30), { timeout: 20_000 });
    expect(isOpen()).toBe(false);
    leads = true;
    await vi.waitFor(() => expect(isOpen()).toBe(true), { timeout: 20_000 });
  });

  it('are counted for by the only detector there is', async () => {
    const { isOpen } = await watching(undefined);
    await vi.waitFor(() => expect(isOpen()).toBe(true), { timeout: 20_000 });
  });
});
