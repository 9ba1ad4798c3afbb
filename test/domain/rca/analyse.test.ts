import { describe, expect, it } from 'vitest';
import { analyse, analysisSteps } from '../../../src/domain/rca/analyse.js';
import { postmortemOf } from '../../../src/domain/rca/postmortem.js';
import { seededRandom } from './seeded-random.js';
import { evidenceOf, FAULT_MS, FAULTS } from './synthetic-fleet.js';

const named = (name: string): (typeof FAULTS)[number] => FAULTS.find((one) => one.name === name)!;

describe('analysis of the reference fleet’s faults', () => {
  it.each(FAULTS)('$name: $category, $culprit', (fault) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const report = analyse(evidenceOf(fault, seed, fault.culprit));
      expect(report.probableCause?.kind).toBe(fault.category);
      expect(report.probableCause?.replica).toBe(fault.culprit);
      expect(Math.abs(report.onsetMs - FAULT_MS)).toBeLessThanOrEqual(20_000);
    }
  });

  it.each(FAULTS)('$name is placed even if the service as a whole is reported', (fault) => {
    for (const seed of [6, 7, 8]) {
      const report = analyse(evidenceOf(fault, seed));
      expect(report.probableCause?.kind).toBe(fault.category);
      expect(report.probableCause?.replica).toBe(fault.culprit);
    }
  });

  it.each(FAULTS)('$name is placed with 30 % of the series missing, which is told', (fault) => {
    let right = 0;
    for (const seed of [11, 12, 13, 14, 15]) {
      const random = seededRandom(seed);
      const evidence = evidenceOf(fault, seed, fault.culprit);
      const series = evidence.series.filter(() => random() >= 0.3);
      const report = analyse({ ...evidence, series });
      if (report.hypotheses[0]?.kind === fault.category) right++;
      expect(report.missing.join()).toMatch(/no samples of|violated series/);
    }
    expect(right).toBeGreaterThanOrEqual(3);
  });

  it('does not call a cache stale, or leaking, that one tenant’s requests fill', () => {
    const state = () => ({ kv: 0.93, hitsPerSecond: 60, latencyMs: 700, waiting: 4 });
    const fault = { ...named('noisy-tenant'), state };
    for (const seed of [51, 52, 53]) {
      const report = analyse(evidenceOf(fault, seed));
      expect(report.probableCause?.kind).toBe('resource-contention');
      const application = report.hypotheses.find(({ kind }) => kind === 'application');
      const said = application?.evidenceFor.map(({ text }) => text) ?? [];
      expect(said.join()).not.toMatch(/though the load/);
    }
  });

  it('blames a crash for what follows within minutes, and for nothing later', () => {
    const crashed = (atMs: number) => ({
      ...named('noisy-tenant'),
      changes: [
        {
          ...{ atMs, service: 'engine', replica: 'engine-2', kind: 'restart' as const },
          summary: 'auto-restart of engine-2: {"state":"crashed"} to {"state":"running"}',
        },
      ],
    });
    const saysCrash = (atMs: number) => {
      const { hypotheses } = analyse(evidenceOf(crashed(atMs), 61));
      const application = hypotheses.find(({ kind }) => kind === 'application');
      return application?.evidenceFor.some(({ text }) => text.includes('ended by itself')) === true;
    };
    expect(saysCrash(FAULT_MS - 20_000)).toBe(true);
    expect(saysCrash(FAULT_MS - 8 * 60_000)).toBe(false);
  });

  it('names the noisy tenant, not the release that was taken back before it', () => {
    const release = (atMs: number, summary: string) => ({
      ...{ atMs, summary, service: 'engine', replica: undefined, kind: 'release' as const },
    });
    const after = (...changes: ReturnType<typeof release>[]) =>
      analyse(evidenceOf({ ...named('noisy-tenant'), changes }, 71)).probableCause?.kind;
    const there = release(FAULT_MS - 300_000, 'release of fleet: "v1" to "v2"');
    const back = release(FAULT_MS - 120_000, 'release of fleet: "v2" to "v1"');
    expect(after(there, back)).toBe('resource-contention');
    // A third release is no return.
    const on = release(FAULT_MS - 120_000, 'release of fleet: "v2" to "v3"');
    expect(after(there, on)).not.toBe('resource-contention');
  });

  it('gives probabilities that sum to 1 with undetermined', () => {
    for (const fault of FAULTS) {
      const { hypotheses, undetermined } = analyse(evidenceOf(fault, 9));
      const sum = hypotheses.reduce((total, { probability }) => total + probability, undetermined);
      expect(sum).toBeCloseTo(1, 9);
      expect(
        hypotheses.reduce((total, { probability }) => total + probability, 0),
      ).toBeLessThanOrEqual(1);
    }
  });

  it('names nobody when nothing happened', () => {
    for (const seed of [21, 22, 23, 24, 25]) {
      const quiet = { ...named('slow-replica'), hits: [] };
      const report = analyse(evidenceOf(quiet, seed));
      expect(report.probableCause).toBeUndefined();
      expect(report.summary).toMatch(/undetermined/);
    }
  });

  it('never lists a consequence or an improvement as leading', () => {
    const report = analyse(evidenceOf(named('stale-cache'), 31));
    for (const one of report.related) {
      if (one.lagMs < -20_000) expect(['consequence', 'improvement']).toContain(one.role);
    }
    const evidence = evidenceOf(named('slow-replica'), 32);
    const better = evidence.series.map((one) =>
      one.replica === 'engine-1' && one.metric === 'request_latency_p95'
        ? { ...one, values: one.values.map((v, i) => (one.timesMs[i]! >= FAULT_MS ? v / 4 : v)) }
        : one,
    );
    const related = analyse({ ...evidence, series: better }).related.find(
      ({ replica, metric }) => replica === 'engine-1' && metric === 'request_latency_p95',
    );
    expect(related?.role).toBe('improvement');
  });

  it('reports with the history down, and says so', () => {
    const evidence = evidenceOf(named('bad-release'), 41);
    const report = analyse({ ...evidence, series: [], missing: ['metric history: unreachable'] });
    expect(report.missing).toEqual([
      'metric history: unreachable',
      'metric history: no series at all',
    ]);
    expect(report.probableCause?.kind).toBe('code-regression');
    expect(report.isConfident).toBe(false);
  });

  it('learns from what the recovery’s steps changed', () => {
    const evidence = evidenceOf(named('bad-release'), 42);
    const step = (effect: 'recovered' | 'no-effect'): number => {
      const { hypotheses } = analyse({
        ...evidence,
        steps: [
          {
            atMs: evidence.incident.openedAtMs + 60_000,
            action: 'deployment_rollback',
            replica: undefined,
            effect,
            summary: 'v1.5.0 to v1.4.0',
          },
        ],
      });
      return hypotheses.find(({ kind }) => kind === 'code-regression')!.probability;
    };
    expect(step('recovered')).toBeGreaterThan(step('no-effect'));
  });

  it('says in one sentence who, what and why', () => {
    const { summary } = analyse(evidenceOf(named('slow-replica'), 43, 'engine-2'));
    expect(summary).toMatch(
      /^engine-2: latency rose 4\.\dx at 12:5\d:\d\d while its peers stayed flat; probably thermal throttling \(engine-2: DCGM_FI_DEV_SM_CLOCK fell from 1.*to 5.*\)$/,
    );
  });

  it('survives JSON, and keeps to ten recommendations', () => {
    const report = analyse(evidenceOf(named('kv-leak'), 44));
    expect(analyse(JSON.parse(JSON.stringify(evidenceOf(named('kv-leak'), 44))) as never)).toEqual(
      report,
    );
    expect(report.recommendations.length).toBeGreaterThan(0);
    expect(report.recommendations.length).toBeLessThanOrEqual(10);
    expect(new Set(report.recommendations.map(({ id }) => id)).size).toBe(
      report.recommendations.length,
    );
  });

  it('tells how far it is', () => {
    const stages = new Set<string>();
    const steps = analysisSteps(evidenceOf(named('kv-leak'), 45));
    for (let step = steps.next(); !step.done; step = steps.next()) stages.add(step.value.stage);
    expect([...stages]).toEqual(['ranking', 'changes', 'correlation', 'judging']);
  });
});

describe('postmortem', () => {
  it('has a timeline, pictures, causes and what was missing', () => {
    const text = postmortemOf(analyse(evidenceOf(named('slow-replica'), 51, 'engine-2')));
    expect(text).toMatch(/^# Incident: request\\_latency\\_p95 of engine-2\n/);
    expect(text).toMatch(/## Timeline \(UTC\)\n\n\| Time \| What \| Detail \|/);
    expect(text).toMatch(/<svg [^>]*><title>engine-2 /);
    expect(text).toMatch(/\*\*infrastructure: \d+ %\*\* \(engine-2, thermal throttling\)/);
    expect(text).toMatch(/## Evidence that was missing\n\nNone\./);
  });

  it('lets no text of logs become markup', () => {
    const evidence = evidenceOf(named('kv-leak'), 52);
    const report = analyse({
      ...evidence,
      diagnostics: [
        {
          atMs: evidence.incident.openedAtMs,
          service: 'engine',
          replica: 'engine-1',
          kind: 'logs',
          text: 'Traceback <script>alert(1)</script> | # x',
        },
      ],
    });
    const text = postmortemOf(report);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script>');
  });
});
