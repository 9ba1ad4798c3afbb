import { describeChange } from '../describe-change.js';
import { changeIn, crashOf, demandRise, isMeasured, type Facts } from '../facts.js';
import { noisyTenant } from '../tenants.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** The machine or GPU under a replica: thermal throttling, hardware errors, a starved host. */
export const infrastructure: Hypothesis = {
  kind: 'infrastructure',
  title: 'the hardware or host under a replica',
  assess(facts) {
    const clock = changeIn(facts, 'gpu-clock', 'fall');
    const heat = changeIn(facts, 'gpu-temperature', 'rise');
    const errors = changeIn(facts, 'gpu-errors', 'rise');
    const host = changeIn(facts, 'cpu', 'rise') ?? changeIn(facts, 'memory', 'rise');
    const latency = changeIn(facts, 'latency', 'rise');
    const isAlone = facts.scope.kind === 'replica';
    const down = isAlone ? changeIn(facts, 'availability', 'fall') : undefined;
    const hasHost = isMeasured(facts, 'gpu-clock') || isMeasured(facts, 'cpu');
    const isGpuCalm = !clock && !heat && !errors && isMeasured(facts, 'gpu-clock');
    return {
      arguments: argue(
        [clock !== undefined, () => `${describeChange(clock!)}: the GPU slows itself down`, STRONG],
        [heat !== undefined, () => describeChange(heat!), GOOD],
        [errors !== undefined, () => `${describeChange(errors!)}: the GPU reports errors`, STRONG],
        [
          down !== undefined && !hasHost && !crashOf(facts),
          () => `${describeChange(down!)}, and its host's metrics ended as well`,
          GOOD,
        ],
        [
          latency !== undefined && isShared(facts),
          () =>
            'all are slower at the same demand, and nothing was released or set: a thing they share',
          GOOD,
        ],
        [isAlone && host !== undefined, () => describeChange(host!), WEAK],
        [isAlone && latency !== undefined, () => 'only one replica is slow', WEAK],
        [isGpuCalm, () => 'GPU clock, temperature and errors are as before', -GOOD],
        [!isAlone, () => 'all replicas are hit, on machines of their own', -WEAK],
      ),
      mechanism: clock
        ? 'thermal throttling'
        : errors
          ? 'GPU errors'
          : isAlone && host
            ? 'starved host'
            : undefined,
      metric: (clock ?? errors ?? heat ?? host)?.metric,
    };
  },
  recommendations: [
    'Take the replica out of rotation and check the cooling, power limit and kernel log of its host',
    'Move the replica to another machine',
  ],
  prevention: [
    'Alert on GPU clock and temperature before users feel them',
    'Run a GPU health check before a replica is put into service',
  ],
};

/** All replicas suffer from nothing that was asked of them or changed in them. */
function isShared(facts: Facts): boolean {
  const isChanged = facts.recentChanges.some(({ kind }) => kind === 'release' || kind === 'config');
  return facts.scope.kind === 'service' && !isChanged && !demandRise(facts) && !noisyTenant(facts);
}
