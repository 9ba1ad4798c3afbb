import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Polled, Poller } from '../../src/adapters/sources/source.js';
import { ScrapeLoop } from '../../src/detector/scrape-loop.js';
import { target } from './scrapes.js';

const answer: Polled = { kind: 'samples', samples: [], bytes: 1 };

function poller(id: string, poll: (atMs: number) => Promise<Polled>): Poller {
  return { kind: 'samples', target: target({ id }), poll };
}

/** Answers after so many ms of the fake clock. */
const after = (ms: number) => () =>
  new Promise<Polled>((resolve) => setTimeout(() => resolve(answer), ms));

function loopOf(pollers: readonly Poller[], maxConcurrent = 100, maxConcurrentFailing = 100) {
  const polled: [id: string, atMs: number][] = [];
  const loop = new ScrapeLoop({
    maxConcurrent,
    maxConcurrentFailing,
    onPolled: ({ id }, _, atMs) => polled.push([id, atMs]),
    onFailed: () => undefined,
  });
  for (const each of pollers) loop.add(each);
  const state = (id: string) => loop.states().find((each) => each.id === id)!;
  return { loop, polled, state };
}

describe('scrape loop', () => {
  beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => vi.useRealTimers());

  it('polls each target once a period, spread over it', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const { loop, polled } = loopOf(ids.map((id) => poller(id, after(1))));
    loop.start();
    await vi.advanceTimersByTimeAsync(9_999);
    for (const id of ids) expect(polled.filter(([name]) => name === id)).toHaveLength(10);
    // No tenth of the period holds more than twice its share of the 50.
    const offsets = polled.map(([, atMs]) => Math.floor((atMs % 1000) / 100));
    for (let tenth = 0; tenth < 10; tenth += 1) {
      expect(offsets.filter((offset) => offset === tenth).length).toBeLessThanOrEqual(100);
    }
    void loop.stop();
  });

  it('never polls a target twice at a time, counts the turns missed and keeps the rhythm', async () => {
    const { loop, polled, state } = loopOf([poller('slow', after(2500))]);
    loop.start();
    await vi.advanceTimersByTimeAsync(9_400);
    expect(polled.map(([, atMs]) => (atMs - 1_000_000) / 1000)).toEqual([0, 3, 6]);
    expect(state('slow')).toMatchObject({ skipped: 6, scrapes: 3, maxLateMs: 0 });
    void loop.stop();
  });

  it('keeps to its limit, and is late rather than above it', async () => {
    let running = 0;
    let most = 0;
    const work = async (): Promise<Polled> => {
      most = Math.max(most, ++running);
      const result = await after(300)();
      running -= 1;
      return result;
    };
    const { loop, state } = loopOf(
      Array.from({ length: 20 }, (_, i) => poller(`t${i}`, work)),
      7,
    );
    loop.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(most).toBe(7);
    // 20 polls of 300 ms a second are 6 at a time: all fit in.
    for (let i = 0; i < 20; i += 1) expect(state(`t${i}`).maxLateMs).toBeLessThan(1000);
    void loop.stop();
  });

  it('does not let targets that hang delay those that answer', async () => {
    const hang = () =>
      new Promise<Polled>((_, reject) => setTimeout(() => reject(new Error('timeout')), 950));
    const good = Array.from({ length: 20 }, (_, i) => poller(`good${i}`, after(10)));
    const bad = Array.from({ length: 30 }, (_, i) => poller(`bad${i}`, hang));
    const { loop, state } = loopOf([...bad, ...good], 30, 5);
    loop.start();
    await vi.advanceTimersByTimeAsync(30_000);
    for (let i = 0; i < 20; i += 1) {
      expect(state(`good${i}`)).toMatchObject({ failures: 0, skipped: 0 });
      expect(state(`good${i}`).maxLateMs).toBeLessThan(1000);
      expect(state(`good${i}`).scrapes).toBeGreaterThanOrEqual(29);
    }
    expect(state('bad0')).toMatchObject({ isUp: false, lastError: 'timeout' });
    void loop.stop();
  });

  it('shows what it knows of a target, and that it recovered', async () => {
    let fails = true;
    const { loop, state } = loopOf([
      poller('a', () => (fails ? Promise.reject(new Error('no')) : Promise.resolve(answer))),
    ]);
    expect(state('a')).toMatchObject({ isUp: undefined, lastScrapeAtMs: undefined });
    loop.start();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(state('a')).toMatchObject({
      isUp: false,
      failuresInRow: 2,
      lastErrorReason: 'internal',
    });
    fails = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state('a')).toMatchObject({ isUp: true, failuresInRow: 0, failures: 2, bytes: 1 });
    void loop.stop();
  });

  it('survives a consumer that throws', async () => {
    const loop = new ScrapeLoop({
      maxConcurrent: 1,
      maxConcurrentFailing: 1,
      onPolled: () => {
        throw new Error('consumer');
      },
      onFailed: () => undefined,
    });
    loop.add(poller('a', after(1)));
    loop.start();
    await vi.advanceTimersByTimeAsync(3_500);
    expect(loop.states()[0]).toMatchObject({ scrapes: 4, failures: 4, lastError: 'consumer' });
    void loop.stop();
  });

  it('takes targets on and drops them while it runs', async () => {
    const { loop, polled } = loopOf([poller('a', after(1)), poller('b', after(600))]);
    expect(() => loop.add(poller('a', after(1)))).toThrow(RangeError);
    loop.start();
    await vi.advanceTimersByTimeAsync(700);
    expect(loop.remove('b')).toBe(true);
    expect(loop.remove('b')).toBe(false);
    loop.add(poller('c', after(1)));
    await vi.advanceTimersByTimeAsync(2_000);
    const ids = polled.map(([id]) => id);
    // The poll of b that was under way is not heard.
    expect(ids).not.toContain('b');
    expect(ids).toContain('c');
    void loop.stop();
  });

  it('does not catch up in a burst after the process stood still', async () => {
    const { loop, polled } = loopOf([poller('a', after(1))]);
    loop.start();
    await vi.advanceTimersByTimeAsync(1_500);
    const before = polled.length;
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(polled.length - before).toBeLessThanOrEqual(2);
    void loop.stop();
  });

  it('stops when the last poll has ended', async () => {
    const { loop, polled } = loopOf([poller('a', after(400))]);
    loop.start();
    await vi.advanceTimersByTimeAsync(100);
    let isStopped = false;
    const stopped = loop.stop().then(() => (isStopped = true));
    await vi.advanceTimersByTimeAsync(100);
    expect(isStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(300);
    await stopped;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(polled).toEqual([]);
  });
});
