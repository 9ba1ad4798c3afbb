import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { BreakerFeed } from '../../../src/detector/breakers/feed.js';
import { PendingOutcomes } from '../../../src/detector/breakers/pending.js';
import {
  BreakerWatch,
  type BreakerWatchOptions,
  type WatchedService,
} from '../../../src/detector/breakers/watch.js';
import { AdapterError, type ServerCounts } from '../../../src/domain/ports.js';
import { NEW_BREAKER, type Breaker } from '../../../src/domain/recovery/breaker.js';
import { NO_HOLD } from '../../../src/domain/recovery/breaker-enforcement.js';
import { BREAKER_KINDS, DEFAULT_BREAKERS } from '../../../src/domain/recovery/breaker-kinds.js';
import type { BreakerOutcome, BreakerView } from '../../../src/workflows/breaker-messages.js';
import { FakeFleet } from '../../activities/fake-fleet.js';
import { scratchFolder } from '../../support/scratch.js';

const TARGET = { service: 'chat', replica: 'engine-2' };
const ENGINE = 'aphrodite_engine';

let nowMs: number;
let fleet: FakeFleet;
let counts: Map<string, ServerCounts>;
let told: { replica: string | undefined; outcome: BreakerOutcome }[];
let texts: string[];
let isReachable: boolean;
let views: BreakerView[];
let folder: string;

beforeEach(() => {
  nowMs = 1_000_000;
  fleet = new FakeFleet(4);
  counts = new Map();
  told = [];
  texts = [];
  isReachable = true;
  views = [];
  folder = scratchFolder();
});

function service(): WatchedService {
  const port = { ...fleet.loadBalancer, counts: () => Promise.resolve([...counts.values()]) };
  const replicas = [...fleet.servers.keys()].map((name) => ({ name, server: name }));
  return { name: 'chat', replicas, loadBalancer: { port, backend: 'engines' } };
}

function make(options: Partial<BreakerWatchOptions> = {}) {
  const pending = new PendingOutcomes(path.join(folder, 'breakers.json'), (target, outcome) => {
    if (!isReachable) return Promise.reject(new AdapterError('unreachable', 'no Temporal'));
    told.push({ replica: target.replica, outcome });
    return Promise.resolve();
  });
  const services = [service()];
  const problems: string[] = [];
  const watch = new BreakerWatch({
    services,
    settings: DEFAULT_BREAKERS,
    mayAct: true,
    limits: { minHealthy: 1, maxSharePercent: 50 },
    gate: { states: () => Promise.resolve(views), stopped: () => Promise.resolve(undefined) },
    pending,
    now: () => nowMs,
    onChange: (_, kind, { status }, text) => texts.push(`${kind} ${status}: ${text}`),
    onProblem: (what) => problems.push(what),
    ...options,
  });
  const feed = new BreakerFeed(watch, services, (what) => problems.push(what));
  return { watch, feed, pending, problems };
}

const failures = (n: number) => ({ failures: n, successes: 0, detail: '5xx' });
const successes = (n: number) => ({ failures: 0, successes: n, detail: '' });
const statusOf = (watch: BreakerWatch) =>
  watch.states().find(({ target, kind }) => target.replica === 'engine-2' && kind === ENGINE)
    ?.breaker.status;
function viewOf(breaker: Breaker): BreakerView {
  const others = Object.fromEntries(BREAKER_KINDS.map((kind) => [kind, NEW_BREAKER]));
  const breakers = { ...others, [ENGINE]: breaker } as BreakerView['breakers'];
  return { ...TARGET, breakers, hold: NO_HOLD, note: '' };
}

