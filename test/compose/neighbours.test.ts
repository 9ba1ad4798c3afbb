import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Neighbours } from '../../src/compose/neighbours.js';
import { detectorPlaces, ownersIn } from '../../src/config/detectors.js';
import { parseConfig } from '../../src/config/load.js';
import { fingerprintOf } from '../../src/domain/sla/violation.js';
import { startHttpServer, type Answer } from '../adapters/actuators/http-server.js';

const NAMES = Array.from({ length: 12 }, (_, i) => `service-${i}`);
const F = (service: string) => fingerprintOf({ service, replica: 'r1' }, 'latency');

/** The first of two detectors beside a second one that answers like this. */
async function besides(answer: () => Answer, copies = 2, token?: string) {
  const other = await startHttpServer(answer);
  const port = Number(new URL(other.url).port);
  const config = parseConfig(
    JSON.stringify({
      detector: { shards: [{ port: port === 1 ? 2 : 1 }, { port }], copies },
      services: NAMES.map((name) => ({
        name,
        replicas: [{ name: 'r1', url: 'http://127.0.0.1:9' }],
      })),
    }),
    'a.yaml',
    {},
  );
  const places = detectorPlaces(config);
  const clock = { nowMs: 1_000_000 };
  const changes: string[] = [];
  const neighbours = new Neighbours({
    ...{ place: places[0]!, places, config, token, now: () => clock.nowMs },
    onChange: (name, isThere) => changes.push(`${name} ${isThere ? 'back' : 'gone'}`),
  });
  onTestFinished(() => neighbours.stop());
  await neighbours.start();
  const firstOf = ownersIn(config);
  const ledByUs = NAMES.filter((name) => firstOf(name)[0] === 1);
  const ledByThem = NAMES.filter((name) => firstOf(name)[0] === 2);
  return { neighbours, clock, changes, other, ledByUs, ledByThem };
}

const said = (held: readonly string[] = [], paged: readonly string[] = []): Answer => [
  200,
  { held, paged },
];

describe('Neighbours', () => {
  it('knows before its first decision what another one holds, and of what it told people', async () => {
    const { neighbours } = await besides(() => said([F('service-1')], [F('service-2')]));
    expect(neighbours.holds(F('service-1'))).toBe(true);
    expect(neighbours.holds(F('service-2'))).toBe(false);
    expect(neighbours.hasPaged(F('service-2'))).toBe(true);
  });

  it('leads the services whose first detector it is, and those of one that is gone', async () => {
    let answer: Answer = said([F('service-1')]);
    const made = await besides(() => answer);
    const { neighbours, clock, changes, ledByUs, ledByThem } = made;
    expect(ledByUs.length).toBeGreaterThan(0);
    expect(ledByThem.length).toBeGreaterThan(0);
    const leads = (names: readonly string[]) =>
      new Set(names.map((name) => neighbours.leads(name)));
    expect(leads(ledByUs)).toEqual(new Set([true]));
    expect(leads(ledByThem)).toEqual(new Set([false]));
    expect(neighbours.holds(F('service-1'))).toBe(true);

    answer = [503];
    clock.nowMs += 6_000;
    await vi.waitFor(() => expect(changes).toEqual(['detector-2 gone']), { timeout: 10_000 });
    expect(leads(ledByThem)).toEqual(new Set([true]));
    expect(neighbours.holds(F('service-1'))).toBe(false);

    answer = said();
    const both = ['detector-2 gone', 'detector-2 back'];
    await vi.waitFor(() => expect(changes).toEqual(both), { timeout: 10_000 });
    expect(leads(ledByThem)).toEqual(new Set([false]));
  });

  it('asks nobody where no service is watched twice', async () => {
    const { neighbours, other, ledByUs, ledByThem } = await besides(
      () => said([F('service-1')]),
      1,
    );
    expect(other.seen).toEqual([]);
    expect(neighbours.holds(F('service-1'))).toBe(false);
    expect(ledByUs.every((name) => neighbours.leads(name) && neighbours.isOwn(name))).toBe(true);
    expect(ledByThem.some((name) => neighbours.leads(name) || neighbours.isOwn(name))).toBe(false);
  });

  it('shows the token that the roles share', async () => {
    const { other } = await besides(() => said(), 2, 'secret');
    expect(other.seen[0]?.headers.authorization).toBe('Bearer secret');
  });
});
