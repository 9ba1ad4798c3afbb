import http from 'node:http';
import type net from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { watch, type WatchOptions } from '../../src/commands/watch.js';
import { configFile } from './command-run.js';
import { listedIncident } from './incident-samples.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const OPEN = {
  ...listedIncident,
  ...{ id: 'incident:chat:e1:p95', runId: 'r1', state: 'recovering', outcome: null },
  ...{ severity: 'major', value: 900, limit: 250, unit: 'ms', resolvedAt: null },
  probableCause: null,
};
const LONG_AGO = { ...OPEN, id: 'old', state: 'resolved', resolvedAt: '2020-01-01T00:00:00Z' };

interface Feed {
  readonly config: string;
  /** What each connection asked with, in order. */
  readonly asked: http.IncomingHttpHeaders[];
  readonly send: (id: string, event: string, data: unknown) => void;
  /** Breaks the open connection. */
  readonly cut: () => void;
  /** Of the next answers. */
  status: number;
}

/** A server of events that are sent when a test says so. */
async function feed(): Promise<Feed> {
  const asked: http.IncomingHttpHeaders[] = [];
  let current: http.ServerResponse | undefined;
  const server = http.createServer((request, response) => {
    asked.push(request.headers);
    if (made.status !== 200) {
      response.writeHead(made.status, { 'content-type': 'application/problem+json' });
      response.end('{"detail":"not now"}');
      return;
    }
    current = response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 2000\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const made: Feed = {
    config: configFile(`server: { port: ${port} }\n`),
    asked,
    send: (id, event, data) =>
      void current?.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    cut: () => current?.destroy(),
    status: 200,
  };
  return made;
}

/** Watches until the test has finished; `out` and `err` have what was written. */
function watching(from: Feed, kinds: readonly string[] = [], options: WatchOptions = {}) {
  const ending = new AbortController();
  const written = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  const done = watch(from.config, kinds, options, ending.signal);
  onTestFinished(async () => {
    ending.abort();
    await done.catch(() => undefined);
  });
  return { written, done, stop: () => ending.abort() };
}

const until = (holds: () => void) => vi.waitFor(holds, { timeout: 20_000, interval: 20 });
const untilAsked = (from: Feed, times: number) =>
  until(() => expect(from.asked).toHaveLength(times));

describe('paramedic watch', () => {
  it('tells what is open and what changes, a line each, and nothing that was over', async () => {
    const from = await feed();
    const { written, done, stop } = watching(from);
    await untilAsked(from, 1);
    from.send('1', 'incident', LONG_AGO);
    from.send('2', 'incident', OPEN);
    from.send('3', 'incident', OPEN);
    from.send('4', 'breaker', { id: 'breaker:chat', state: 'closed', reason: null });
    from.send('5', 'breaker', { id: 'breaker:chat', state: 'open', reason: '5 failures' });
    from.send('6', 'breaker', { id: 'breaker:chat', state: 'closed', reason: null });
    from.send('7', 'mode', { mode: 'emergency', why: '1 critical', killSwitch: { isOn: false } });
    from.send('8', 'sla', { active: [1], compliancePercent: 90 });
    from.send('9', 'sla', { active: [1], compliancePercent: 89 });
    from.send('10', 'incident', { ...OPEN, state: 'awaiting-approval' });
    await until(() => expect(written.out).toContain('awaiting-approval'));
    const lines = written.out.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''))).toEqual([
      'incident  incident:chat:e1:p95: recovering (major, 900.0 ms, limit 250.0)',
      'breaker   breaker:chat: open; 5 failures',
      'breaker   breaker:chat: closed',
      'mode      emergency: 1 critical',
      'sla       1 violations open',
      'incident  incident:chat:e1:p95: awaiting-approval (major, 900.0 ms, limit 250.0)',
    ]);
    stop();
    expect(await done).toBe(0);
  });

  it('writes every event as a line of JSON for scripts, of the kinds that are asked for', async () => {
    const from = await feed();
    const { written } = watching(from, ['incident'], { json: true, state: 'recovering' });
    await untilAsked(from, 1);
    from.send('1', 'mode', { mode: 'normal' });
    from.send('2', 'incident', LONG_AGO);
    from.send('3', 'incident', OPEN);
    await until(() => expect(written.out).toContain('\n'));
    expect(JSON.parse(written.out)).toEqual({ event: 'incident', data: OPEN });
  });

  it('connects again where it was, says so, and tells nothing twice', async () => {
    vi.stubEnv('PARAMEDIC_TOKEN', 'pmt_mine');
    const from = await feed();
    const { written } = watching(from);
    await untilAsked(from, 1);
    from.send('run.7', 'incident', OPEN);
    await until(() => expect(written.out).toContain('recovering'));
    from.status = 503;
    from.cut();
    await untilAsked(from, 2);
    from.status = 200;
    await untilAsked(from, 3);
    expect(from.asked[0]).toMatchObject({ authorization: 'Bearer pmt_mine' });
    expect(from.asked[0]?.['last-event-id']).toBeUndefined();
    expect(from.asked[2]?.['last-event-id']).toBe('run.7');
    await until(() => expect(written.err).toContain('connected again'));
    from.send('run.8', 'incident', OPEN);
    from.send('run.9', 'incident', { ...OPEN, state: 'mitigated' });
    await until(() => expect(written.out).toContain('mitigated'));
    expect(written.out.trimEnd().split('\n')).toHaveLength(2);
    expect(written.err).toBe('the connection is lost; it is tried again\nconnected again\n');
  });

  it('ends where nobody answers at first, where it is refused, and for an unknown kind', async () => {
    const from = await feed();
    from.status = 401;
    await expect(watching(from).done).rejects.toThrow('not now');
    from.status = 503;
    await expect(watching(from).done).rejects.toThrow('not now');
    await expect(watching(from, ['weather']).done).rejects.toThrow('got "weather"');
  });
});
