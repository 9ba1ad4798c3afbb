import { describeChange } from '../describe-change.js';
import { changeIn, crashOf, demandRise, isMeasured, levelIn, type Facts } from '../facts.js';
import type { SignalChange } from '../signal-change.js';
import { biggerRequests, noisyTenant } from '../tenants.js';
import { stepArguments } from './step-arguments.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** After three minutes a release has shown what it does, and a fault is one of running. */
const RELEASE_MS = 3 * 60_000;

const TRACE = /traceback|exception|assert|segfault|out of memory|cuda error|deadlock/i;

/** The engine process itself: it errs, hangs, leaks, or its cache went stale, without a new release. */
export const application: Hypothesis = {
  kind: 'application',
  title: 'a fault inside the serving process',
  assess(facts) {
    const errors = changeIn(facts, 'errors', 'rise');
    const { hung, busy } = hangOf(facts);
    const kv = changeIn(facts, 'kv-usage', 'rise');
    const hits = fewerHits(facts);
    const load = demandRise(facts);
    const clock = changeIn(facts, 'gpu-clock', 'fall') ?? changeIn(facts, 'gpu-errors', 'rise');
    const isAlone = facts.scope.kind === 'replica';
    const crash = crashOf(facts);
    const { down, isServed } = outageOf(facts);
    const release = facts.recentChanges.find(
      ({ kind, atMs }) => kind === 'release' && facts.onsetMs - atMs <= RELEASE_MS,
    );
    const trace = facts.evidence.diagnostics.find(
      ({ text, kind }) => kind === 'logs' && TRACE.test(text),
    );
    // More requests at once need more cache: that is no leak, nor is what a slow or hung engine holds.
    const running = changeIn(facts, 'running', 'rise');
    // So do other requests than before, and what is new to a prefix cache is no hit.
    const isOtherWork = noisyTenant(facts) !== undefined || biggerRequests(facts) !== undefined;
    const isSameWork = !load && !isOtherWork;
    const isLeak = kv !== undefined && isSameWork && !running && !hung && !clock;
    const isStale = hits !== undefined && isSameWork;
    // Errors of a process that is gone are its absence's.
    const isErring = errors !== undefined && !down && !crash;
    return {
      arguments: [
        ...argue(
          [
            hung !== undefined,
            () => `${describeChange(hung!)}${busy ? ' while requests wait in it' : ''}: it hangs`,
            STRONG,
          ],
          [crash !== undefined, () => `its process ended by itself: ${crash!.summary}`, STRONG],
          [
            down !== undefined && isAlone && !crash && hasHost(facts),
            () => `${describeChange(down!)}, though its host and GPU go on`,
            STRONG,
          ],
          [isServed, () => 'its users are served as before: only probes and metrics fail', GOOD],
          [isErring && isAlone, () => `${describeChange(errors!)}, alone`, STRONG],
          [isErring && !isAlone, () => describeChange(errors!), WEAK],
          [isLeak, () => `${describeChange(kv!)} though the load did not`, STRONG],
          [isStale, () => `${describeChange(hits!)} though the load is the same`, STRONG],
          [trace !== undefined, () => `its ${trace!.kind} show a fault`, GOOD],
          [isAlone, () => 'its peers run the same release and are well', WEAK],
          [release !== undefined, () => `a release came before: ${release!.summary}`, -GOOD],
          [load !== undefined, () => `the load rose: ${describeChange(load!)}`, -GOOD],
          [clock !== undefined, () => `the hardware shows it: ${describeChange(clock!)}`, -STRONG],
        ),
        ...stepArguments(facts, {
          restart_service: GOOD,
          cache_invalidation: GOOD,
          circuit_breaker_open: WEAK,
        }),
      ],
      mechanism: crash
        ? 'crashed process'
        : isServed
          ? 'metrics endpoint that does not answer'
          : down
            ? 'process that does not answer'
            : hung
              ? 'hung engine core'
              : errors
                ? 'failing requests'
                : hits
                  ? 'stale prefix cache'
                  : isLeak
                    ? 'KV cache leak'
                    : undefined,
      metric: (down ?? hung ?? errors ?? (isStale ? hits : undefined) ?? (isLeak ? kv : undefined))
        ?.metric,
    };
  },
  recommendations: [
    'Restart the replica after its logs, stacks and metrics have been saved',
    'File the saved state with the engine maintainers',
  ],
  prevention: [
    'Probe with a one-token completion, not with /health alone',
    'Alert on KV use that grows while the load does not, and on a falling prefix hit rate',
  ],
};

/** Whether requests are held and nothing comes out: what is drained makes no tokens either. */
function hangOf(facts: Facts): { hung: SignalChange | undefined; busy: boolean } {
  const busy = (levelIn(facts, 'running') ?? 0) > 0 || (levelIn(facts, 'queue') ?? 0) > 0;
  const stalled = changeIn(facts, 'stall', 'rise');
  const tokens = changeIn(facts, 'throughput', 'fall');
  const isSilent = tokens !== undefined && tokens.after < 0.1 * tokens.before && busy;
  return { hung: isSilent ? tokens : stalled, busy };
}

/** A share of hits tells of the cache; hits per second also fall with the load, and count only without it. */
function fewerHits(facts: Facts): SignalChange | undefined {
  const isShare = ({ metric }: SignalChange): boolean => /percent|ratio|hit_rate/.test(metric);
  return changeIn(facts, 'prefix-hits', 'fall', isShare) ?? fewerHitsPerSecond(facts, isShare);
}

function fewerHitsPerSecond(
  facts: Facts,
  isShare: (change: SignalChange) => boolean,
): SignalChange | undefined {
  const hasShare = facts.changes.some((one) => one.signal === 'prefix-hits' && isShare(one));
  return hasShare ? undefined : changeIn(facts, 'prefix-hits', 'fall');
}

/** Whether the replica is gone for its probes, and whether its users noticed. */
function outageOf(facts: Facts): { down: SignalChange | undefined; isServed: boolean } {
  const { scope } = facts;
  const down = scope.kind === 'replica' ? changeIn(facts, 'availability', 'fall') : undefined;
  const latency = changeIn(facts, 'latency', 'rise') ?? changeIn(facts, 'errors', 'rise');
  const isServed = down !== undefined && !latency && (levelIn(facts, 'load') ?? 0) > 0;
  return { down, isServed };
}

/** Whether its host's or GPU's exporters still tell of it. */
function hasHost(facts: Facts): boolean {
  return (['gpu-clock', 'gpu-temperature', 'cpu', 'memory'] as const).some((signal) =>
    isMeasured(facts, signal),
  );
}
