import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Neighbours } from '../../src/compose/neighbours.js';
import { createOutagePaging } from '../../src/compose/outage-paging.js';
import { detectorPlaces, ownersIn } from '../../src/config/detectors.js';
import { parseConfig } from '../../src/config/load.js';
import { startHttpServer } from '../adapters/actuators/http-server.js';
import { violation } from '../detector/fake-incidents.js';
import { scratchFolder } from '../support/scratch.js';

/** The pager of the detector that comes second for `chat`, beside a first one that answers or not. */
async function second(isThere: boolean) {
  const hook = await startHttpServer(() => [204]);
  const other = await startHttpServer(() => [isThere ? 200 : 500, { held: [], paged: [] }]);
  const there = { port: Number(new URL(other.url).port) };
  const config = (shards: readonly object[]) =>
    parseConfig(
      JSON.stringify({
        dataDir: scratchFolder(),
        services: [{ name: 'chat', replicas: [{ name: 'e1', url: 'http://127.0.0.1:1' }] }],
        channels: { hook: { kind: 'webhook', url: hook.url } },
        monitor: {
          outage: { pageAfter: '1ms' },
          escalation: { from: 'minor', levels: [{ after: '0s', channels: ['hook'] }] },
        },
        detector: { shards, copies: 2 },
      }),
      'a.yaml',
      {},
    );
  const isFirst = ownersIn(config([{ port: 1 }, { port: 2 }]))('chat')[0] === 1;
  const given = config(isFirst ? [there, { port: 1 }] : [{ port: 1 }, there]);
  const places = detectorPlaces(given);
  const neighbours = new Neighbours({
    ...{ place: places[isFirst ? 1 : 0]!, places, config: given },
    ...{ token: undefined, now: Date.now, onChange: () => undefined },
  });
  await neighbours.start();
  const role = { config: given, log: pino({ level: 'silent' }) };
  const outage = createOutagePaging(role, { lastKnown: () => undefined }, neighbours);
  onTestFinished(async () => {
    await neighbours.stop();
    await outage.stop();
  });
  let ticks = 0;
  const tick = () => {
    ticks += 1;
    const standing = { violation: violation({ severity: 'critical' }), toldSeverity: undefined };
    outage.pager.tick([standing], false);
  };
  return { hook, tick, ticks: () => ticks };
}

it('pages by the detector that comes second where the first is away, once', async () => {
  const { hook, tick } = await second(false);
  await vi.waitFor(
    () => {
      tick();
      expect(hook.seen).toHaveLength(1);
    },
    { timeout: 20_000 },
  );
});

it('leaves paging to the first one while that answers', async () => {
  const { hook, tick, ticks } = await second(true);
  await vi.waitFor(
    () => {
      tick();
      expect(ticks()).toBeGreaterThan(20);
    },
    { timeout: 20_000 },
  );
  expect(hook.seen).toEqual([]);
});
