import { describeChange } from '../describe-change.js';
import { changeAnywhere, changeIn } from '../facts.js';
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
    const tokens = changeIn(facts, 'throughput', 'fall');
    const busy = changeIn(facts, 'queue', 'rise') ?? changeIn(facts, 'running', 'rise');
    const isHung = tokens !== undefined && tokens.after < 0.1 * tokens.before;
    const kv = changeIn(facts, 'kv-usage', 'rise');
    const hits = changeIn(facts, 'prefix-hits', 'fall');
    const load =
      changeAnywhere(facts, 'load', 'rise') ?? changeAnywhere(facts, 'tenant-load', 'rise');
    const clock = changeIn(facts, 'gpu-clock', 'fall') ?? changeIn(facts, 'gpu-errors', 'rise');
    const isAlone = facts.scope.kind === 'replica';
    const release = facts.recentChanges.find(
      ({ kind, atMs }) => kind === 'release' && facts.onsetMs - atMs <= RELEASE_MS,
    );
    const trace = facts.evidence.diagnostics.find(({ text }) => TRACE.test(text));
    // More requests at once need more cache: that is no leak, nor is what a slow or hung engine holds.
    const running = changeIn(facts, 'running', 'rise');
    const isLeak = kv !== undefined && !load && !running && !isHung && !clock;
    return {
      arguments: [
        ...argue(
          [
            isHung,
            () => `${describeChange(tokens!)}${busy ? ' while requests wait in it' : ''}: it hangs`,
            STRONG,
          ],
          [errors !== undefined && isAlone, () => `${describeChange(errors!)}, alone`, STRONG],
          [errors !== undefined && !isAlone, () => describeChange(errors!), WEAK],
          [isLeak, () => `${describeChange(kv!)} though the load did not`, STRONG],
          [
            hits !== undefined && !load,
            () => `${describeChange(hits!)} though the load is the same`,
            STRONG,
          ],
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
      mechanism: isHung
        ? 'hung engine core'
        : errors
          ? 'failing requests'
          : hits
            ? 'stale prefix cache'
            : isLeak
              ? 'KV cache leak'
              : undefined,
      metric: (isHung ? tokens : (errors ?? hits ?? (isLeak ? kv : undefined)))?.metric,
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
