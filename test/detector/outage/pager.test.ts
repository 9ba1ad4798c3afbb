import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OutagePager, type OutagePagerOptions } from '../../../src/detector/outage/pager.js';
import type { OutageChannel } from '../../../src/detector/outage/delivery.js';
import type { Standing } from '../../../src/detector/dispatch.js';
import { NOTIFICATION_KINDS, type Notification } from '../../../src/domain/notification.js';
import { AdapterError } from '../../../src/domain/ports.js';
import type { Silence } from '../../../src/domain/monitor/silence.js';
import type { Severity } from '../../../src/domain/sla/severity.js';
import type { Violation } from '../../../src/domain/sla/violation.js';
import { QUIET } from '../../support/alerting.js';
import { scratchFolder } from '../../support/scratch.js';
import { slowReplica } from '../../workflows/fake-world.js';

let nowMs: number;
let folder: string;
let arrived: { channel: string; notification: Notification; mayHaveArrived: boolean }[];
let failing: Map<string, AdapterError>;
beforeEach(() => {
  nowMs = 1_700_000_000_000;
  folder = scratchFolder();
  arrived = [];
  failing = new Map();
});

function channel(name: string, fallback?: string): [string, OutageChannel] {
  const notifier: OutageChannel['notifier'] = {
    kind: 'test',
    deliver: (notification, { mayHaveArrived }) => {
      const error = failing.get(name);
      if (error !== undefined) return Promise.reject(error);
      arrived.push({ channel: name, notification, mayHaveArrived });
      return Promise.resolve({ ref: `${name}-ref` });
    },
    close: () => Promise.resolve(),
  };
  return [name, { notifier, kinds: NOTIFICATION_KINDS, fallback, fallbackAfterMs: 10_000 }];
}

