import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/detector/dispatch.js';
import type { Origin } from '../../src/detector/incident-gate.js';
import type { SlaEvent } from '../../src/domain/sla/samples.js';
import type { Violation } from '../../src/domain/sla/violation.js';
import { FakeIncidents, violation } from './fake-incidents.js';

/** A detector's side: its open violations, and a clock. */
class Watch {
  nowMs = 1_000_000;
  readonly open = new Map<string, Violation>();
  readonly failures: string[] = [];
  readonly started: [string, number][] = [];
  readonly over = new Set<string>();
  /** What another detector holds open, and of what it told people. */
  readonly elsewhere = new Set<string>();
  readonly pagedElsewhere = new Set<string>();
  /** Fingerprints that are not this detector's. */
  readonly foreign = new Set<string>();
  readonly dispatcher: Dispatcher;

  constructor(readonly incidents: FakeIncidents) {
    this.dispatcher = new Dispatcher({
      gate: incidents,
      tellEveryMs: 15_000,
      reconcileEveryMs: 15_000,
      retryEveryMs: 1_000,
      now: () => this.nowMs,
      onDispatched: (v, elapsedMs) => this.started.push([v.fingerprint, elapsedMs]),
      onFailed: (error) => this.failures.push(String(error)),
      whyUnseenOver: (fingerprint) => (this.over.has(fingerprint) ? 'it is inside' : undefined),
      neighbours: {
        holds: (fingerprint) => this.elsewhere.has(fingerprint),
        hasPaged: (fingerprint) => this.pagedElsewhere.has(fingerprint),
      },
      isOwn: (fingerprint) => !this.foreign.has(fingerprint),
    });
  }

  begin(v: Violation): void {
    this.open.set(v.fingerprint, v);
    this.dispatcher.take({ type: 'violation', atMs: this.nowMs, violation: v });
  }

  raise(v: Violation): void {
    this.open.set(v.fingerprint, v);
    this.dispatcher.take({ type: 'severity', atMs: this.nowMs, violation: v, previous: 'minor' });
  }

  end(v: Violation, because: Extract<SlaEvent, { type: 'resolved' }>['because'] = 'compliant') {
    this.open.delete(v.fingerprint);
    this.dispatcher.take({ type: 'resolved', atMs: this.nowMs, violation: v, because });
  }

  silence(v: Violation, type: 'no-data' | 'data-returned'): void {
    const { metric, service, replica } = v;
    this.dispatcher.take({ type, atMs: this.nowMs, sinceMs: 0, metric, service, replica });
  }

  /** Ticks for so long, four times a second. */
  async pass(seconds: number): Promise<void> {
    await turn();
    for (let i = 0; i < seconds * 4; i += 1) {
      this.nowMs += 250;
      this.dispatcher.tick([...this.open.values()]);
      await turn();
    }
  }
}

const V = violation();
const F = V.fingerprint;
const origin = (untilMs: number): Origin => ({ source: 'api', evidence: undefined, untilMs });

