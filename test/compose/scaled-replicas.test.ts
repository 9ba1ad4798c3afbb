import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { ScaledReplicas } from '../../src/compose/scaled-replicas.js';
import { createSources } from '../../src/compose/sources.js';
import { createActuators } from '../../src/compose/world.js';
import { loadConfig } from '../../src/config/load.js';
import { startFleet, type FleetProcess } from '../adapters/actuators/fleet-process.js';
import { FakeIncidents } from '../detector/fake-incidents.js';
import { makeDetector, started } from '../detector/make-detector.js';
import { scratchFolder } from '../support/scratch.js';

let fleet: FleetProcess;
beforeAll(async () => {
  fleet = await startFleet(2);
}, 60_000);
afterAll(() => fleet.stop());

/** A configuration that lists the fleet's first replicas only, as one from before a scaling does. */
function configOf(folder: string) {
  const file = path.join(folder, 'paramedic.yaml');
  const [first, second] = fleet.replicas;
  const replicas = [first, second].map((r) => ({ name: r?.name, url: r?.url }));
  const config = {
    detector: { scrapeInterval: '200ms', scrapeTimeout: '150ms' },
    actuators: {
      supervisor: { kind: 'process', services: { chat: fleet.supervisor.url } },
      engines: { kind: 'engine' },
    },
    services: [
      {
        ...{ name: 'chat', replicas },
        ...{ engine: { actuator: 'engines' }, supervisor: { actuator: 'supervisor' } },
      },
    ],
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  return loadConfig(file);
}

it('watches a replica that a scaling added, reaches its engine, and forgets it when it is gone', async () => {
  const folder = scratchFolder();
  const config = configOf(folder);
  const actuators = createActuators(config);
  const sources = createSources(config);
  const { detector } = await started(
    makeDetector(folder, new FakeIncidents(), { sources: sources.listed }),
  );
  const problems: unknown[] = [];
  const control = actuators.get('supervisor')?.replicas;
  const engine = actuators.get('engines')?.engine;
  const scaled = new ScaledReplicas({
    ...{ config, detector, sourceOf: sources.ofScaled, controlOf: () => control },
    onProblem: (error) => problems.push(error),
  });
  onTestFinished(async () => {
    for (const one of actuators.values()) await one.close();
  });
  const watched = () => detector.targets().map(({ replica }) => replica);

  await scaled.look();
  expect(watched()).toEqual(['engine-1', 'engine-2']);
  await expect(engine?.health('engine-3')).rejects.toMatchObject({ reason: 'not-found' });

  await control?.scale('chat', { operationId: 'up', replicas: 3, ifReplicas: 2 });
  await vi.waitFor(
    async () => {
      await scaled.look();
      expect(watched()).toEqual(['engine-1', 'engine-2', 'engine-3']);
    },
    { timeout: 20_000, interval: 100 },
  );
  await vi.waitFor(
    () => {
      const added = detector.targets().find(({ replica }) => replica === 'engine-3');
      expect(added).toMatchObject({ role: 'engine', isUp: true });
    },
    { timeout: 20_000, interval: 100 },
  );
  expect(await engine?.health('engine-3')).toMatchObject({ isServing: true, completes: true });
  await scaled.look();
  expect(watched()).toHaveLength(3);

  const told: ReadonlySet<string>[] = [];
  vi.spyOn(detector, 'fleetIs').mockImplementation((_, all) => told.push(all));
  await control?.scale('chat', { operationId: 'down', replicas: 2, ifReplicas: 3 });
  await scaled.look();
  expect(watched()).toEqual(['engine-1', 'engine-2']);
  expect(told).toEqual([new Set(['engine-1', 'engine-2'])]);
  expect(problems).toEqual([]);
}, 90_000);

it('changes nothing while a supervisor can’t be asked', async () => {
  const folder = scratchFolder();
  const config = configOf(folder);
  const problems: unknown[] = [];
  const added: unknown[] = [];
  const refuse = () => Promise.reject(new Error('no way'));
  const scaled = new ScaledReplicas({
    config,
    detector: {
      addSource: (source) => added.push(source),
      removeSource: refuse,
      fleetIs: () => added.push('a fleet'),
    },
    sourceOf: createSources(config).ofScaled,
    controlOf: () => ({ replicas: refuse, restart: refuse, scale: refuse, logs: refuse }),
    onProblem: (error) => problems.push(error),
  });
  await scaled.look();
  expect(problems).toEqual([new Error('no way')]);
  expect(added).toEqual([]);
});

it('leaves replicas alone whose names are not the configuration’s: they could be counted twice', async () => {
  const config = configOf(scratchFolder());
  const added: unknown[] = [];
  const refuse = () => Promise.reject(new Error('not asked'));
  const pod = { name: 'chat-7d4b-x', address: '127.0.0.1:1', state: 'running' as const };
  const scaled = new ScaledReplicas({
    config,
    detector: {
      addSource: (source) => added.push(source),
      removeSource: refuse,
      fleetIs: () => added.push('a fleet'),
    },
    sourceOf: createSources(config).ofScaled,
    controlOf: () => ({
      replicas: () => Promise.resolve([{ ...pod, release: 'r1', generation: 1 }]),
      ...{ restart: refuse, scale: refuse, logs: refuse },
    }),
    onProblem: (error) => {
      throw error;
    },
  });
  await scaled.look();
  expect(added).toEqual([]);
});
