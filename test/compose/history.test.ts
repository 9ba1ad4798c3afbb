import { describe, expect, it, onTestFinished } from 'vitest';
import { COLUMNS_TYPE, encodeColumns } from '../../src/adapters/history/columns.js';
import { createHistory } from '../../src/compose/history.js';
import { ownersIn } from '../../src/config/detectors.js';
import { parseConfig } from '../../src/config/load.js';
import { startHttpServer, type TestHttpServer } from '../adapters/actuators/http-server.js';

const NAMES = Array.from({ length: 8 }, (_, i) => `service-${i}`);
const NOBODY = 1;
const portOf = ({ url }: TestHttpServer) => Number(new URL(url).port);

/** A detector without samples; what matters is that it is asked. */
const detector = () =>
  startHttpServer(() => [
    200,
    encodeColumns([]).toString('latin1'),
    { 'content-type': COLUMNS_TYPE },
  ]);

function historyOf(ports: readonly number[], copies: number) {
  const shards = ports.map((port) => ({ port }));
  const config = parseConfig(JSON.stringify({ detector: { shards, copies } }), 'a.yaml', {});
  const history = createHistory(config);
  onTestFinished(() => history.close());
  const ask = (service: string) => history.range({ service, fromMs: 0, toMs: 1 });
  return { ask, ownersOf: ownersIn(config) };
}

const asked = ({ seen }: TestHttpServer) =>
  seen.map(({ url }) => new URL(url, 'http://x').searchParams.get('service'));

describe('the history of a sharded fleet', () => {
  it('is asked of the detector that watches the service', async () => {
    const servers = [await detector(), await detector(), await detector()];
    const { ask, ownersOf } = historyOf(servers.map(portOf), 1);
    for (const name of NAMES) expect(await ask(name)).toEqual([]);
    servers.forEach((server, i) => {
      expect(asked(server)).toEqual(NAMES.filter((name) => ownersOf(name)[0] === i + 1));
    });
  });

  it('is asked of another one that watches it while the first is away', async () => {
    const server = await detector();
    const { ask } = historyOf([NOBODY, portOf(server)], 2);
    for (const name of NAMES) expect(await ask(name)).toEqual([]);
    expect(asked(server)).toEqual(NAMES);
  });

  it('can’t be read while nobody who watches it is there', async () => {
    const { ask, ownersOf } = historyOf([NOBODY, portOf(await detector())], 1);
    const lost = NAMES.find((name) => ownersOf(name)[0] === 1) ?? '';
    await expect(ask(lost)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