describe('dispatch', () => {
  it('starts an incident in the same turn in which its violation is found', () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    expect(watch.incidents.calls).toBe(1);
  });

  it('tells one incident of an open violation every 15 s, never more', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    await watch.pass(60);
    expect(watch.incidents.story).toEqual([`start ${F}`]);
    expect(watch.incidents.open_.get(F)?.observed).toBe(5);
    expect(watch.started).toEqual([[F, 0]]);
  });

  it('tells a graver severity at once, also while a call is under way', async () => {
    const watch = new Watch(new FakeIncidents());
    let answer = () => {};
    watch.incidents.hold = new Promise((resolve) => (answer = resolve));
    watch.begin(V);
    watch.raise({ ...V, severity: 'critical' });
    answer();
    await turn();
    expect(watch.incidents.story).toEqual([`start ${F}`, 'severity critical']);
    expect(watch.incidents.mostAtOnce).toBe(1);
  });

  it('has few calls under way at once, and makes those for new incidents first', async () => {
    const watch = new Watch(new FakeIncidents());
    const known = Array.from({ length: 20 }, (_, i) => violation({ replica: `known-${i}` }));
    const fresh = Array.from({ length: 40 }, (_, i) => violation({ replica: `new-${i}` }));
    for (const one of known) watch.begin(one);
    await watch.pass(14);
    const asked: (string | undefined)[] = [];
    const observe = watch.incidents.observe.bind(watch.incidents);
    watch.incidents.observe = (one, from) => {
      asked.push(one.replica);
      return observe(one, from);
    };
    let answer = () => {};
    watch.incidents.hold = new Promise((resolve) => (answer = resolve));
    for (const one of fresh) watch.begin(one);
    // By then all that are known are due to be told again.
    await watch.pass(10);
    expect(asked).toHaveLength(8);
    answer();
    await watch.pass(5);
    expect(asked.slice(0, 40).every((replica) => replica?.startsWith('new-'))).toBe(true);
    expect(asked.slice(40, 60).every((replica) => replica?.startsWith('known-'))).toBe(true);
    expect(watch.incidents.open_.size).toBe(60);
  });

  it('ends an incident with its violation, and says why', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    await watch.pass(1);
    watch.end({ ...V, value: 199.5 });
    await watch.pass(60);
    expect(watch.incidents.open_.size).toBe(0);
    expect(watch.incidents.story[1]).toMatch(/back inside its limit: 199.5 ms, limit 250/);
  });

  it('starts it anew when the violation comes back while its end is being told', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    await watch.pass(1);
    let answer = () => {};
    watch.incidents.hold = new Promise((resolve) => (answer = resolve));
    watch.end(V);
    watch.begin(V);
    answer();
    await watch.pass(1);
    expect([...watch.incidents.open_.keys()]).toEqual([F]);
  });

  it('tells of silence once, and of the samples’ return', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    await watch.pass(1);
    watch.silence(V, 'no-data');
    await watch.pass(60);
    expect(watch.incidents.story).toEqual([`start ${F}`, `silent ${F}`]);
    expect(watch.incidents.open_.get(F)).toMatchObject({ isSilent: true, observed: 1 });
    watch.silence(V, 'data-returned');
    await turn();
    expect(watch.incidents.open_.get(F)?.isSilent).toBe(false);
    watch.silence(violation({ replica: 'e2' }), 'no-data');
    await watch.pass(1);
    expect(watch.incidents.open_.get(F)?.isSilent).toBe(false);
  });
});

describe('a violation that gets graver just before it is silent', () => {
  it('has its severity told, and then its silence', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    watch.raise({ ...V, severity: 'major' });
    watch.silence(V, 'no-data');
    await watch.pass(2);
    expect(watch.incidents.open_.get(F)).toMatchObject({ severity: 'major', isSilent: true });
  });
});

describe('dispatch in an outage', () => {
  it('catches up with what is open, ended or graver after it', async () => {
    const watch = new Watch(new FakeIncidents());
    const other = violation({ replica: 'e2' });
    watch.begin(V);
    await watch.pass(1);
    watch.incidents.isDown = true;
    watch.begin(other);
    watch.end(V);
    await watch.pass(30);
    watch.raise({ ...other, severity: 'major' });
    await watch.pass(30);
    expect(watch.dispatcher.isReachable).toBe(false);
    watch.incidents.isDown = false;
    await watch.pass(2);
    expect(watch.dispatcher.isReachable).toBe(true);
    expect([...watch.incidents.open_]).toEqual([
      [other.fingerprint, expect.objectContaining({ severity: 'major' })],
    ]);
    expect(watch.started.at(-1)?.[1]).toBeGreaterThanOrEqual(60_000);
  });

  it('tells it once, and asks no more than once a second', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.incidents.isDown = true;
    watch.begin(V);
    await watch.pass(60);
    expect(watch.failures).toHaveLength(1);
    expect(watch.incidents.calls).toBeLessThan(70);
  });

  it('leaves nothing open for what came and went meanwhile', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.incidents.isDown = true;
    watch.begin(V);
    await watch.pass(5);
    watch.end(V);
    watch.incidents.isDown = false;
    await watch.pass(20);
    expect(watch.incidents.open_.size).toBe(0);
    expect(watch.incidents.story).toEqual([]);
  });

  it('makes one incident of a call whose answer was lost', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.incidents.answersToLose = 3;
    watch.begin(V);
    await watch.pass(10);
    expect(watch.incidents.story).toEqual([`start ${F}`]);
  });
});

