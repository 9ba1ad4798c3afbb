import { readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { serve } from '../adapters/sources/local-server.js';
import { scratchFolder } from '../support/scratch.js';
import { FakeIncidents, violation } from './fake-incidents.js';
import { makeDetector, P95, pushAll, scrapesOf, started, times } from './make-detector.js';

/** Typed, so that nothing is `any`. */
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const START_MS = 1_700_000_000_000;
// Of a fleet of one replica, its violation is the service's.
const F = 'chat:*:request_latency_p95';

describe('a detector among broken targets', () => {
  it('goes on whatever they answer, and says of each what is wrong', async () => {
    let scrapes = 0;
    const page = (value: string) => `vllm:kv_cache_usage_perc ${value}\n`;
    const chunk = Buffer.alloc(1 << 20, 'vllm:kv_cache_usage_perc 0.5\n');
    const replicas = {
      good: await serve((_, response) => {
        scrapes += 1;
        response.end(page(`0.${scrapes % 10}`));
      }),
      garbage: await serve((_, response) => {
        response.end(Buffer.from(Array.from({ length: 5000 }, (_each, i) => (i * 197) % 256)));
      }),
      html: await serve((_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end('<!doctype html><html><body>Sign in</body></html>');
      }),
      nan: await serve((_, response) => response.end(page('NaN'))),
      huge: await serve((_, response) => {
        for (let i = 0; i < 50; i += 1) response.write(chunk);
        response.end();
      }),
      slow: await serve(() => undefined),
      endless: await serve((_, response) => {
        const timer = setInterval(() => response.write(page('0.5')), 5);
        response.on('close', () => clearInterval(timer));
      }),
      cut: await serve((_, response) => {
        response.write('vllm:kv_cache_us');
        response.socket?.destroy();
      }),
      error: await serve((_, response) => response.writeHead(500).end('no')),
      empty: await serve((_, response) => response.end()),
      gone: 'http://127.0.0.1:1/metrics',
    };
    const made = makeDetector(scratchFolder(), new FakeIncidents(), {
      thresholds: [...DEFAULT_THRESHOLDS],
      sources: [scrapesOf(replicas)],
    });
    const { detector } = await started(made);
    await vi.waitFor(
      () => {
        const asked = detector.targets().filter(({ scrapes: count }) => count >= 2);
        expect(asked).toHaveLength(Object.keys(replicas).length);
      },
      { timeout: 20_000, interval: 100 },
    );
    const before = scrapes;
    await vi.waitFor(() => expect(scrapes).toBeGreaterThan(before + 5), { timeout: 10_000 });
    const states = new Map(detector.targets().map((state) => [state.replica, state]));
    const isUp = (replica: string) => states.get(replica)?.isUp;
    expect([isUp('good'), isUp('nan')]).toEqual([true, true]);
    for (const [replica, reason] of [
      ['garbage', /not-exposition|malformed|truncated/],
      ['html', /not-exposition/],
      ['huge', /rejected/],
      ['slow', /timeout/],
      ['endless', /timeout/],
      ['cut', /unreachable/],
      ['error', /unreachable|rejected/],
      ['gone', /unreachable/],
    ] as const) {
      const state = states.get(replica);
      expect([replica, state?.isUp, state?.lastErrorReason]).toEqual([
        replica,
        false,
        expect.stringMatching(reason),
      ]);
      expect(state?.lastError).not.toBe('');
    }
    const stored = detector.store
      .rangeNow({ service: 'chat', metrics: ['kv_cache_usage_percent'], fromMs: 0, toMs: 9e15 })
      .map(({ replica }) => replica);
    expect(stored).toContain('good');
    expect(stored).not.toContain('nan');
    expect(made.problems).toEqual([]);
    expect(
      detector.coverage().find(({ threshold }) => threshold === 'kv_cache_usage_percent'),
    ).toMatchObject({
      status: 'measurable',
      text: like(/from vllm:kv_cache_usage_perc every 0.1 s \(.*good.*\), window 300 s/),
    });
  }, 40_000);
});

describe('a detector without Temporal', () => {
  it('finds violations, and catches up when it is there again', async () => {
    const incidents = new FakeIncidents();
    incidents.isDown = true;
    const nowMs = START_MS;
    const made = await started(makeDetector(scratchFolder(), incidents, { now: () => nowMs }));
    pushAll(made, START_MS - 20_000, times(20, 400));
    expect(made.events.map(({ type }) => type)).toContain('violation');
    expect(made.detector.summary().active).toHaveLength(1);
    await vi.waitFor(() => expect(made.detector.isDispatching).toBe(false));
    expect(incidents.open_.size).toBe(0);
    incidents.isDown = false;
  });

  it('starts the incident once the outage is over', async () => {
    const incidents = new FakeIncidents();
    incidents.isDown = true;
    const made = await started(makeDetector(scratchFolder(), incidents));
    pushAll(made, Date.now() - 20_000, times(20, 400));
    await vi.waitFor(() => expect(made.detector.isDispatching).toBe(false));
    incidents.isDown = false;
    await vi.waitFor(() => expect([...incidents.open_.keys()]).toEqual([F]), { timeout: 5_000 });
    expect(made.problems).toEqual([expect.stringMatching(/dispatch of .*UNAVAILABLE/)]);
  });
});

describe('a detector after a restart', () => {
  async function broken(folder: string, incidents: FakeIncidents) {
    const made = await started(makeDetector(folder, incidents, { now: () => START_MS }));
    pushAll(made, START_MS - 20_000, times(20, 400));
    await vi.waitFor(() => expect(incidents.open_.size).toBe(1));
    return made;
  }

  it('still has its open violations, and ends them when they are over', async () => {
    const folder = scratchFolder();
    const incidents = new FakeIncidents();
    await (await broken(folder, incidents)).detector.stop();
    let nowMs = START_MS + 30_000;
    const made = await started(makeDetector(folder, incidents, { now: () => nowMs }));
    expect(made.problems).toEqual([]);
    expect(made.detector.summary().active.map(({ fingerprint }) => fingerprint)).toEqual([F]);
    pushAll(made, START_MS + 30_000, times(60, 100));
    nowMs += 60_000;
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0));
    expect(incidents.story).toEqual([`start ${F}`, expect.stringMatching(/back inside its limit/)]);
  });

  it('takes the snapshot before when the last one is torn, and says so', async () => {
    const folder = scratchFolder();
    const incidents = new FakeIncidents();
    await (await broken(folder, incidents)).detector.stop();
    const second = await started(makeDetector(folder, incidents, { now: () => START_MS }));
    await second.detector.stop();
    const file = path.join(folder, 'detector.snapshot');
    truncateSync(file, readFileSync(file).length - 7);
    const made = await started(makeDetector(folder, incidents, { now: () => START_MS }));
    expect(made.problems).toEqual([expect.stringMatching(/snapshot.*checksum/)]);
    expect(made.detector.summary().active).toHaveLength(1);
    expect(incidents.story).toEqual([`start ${F}`]);
  });

  it('ends by fresh samples what it no longer remembers, not before two windows of them', async () => {
    const incidents = new FakeIncidents();
    await (await broken(scratchFolder(), incidents)).detector.stop();
    let nowMs = START_MS;
    const made = await started(makeDetector(scratchFolder(), incidents, { now: () => nowMs }));
    nowMs += 30_000;
    pushAll(made, nowMs - 20_000, times(20, 100));
    await sleep(600);
    expect(incidents.open_.size).toBe(1);
    nowMs += 20_000;
    pushAll(made, nowMs - 10_000, times(10, 100));
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0), { timeout: 5_000 });
  });

  it('ends at once what only a replica could have that the fleet has no more', async () => {
    const incidents = new FakeIncidents();
    const gone = violation({ replica: 'engine-4' });
    const there = violation({ replica: 'engine-2' });
    for (const one of [gone, there]) await incidents.observe(one);
    let nowMs = START_MS;
    const made = await started(makeDetector(scratchFolder(), incidents, { now: () => nowMs }));
    await sleep(300);
    expect(incidents.open_.size).toBe(2);
    made.detector.fleetIs('chat', new Set(['engine-1', 'engine-2', 'engine-3']));
    nowMs += 16_000;
    await vi.waitFor(() => expect(incidents.open_.size).toBe(1), { timeout: 5_000 });
    expect(incidents.story.at(-1)).toBe(
      `end ${gone.fingerprint}: its replica is gone from the fleet`,
    );
  });

  it('goes on holding what others report, and ends it with its time', async () => {
    const folder = scratchFolder();
    const incidents = new FakeIncidents();
    const report = {
      key: 'api k1',
      violation: violation({ threshold: 'external-latency_breach' }),
      origin: { source: 'api', evidence: undefined, untilMs: START_MS + 60_000 },
    } as const;
    const first = await started(makeDetector(folder, incidents, { now: () => START_MS }));
    expect(await first.detector.reports.report(report)).toMatchObject({ status: 'opened' });
    expect(await first.detector.reports.report({ ...report, key: 'api k2' })).toMatchObject({
      status: 'joined',
    });
    await first.detector.stop();
    let nowMs = START_MS + 30_000;
    const made = await started(makeDetector(folder, incidents, { now: () => nowMs }));
    expect(made.detector.reports.openCount).toBe(2);
    expect(await made.detector.reports.report(report)).toMatchObject({ status: 'repeated' });
    expect(await made.detector.reports.resolve('api k1', 'well again')).toBe(
      report.violation.fingerprint,
    );
    await sleep(600);
    expect(incidents.open_.size).toBe(1);
    nowMs += 31_000;
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0), { timeout: 5_000 });
    expect(await made.detector.reports.report(report)).toMatchObject({ status: 'ended' });
    expect(incidents.story.filter((line) => line.startsWith('start'))).toHaveLength(1);
  });

  it('leaves what moved to another detector since to that one', async () => {
    const folder = scratchFolder();
    const incidents = new FakeIncidents();
    const reported = violation({ threshold: 'external-latency_breach' });
    const first = await broken(folder, incidents);
    await first.detector.reports.report({
      ...{ key: 'api k1', violation: reported },
      origin: { source: 'api', evidence: undefined, untilMs: Date.now() + 60_000 },
    });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(2));
    await first.detector.stop();
    const isOwn = (service: string) => service !== 'chat';
    const made = await started(makeDetector(folder, incidents, { isOwn, services: ['search'] }));
    await sleep(600);
    expect(made.detector.summary().active).toEqual([]);
    expect(made.detector.held()).toEqual({ held: [], paged: [] });
    expect([...incidents.open_.keys()]).toEqual([F, reported.fingerprint]);
    expect(incidents.story).toHaveLength(2);
  });

  it('starts without the files that it can’t read, and says so', async () => {
    const folder = scratchFolder();
    const { writeFileSync } = await import('node:fs');
    for (const name of ['thresholds.json', 'reports.json', 'detector.snapshot']) {
      writeFileSync(path.join(folder, name), '{"version":');
    }
    const made = await started(makeDetector(folder, new FakeIncidents()));
    expect(made.problems).toHaveLength(3);
    expect(made.detector.thresholds.current).toEqual([P95]);
  });
});