describe('the breakers’ fast path', () => {
  it('drains with the failure that reaches the threshold, and tells what it changed', async () => {
    const { watch } = make();
    await watch.observe(TARGET, ENGINE, failures(4));
    expect([fleet.effects, told]).toEqual([[], []]);
    await watch.observe(TARGET, ENGINE, failures(1));
    expect(fleet.effects).toEqual(['admin engine-2 drain']);
    expect(told).toMatchObject([
      {
        replica: 'engine-2',
        outcome: { failures: 5, epoch: 0, hold: { isDrained: true, weight: null } },
      },
    ]);
    expect(texts).toEqual([
      'aphrodite_engine open: 5 failures: 5xx; set server engines/engine-2 state drain',
    ]);
  });

  it('reads failures from what the balancer counts, from the second read on', async () => {
    const { watch, feed } = make();
    const set = (name: string, succeeded: number, failed: number) =>
      counts.set(name, { name, succeeded, failed });
    set('engine-1', 900, 0);
    set('engine-2', 900, 300);
    await feed.read();
    set('engine-1', 920, 0);
    set('engine-2', 900, 304);
    await feed.read();
    expect(statusOf(watch)).toBe('closed');
    // The balancer was reloaded: it counts from 0.
    set('engine-2', 0, 1);
    await feed.read();
    await expect.poll(() => fleet.effects).toEqual(['admin engine-2 drain']);
  });

  it('says why it does not act: limits, autonomy, kill switch, a kind that is only told', async () => {
    const { watch } = make({ limits: { minHealthy: 4, maxSharePercent: 50 } });
    await watch.observe(TARGET, ENGINE, failures(5));
    const suggesting = make({ mayAct: false }).watch;
    await suggesting.observe(TARGET, ENGINE, failures(5));
    const gate = {
      states: () => Promise.resolve([]),
      stopped: () => Promise.resolve('all actions were stopped by ada'),
    };
    const stopped = make({ gate }).watch;
    await stopped.sync();
    await stopped.observe(TARGET, ENGINE, failures(5));
    await make().watch.observe(TARGET, 'kv_cache', failures(7));
    expect(fleet.effects).toEqual([]);
    expect(told.map(({ outcome }) => outcome.hold)).toEqual(Array(4).fill(undefined));
    expect(texts.map((text) => text.split('not drained: ')[1])).toEqual([
      'only 3 healthy servers would remain, at least 4 must',
      'the autonomy of circuit_breaker_open is not auto',
      'all actions were stopped by ada',
      'kv_cache is told, not enforced',
    ]);
  });

  it('never takes out two at once where only one may be', async () => {
    const { watch } = make({ limits: { minHealthy: 3, maxSharePercent: 50 } });
    await Promise.all([
      watch.observe(TARGET, ENGINE, failures(5)),
      watch.observe({ ...TARGET, replica: 'engine-3' }, ENGINE, failures(5)),
    ]);
    expect(fleet.effects).toEqual(['admin engine-2 drain']);
    expect(texts[1]).toContain('only 2 healthy servers would remain');
  });

  it('drains without Temporal, and what it owes outlives it', async () => {
    isReachable = false;
    const { watch, pending, problems } = make();
    await watch.observe(TARGET, ENGINE, failures(5));
    expect(fleet.effects).toEqual(['admin engine-2 drain']);
    expect(problems).toEqual(['opening the breaker of engine-2']);
    await expect(pending.retry()).rejects.toThrow('no Temporal');
    // The detector dies here; the next one finds on the disk what is owed.
    const next = make().pending;
    await next.restore();
    isReachable = true;
    await next.retry();
    expect(told).toMatchObject([{ outcome: { atMs: 1_000_000, hold: { isDrained: true } } }]);
    const third = make().pending;
    await third.restore();
    expect(third.count).toBe(0);
  });

  it('tells outcomes of a trial, drains at its first failure, and gives nothing back itself', async () => {
    const { watch } = make();
    await watch.observe(TARGET, ENGINE, failures(5));
    nowMs += 60_000;
    fleet.order('engine-2', { admin: 'ready', weight: 10 });
    await watch.observe(TARGET, ENGINE, successes(2));
    expect(statusOf(watch)).toBe('half-open');
    await watch.observe(TARGET, ENGINE, failures(1));
    expect(fleet.effects).toEqual(['admin engine-2 drain', 'admin engine-2 drain']);
    nowMs += 60_000;
    await watch.observe(TARGET, ENGINE, successes(3));
    expect(statusOf(watch)).toBe('closed');
    expect(fleet.effects).toHaveLength(2);
    expect(told.map(({ outcome: o }) => [o.epoch, o.failures, o.successes])).toEqual([
      [0, 5, 0],
      [2, 0, 2],
      [2, 1, 0],
      [4, 0, 3],
    ]);
  });

  it('takes the workflow’s word, but not an older one while its own is on the way', async () => {
    const { watch } = make();
    views = [viewOf(NEW_BREAKER)];
    await watch.observe(TARGET, ENGINE, failures(5));
    await watch.sync();
    expect(statusOf(watch)).toBe('open');
    nowMs += 5_000;
    await watch.sync();
    expect(statusOf(watch)).toBe('closed');
    const common = { ...NEW_BREAKER, epoch: 7, sinceMs: 1, reason: 'bad GPU', by: 'ada' };
    views = [viewOf({ ...common, status: 'isolated', openedAtMs: 1 })];
    await watch.sync();
    expect(statusOf(watch)).toBe('isolated');
    await watch.observe(TARGET, ENGINE, failures(50));
    expect(fleet.effects).toEqual(['admin engine-2 drain']);
  });

  it('opens a service’s breaker by the failures of all its replicas, in name here', async () => {
    const { watch } = make();
    const chat = { service: 'chat', replica: undefined };
    await watch.observe(chat, ENGINE, failures(19));
    expect(told).toEqual([]);
    await watch.observe(chat, ENGINE, failures(1));
    expect(told).toMatchObject([{ replica: undefined, outcome: { failures: 20 } }]);
    expect(told[0]?.outcome.settings?.failureThreshold).toBe(20);
    expect(fleet.effects).toEqual([]);
  });
});