describe('dispatch after a restart', () => {
  it('finds its incident open, and two detectors make one of it', async () => {
    const incidents = new FakeIncidents();
    const before = new Watch(incidents);
    before.begin(V);
    await before.pass(1);
    const after = new Watch(incidents);
    const twin = new Watch(incidents);
    for (const watch of [after, twin]) watch.open.set(F, V);
    await Promise.all([after.pass(20), twin.pass(20)]);
    expect(incidents.story).toEqual([`start ${F}`]);
  });

  it('ends what is surely over though it never saw it, and nothing else', async () => {
    const incidents = new FakeIncidents();
    const other = violation({ replica: 'e2' });
    const before = new Watch(incidents);
    before.begin(V);
    before.begin(other);
    await before.pass(1);
    const after = new Watch(incidents);
    after.over.add(F);
    await after.pass(20);
    expect([...incidents.open_.keys()]).toEqual([other.fingerprint]);
    expect(incidents.story.at(-1)).toBe(`end ${F}: it is inside`);
  });
});

describe('incidents that others report', () => {
  it('are held open until let go, whatever our own samples say', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.over.add(F);
    watch.dispatcher.hold(V, origin(9e15));
    watch.silence(V, 'no-data');
    await watch.pass(60);
    expect(watch.incidents.open_.get(F)).toMatchObject({ isSilent: false, origin: origin(9e15) });
    watch.dispatcher.letGo(F, 'it is well again', watch.nowMs);
    await watch.pass(1);
    expect(watch.incidents.story).toEqual([`start ${F}`, `end ${F}: it is well again`]);
  });

  it('join our own violation: the incident ends with the last of both', async () => {
    for (const isOwnFirst of [true, false]) {
      const watch = new Watch(new FakeIncidents());
      watch.begin(V);
      watch.dispatcher.hold({ ...V, severity: 'critical' }, origin(9e15));
      await watch.pass(1);
      expect(watch.incidents.open_.get(F)?.severity).toBe('critical');
      const ends = [
        () => watch.end(V),
        () => watch.dispatcher.letGo(F, 'reported over', watch.nowMs),
      ];
      if (!isOwnFirst) ends.reverse();
      ends[0]!();
      await watch.pass(20);
      expect(watch.incidents.open_.size).toBe(1);
      ends[1]!();
      await watch.pass(1);
      expect(watch.incidents.open_.size).toBe(0);
      expect(watch.incidents.story.filter((line) => line.startsWith('start'))).toHaveLength(1);
    }
  });

  it('are not ended by a detector that knows nothing of them, until their time is over', async () => {
    const incidents = new FakeIncidents();
    const before = new Watch(incidents);
    before.dispatcher.hold(V, origin(before.nowMs + 60_000));
    await before.pass(1);
    const after = new Watch(incidents);
    after.over.add(F);
    await after.pass(45);
    expect(incidents.open_.size).toBe(1);
    await after.pass(40);
    expect(incidents.open_.size).toBe(0);
    expect(incidents.story.at(-1)).toMatch(/neither repeated nor resolved/);
  });
});

