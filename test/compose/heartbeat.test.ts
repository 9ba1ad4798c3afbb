import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHeartbeatActivities } from '../../src/activities/heartbeat.js';
import { createHeartbeat, problemOf } from '../../src/compose/heartbeat.js';
import { parseConfig } from '../../src/config/load.js';
import type { DetectorStatus } from '../../src/server/detector-client.js';
import { createTelemetry } from '../../src/telemetry.js';
import { startHttpServer, type Answer } from '../adapters/actuators/http-server.js';
import { secretsInEnv } from '../adapters/notifiers/secrets.js';

const NOW_MS = 1_700_000_000_000;
const status = (over: Partial<DetectorStatus> = {}, lastScrapeAtMs = NOW_MS - 1_000) =>
  ({ isDispatching: true, targets: [{ lastScrapeAtMs }], ...over }) as unknown as DetectorStatus;

describe('problemOf', () => {
  it.each([
    ['all works', status(), undefined],
    ['nothing was dispatched yet', status({ isDispatching: undefined }), undefined],
    ['nothing is to be scraped', status({ targets: [] }), undefined],
    ['the detector is away', undefined, 'the detector does not answer'],
    ['dispatch fails', status({ isDispatching: false }), 'incidents do not reach Temporal'],
    ['scrapes stand still', status({}, NOW_MS - 31_000), 'nothing was scraped for 30 s'],
  ])('tells when %s', (_, given, expected) => {
    expect(problemOf(given, 5_000, NOW_MS)).toBe(expected);
  });
});

describe('a beat', () => {
  async function beaten(detector: () => Answer, answer: Answer, sharded?: object) {
    const calls = await startHttpServer(() => answer);
    const internal = await startHttpServer(detector);
    const { url } = secretsInEnv({ url: `${calls.url}/ping/secret` });
    const port = Number(new URL(internal.url).port);
    const services = ['chat', 'search', 'embed', 'rerank'].map((name) => ({
      ...{ name, replicas: [{ name: 'r1', url: 'http://127.0.0.1:1' }] },
    }));
    const text = JSON.stringify({
      ...{ heartbeat: { url, period: '7s' }, services },
      // Nobody listens on port 1: of two detectors that one is away.
      detector: sharded === undefined ? { port } : { shards: [{ port: 1 }, { port }], ...sharded },
    });
    const telemetry = createTelemetry({ role: 'worker', version: '0' });
    onTestFinished(() => telemetry.close());
    const lines: string[] = [];
    const log = pino({}, { write: (line) => void lines.push(line) });
    const config = parseConfig(text, 'test.yaml', {});
    const activities = createHeartbeatActivities(createHeartbeat(config, telemetry.notify, log));
    const result = await activities.beat();
    const counted = /^paramedic_heartbeats_total\{result="(\w+)"\} 1$/m.exec(telemetry.expose());
    return { result, counted: counted?.[1], pings: calls.seen.length, lines: lines.join('') };
  }
  const well = (): Answer => [
    200,
    { isDispatching: true, targets: [{ lastScrapeAtMs: Date.now() }], summary: {} },
  ];

  it('tells the switch while all works', async () => {
    const { result, counted, pings } = await beaten(well, [200, 'OK']);
    expect({ result, counted, pings }).toEqual({
      ...{ result: { nextAfterMs: 7_000 }, counted: 'sent', pings: 1 },
    });
  });

  it('is withheld while the detector does not work', async () => {
    const { counted, pings } = await beaten(() => [500], [200, 'OK']);
    expect({ counted, pings }).toEqual({ counted: 'withheld', pings: 0 });
  });

  it('goes on while one of two detectors is away that watch the same services', async () => {
    expect(await beaten(well, [200, 'OK'], { copies: 2 })).toMatchObject({ counted: 'sent' });
  });

  it('is withheld while nobody watches some services, or one of two detectors does not work', async () => {
    const alone = await beaten(well, [200, 'OK'], { copies: 1 });
    expect(alone).toMatchObject({ counted: 'withheld', pings: 0 });
    expect(alone.lines).toMatch(/nobody watches \w+/);
    const stuck = (): Answer => [200, { isDispatching: false, targets: [], summary: {} }];
    const ill = await beaten(stuck, [200, 'OK'], { copies: 2 });
    expect(ill).toMatchObject({ counted: 'withheld', pings: 0 });
  });

  it('says that the switch did not take it, without its address', async () => {
    const { result, counted, lines } = await beaten(well, [404, '']);
    expect(result).toEqual({ nextAfterMs: 7_000 });
    expect(counted).toBe('failed');
    expect(lines).toContain('it answered 404');
    expect(lines).not.toContain('secret');
  });

  it('is due never again where none is configured', async () => {
    expect(await createHeartbeatActivities(undefined).beat()).toEqual({ nextAfterMs: undefined });
  });
});