const LEVELS = [
  { afterMs: 0, channels: ['chat'] },
  { afterMs: 60_000, channels: ['pager'] },
];
function make(options: Partial<OutagePagerOptions> = {}) {
  const problems: string[] = [];
  const pager = new OutagePager({
    channels: new Map([channel('chat'), channel('pager', 'mail'), channel('mail')]),
    policy: QUIET.policy,
    escalation: { levels: LEVELS, from: 'major' },
    ...{ publicUrl: 'http://127.0.0.1:2242', afterMs: 30_000, now: () => nowMs },
    file: path.join(folder, 'pages.json'),
    known: () => ({ mode: 'normal', maintenance: undefined, silences: [] }),
    onPage: () => undefined,
    onProblem: (what) => problems.push(what),
    ...options,
  });
  /** Lets time pass in steps of a second, with the same violations open. */
  const pass = async (seconds: number, standing: readonly Standing[], isReachable = false) => {
    for (let second = 0; second < seconds; second += 1) {
      nowMs += 1_000;
      pager.tick(standing, isReachable);
      // The file is written, and what was sent is there, a few turns later.
      for (let turn = 0; turn < 3; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    }
  };
  return { pager, pass, problems };
}

const violation = (replica = 'engine-2', severity: Severity = 'major'): Violation =>
  slowReplica({
    ...{ replica, severity, fingerprint: `chat:${replica}:request_latency_p95` },
    ...{ startedAtMs: 1_699_999_990_000, detectedAtMs: 1_700_000_000_000 },
  });
const fresh = (...of: Parameters<typeof violation>): Standing => ({
  violation: violation(...of),
  toldSeverity: undefined,
});
const said = () =>
  arrived.map(({ channel: name, notification: { kind, title } }) => [name, kind, title]);

describe('paging while Temporal is away', () => {
  it('begins when that has lasted, once, with the key that the incident would have used', async () => {
    const { pager, pass } = make();
    await pass(29, [fresh()]);
    expect(arrived).toEqual([]);
    await pass(20, [fresh()]);
    expect(said()).toEqual([
      ['chat', 'trigger', 'Major violation: request_latency_p95 of chat/engine-2'],
    ]);
    const [one] = arrived;
    expect(one?.notification).toMatchObject({
      dedupKey: 'incident:chat:engine-2:request_latency_p95@1699999990000',
      incidentId: 'incident:chat:engine-2:request_latency_p95',
      actions: [],
    });
    expect(one?.notification.text).toContain(
      'Temporal has not answered since 2023-11-14T22:13:21Z',
    );
    expect(one?.notification.text).not.toContain('To stop it');
    expect(pager.pagedOf('chat:engine-2:request_latency_p95')).toMatchObject({
      ...{ channels: ['chat'], level: 0, severity: 'major' },
      dedupKey: 'incident:chat:engine-2:request_latency_p95@1699999990000',
      deliveries: [{ channel: 'chat', state: 'delivered', ref: 'chat-ref' }],
    });
  });

  it('is left to another detector of the service while that is there, and is gone on with after', async () => {
    let leads = false;
    const { pager, pass } = make({ leads: () => leads });
    await pass(40, [fresh()]);
    expect(arrived).toEqual([]);
    expect(pager.notHandedOver()).toEqual([]);
    leads = true;
    await pass(10, [fresh()]);
    expect(said()).toHaveLength(1);
    expect(pager.notHandedOver()).toEqual(['chat:engine-2:request_latency_p95']);
    // What was begun here is ended here, whoever leads by then.
    leads = false;
    await pass(10, []);
    expect(said().map(([, kind]) => kind)).toEqual(['trigger', 'resolve']);
    expect(pager.notHandedOver()).toEqual([]);
  });

  it('says nothing of what an incident knows, unless it has become graver', async () => {
    const { pager, pass } = make();
    await pass(60, [{ violation: violation(), toldSeverity: 'major' }]);
    expect(arrived).toEqual([]);
    await pass(2, [{ violation: violation('engine-2', 'critical'), toldSeverity: 'major' }]);
    expect(said()).toEqual([
      ['chat', 'trigger', 'Now critical: request_latency_p95 of chat/engine-2'],
      ['pager', 'trigger', 'Now critical: request_latency_p95 of chat/engine-2'],
    ]);
    expect(pager.pagedOf('chat:engine-2:request_latency_p95')).toMatchObject({ level: 1 });
  });

  it('climbs while nobody can acknowledge, until the incident takes over', async () => {
    const { pager, pass } = make();
    await pass(95, [fresh()]);
    expect(said()).toEqual([
      ['chat', 'trigger', 'Major violation: request_latency_p95 of chat/engine-2'],
      ['chat', 'trigger', 'Not acknowledged, level 2: request_latency_p95 of chat/engine-2'],
      ['pager', 'trigger', 'Not acknowledged, level 2: request_latency_p95 of chat/engine-2'],
    ]);
    const fingerprint = 'chat:engine-2:request_latency_p95';
    const paged = pager.pagedOf(fingerprint);
    if (paged === undefined) throw new Error('nothing was paged');
    pager.handedOver(fingerprint, paged);
    expect(pager.pagedOf(fingerprint)).toBeUndefined();
    // Away again, and over: both are its incident's to tell.
    await pass(200, [{ violation: violation(), toldSeverity: 'major' }]);
    await pass(5, []);
    expect(arrived).toHaveLength(3);
  });

  it('says that it is over where no incident was ever opened', async () => {
    const { pager, pass } = make();
    await pass(35, [fresh()]);
    await pass(2, []);
    expect(said()[1]).toEqual([
      'chat',
      'resolve',
      'Resolved: request_latency_p95 of chat/engine-2',
    ]);
    expect(pager.pagedOf('chat:engine-2:request_latency_p95')).toBeUndefined();
  });

  it('keeps to maintenance, silences and groups as they were last known', async () => {
    let maintenance: ReturnType<OutagePagerOptions['known']>['maintenance'] = {
      ...{ sinceMs: nowMs, untilMs: nowMs + 60_000, by: 'ada', reason: 'kernels' },
      window: undefined,
    };
    const silence: Silence = {
      ...{ id: 's', owner: 'ada', reason: 'known', startsAtMs: 0, endsAtMs: nowMs + 3_600_000 },
      matchers: [{ name: 'replica', op: '=', value: 'engine-3' }],
    };
    const { pass } = make({
      policy: { ...QUIET.policy, grouping: { withinMs: 600_000, everyMs: 10_000 } },
      known: () => ({ mode: 'normal', maintenance, silences: [silence] }),
    });
    await pass(50, [fresh(), fresh('engine-3')]);
    expect(arrived).toEqual([]);
    maintenance = undefined;
    await pass(6, [fresh(), fresh('engine-3')]);
    await pass(20, [fresh(), fresh('engine-3'), fresh('engine-1')]);
    expect(said()).toEqual([
      ['chat', 'trigger', 'Major violation: request_latency_p95 of chat/engine-2'],
      ['chat', 'update', '1 more incident of chat'],
    ]);
  });

  it('tries again what fails, then its fallback, and holds up no other channel', async () => {
    const { pass, problems } = make();
    failing.set('pager', new AdapterError('timeout', 'no answer'));
    await pass(31, [fresh('engine-2', 'critical')]);
    expect(said().map(([name]) => name)).toEqual(['chat']);
    await pass(20, [fresh('engine-2', 'critical')]);
    expect(said().map(([name]) => name)).toEqual(['chat', 'mail']);
    expect(new Set(problems)).toEqual(new Set(['paging pager']));
  });

  it('goes on after a restart: what was told is not told again, what was not is', async () => {
    failing.set('chat', new AdapterError('unreachable', 'refused'));
    const { pass } = make();
    await pass(33, [fresh()]);
    failing.clear();
    const next = make();
    await next.pager.restore();
    await next.pass(40, [fresh()]);
    expect(said()).toEqual([
      ['chat', 'trigger', 'Major violation: request_latency_p95 of chat/engine-2'],
    ]);
    expect(arrived[0]?.mayHaveArrived).toBe(true);
  });
});