describe('whatever happens', () => {
  const step = fc.constantFrom(
    ...(['begin', 'end', 'raise', 'hold', 'letGo', 'silent', 'back'] as const),
    ...(['down', 'up', 'lose', 'pass', 'pass'] as const),
  );

  it('what is open in the end is what is violated or reported, with the gravest severity', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const watch = new Watch(new FakeIncidents());
        let isHeld = false;
        for (const what of steps) {
          const own = watch.open.get(F);
          if (what === 'begin' && own === undefined) watch.begin(V);
          if (what === 'end' && own !== undefined) watch.end(own);
          if (what === 'raise' && own !== undefined) watch.raise({ ...own, severity: 'major' });
          if (what === 'hold') watch.dispatcher.hold(V, origin(9e15));
          if (what === 'letGo') watch.dispatcher.letGo(F, 'over', watch.nowMs);
          if (what === 'hold' || what === 'letGo') isHeld = what === 'hold';
          if (what === 'silent') watch.silence(V, 'no-data');
          if (what === 'back') watch.silence(V, 'data-returned');
          if (what === 'down') watch.incidents.isDown = true;
          if (what === 'up') watch.incidents.isDown = false;
          if (what === 'lose') watch.incidents.answersToLose = 2;
          if (what === 'pass') await watch.pass(1);
        }
        watch.incidents.isDown = false;
        watch.incidents.answersToLose = 0;
        await watch.pass(20);
        const own = watch.open.get(F);
        expect(watch.incidents.open_.size).toBe(own !== undefined || isHeld ? 1 : 0);
        if (own !== undefined) expect(watch.incidents.open_.get(F)?.severity).toBe(own.severity);
        expect(watch.incidents.mostAtOnce).toBeLessThanOrEqual(1);
      }),
      { numRuns: 400 },
    ));
});

describe('several detectors of one service', () => {
  /** What each holds, as its neighbour would be told. */
  const tell = (from: Watch, to: Watch) => {
    to.elsewhere.clear();
    for (const { fingerprint } of from.dispatcher.held()) to.elsewhere.add(fingerprint);
  };

  it('make one incident, and the last that holds it ends it', async () => {
    const incidents = new FakeIncidents();
    const [first, second] = [new Watch(incidents), new Watch(incidents)];
    for (const watch of [first, second]) watch.begin(V);
    tell(first, second);
    tell(second, first);
    await Promise.all([first.pass(20), second.pass(20)]);
    first.end(V);
    tell(first, second);
    await Promise.all([first.pass(40), second.pass(40)]);
    expect(incidents.story).toEqual([`start ${F}`]);
    second.end(V);
    tell(second, first);
    await Promise.all([first.pass(40), second.pass(40)]);
    expect(incidents.story).toEqual([`start ${F}`, expect.stringMatching(/^end/)]);
    expect(first.dispatcher.standing()).toEqual([]);
  });

  it('end it when the one that held it is gone', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.begin(V);
    watch.elsewhere.add(F);
    watch.end(V);
    await watch.pass(60);
    expect(watch.incidents.open_.size).toBe(1);
    watch.elsewhere.clear();
    await watch.pass(1);
    expect(watch.incidents.open_.size).toBe(0);
  });

  it('end none that another one holds, though its end was not seen or its time has passed', async () => {
    const watch = new Watch(new FakeIncidents());
    await watch.incidents.observe(V, origin(watch.nowMs + 1_000));
    watch.over.add(F);
    watch.elsewhere.add(F);
    await watch.pass(60);
    expect(watch.incidents.open_.size).toBe(1);
  });

  it('never end an incident of a service that is another’s', async () => {
    const watch = new Watch(new FakeIncidents());
    const reported = violation({ replica: 'e2' });
    await watch.incidents.observe(V);
    await watch.incidents.observe(reported, origin(watch.nowMs + 1_000));
    for (const { fingerprint } of [V, reported]) {
      watch.over.add(fingerprint);
      watch.foreign.add(fingerprint);
    }
    await watch.pass(60);
    expect([...watch.incidents.open_.keys()]).toEqual([F, reported.fingerprint]);
  });

  it('leave the start to the one that told people, so that the incident knows of it', async () => {
    const watch = new Watch(new FakeIncidents());
    watch.pagedElsewhere.add(F);
    watch.begin(V);
    await watch.pass(5);
    expect(watch.incidents.calls).toBe(1);
    expect(watch.incidents.open_.size).toBe(0);
    watch.pagedElsewhere.clear();
    await watch.pass(1);
    expect(watch.incidents.story).toEqual([`start ${F}`]);
  });
});