describe('thresholds while it runs', () => {
  it('change without losing the windows of the others', async () => {
    const incidents = new FakeIncidents();
    const folder = scratchFolder();
    const made = await started(makeDetector(folder, incidents, { now: () => START_MS }));
    pushAll(
      made,
      START_MS - 20_000,
      times(15, 400).map((value, i) => (i < 4 ? 100 : value)),
    );
    expect(made.events.filter(({ type }) => type === 'violation')).toEqual([]);
    const { thresholds } = made.detector;
    const changed = await thresholds.set('p99', {
      ...{ metric: 'request_latency_p99', target: 500, tolerance: '50%', window: '5m' },
    });
    expect(changed).toEqual({ status: 'changed', names: ['p99'] });
    // Sixteen of twenty are bad with the first of these: only with the window from before.
    pushAll(made, START_MS - 5_000, times(5, 400));
    expect(made.events.filter(({ type }) => type === 'violation')).toHaveLength(1);
  });

  it('end the violations of what is removed, and refuse a list that is wrong as a whole', async () => {
    const incidents = new FakeIncidents();
    const made = await started(makeDetector(scratchFolder(), incidents, { now: () => START_MS }));
    pushAll(made, START_MS - 20_000, times(20, 400));
    await vi.waitFor(() => expect(incidents.open_.size).toBe(1));
    const { thresholds } = made.detector;
    const good = { metric: 'up', target: 1, window: '1m' };
    const refused = await thresholds.replace([
      good,
      { metric: 'up', name: 'x', target: 1, window: 7 },
    ]);
    expect(refused).toMatchObject({ status: 'refused', problems: [{ path: '[1].window' }] });
    expect(thresholds.current).toEqual([P95]);
    expect(incidents.open_.size).toBe(1);
    expect(await thresholds.replace([good])).toEqual({
      status: 'changed',
      names: ['request_latency_p95', 'up'],
    });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0));
    expect(incidents.story.at(-1)).toMatch(/removed or disabled/);
  });

  it('keep the API’s changes over a restart and a reload, until they are dropped', async () => {
    const folder = scratchFolder();
    const gate = new FakeIncidents();
    const p99 = { ...DEFAULT_THRESHOLDS[1]! };
    const first = await started(makeDetector(folder, gate, { thresholds: [P95, p99] }));
    await first.detector.thresholds.set(P95.name, {
      metric: P95.metric,
      target: 300,
      window: '30s',
    });
    await first.detector.thresholds.remove(p99.name);
    await first.detector.stop();
    const made = await started(makeDetector(folder, gate, { thresholds: [P95, p99] }));
    const { thresholds } = made.detector;
    expect(thresholds.current).toMatchObject([{ name: P95.name, target: 300, windowMs: 30_000 }]);
    expect(thresholds.view()).toMatchObject({
      changedByApi: [P95.name],
      removedByApi: [p99.name],
    });
    const added = { ...P95, name: 'added' };
    const base = [{ ...P95, target: 1 }, p99, added];
    expect(await thresholds.rebase(base, { dropChanges: false })).toEqual({
      status: 'changed',
      names: ['added'],
    });
    expect(thresholds.current.map(({ target }) => target)).toEqual([300, P95.target]);
    await thresholds.rebase(base, { dropChanges: true });
    expect(thresholds.current).toEqual(base);
  });

  it('are changed one after the other, however many ask at once', async () => {
    const made = await started(makeDetector(scratchFolder(), new FakeIncidents()));
    const { thresholds } = made.detector;
    const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
    await Promise.all(
      names.map((name) => thresholds.set(name, { metric: 'up', target: 1, window: '1m' })),
    );
    expect(thresholds.current.map(({ name }) => name)).toEqual([P95.name, ...names]);
  });
});

describe('pushed samples', () => {
  it.each([
    ['future', 120_000, 100],
    ['implausible', -1_000, -5],
    ['nonFinite', -1_000, NaN],
    ['late', -10 * 3_600_000, 100],
    [undefined, -1_000, 100],
  ])('%s: is told of a sample %d ms from now with the value %d', async (why, offsetMs, value) => {
    const made = await started(
      makeDetector(scratchFolder(), new FakeIncidents(), { now: () => START_MS }),
    );
    pushAll(made, START_MS - 5_000, [100, 100]);
    // The clock of the evaluation is that of its ticks.
    await sleep(300);
    const sample = { metric: P95.metric, service: 'chat', replica: 'e1', value };
    expect(made.detector.push({ ...sample, atMs: START_MS + offsetMs })).toBe(why);
    expect(made.detector.push({ ...sample, value: 100, atMs: START_MS - 4_000 })).toMatch(
      /duplicate|late/,
    );
  });
});
