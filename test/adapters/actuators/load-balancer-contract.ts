import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { haproxy } from '../../../src/adapters/actuators/haproxy.js';
import { runCommand, runtimeEndpoint } from '../../../src/adapters/actuators/haproxy-protocol.js';
import type { LoadBalancerServer } from '../../../src/domain/ports.js';
import { startRecordingRelay, type RecordingRelay } from './recording-relay.js';

/** A server that is in the balancer's configuration. */
export interface ConfiguredServer {
  readonly name: string;
  readonly address: string;
}

/** A running load balancer whose backend `engines` begins with two servers of weight 100. */
export interface LoadBalancerSubject {
  /** Unix socket's path or `host:port` of its runtime API. */
  readonly address: string;
  /** Map files by name: `routing` and `circuit`. */
  readonly maps: Readonly<Record<'routing' | 'circuit', string>>;
  readonly servers: readonly [ConfiguredServer, ConfiguredServer];
  /** Something that answers health checks and is not yet in the backend. */
  readonly spareAddress: string;
  stop(): Promise<void>;
}

const BACKEND = 'engines';
const ADMINS = ['ready', 'drain', 'maint'] as const;
const PAIRS = ADMINS.flatMap((from) => ADMINS.map((to) => [from, to] as const));

/** The behaviour that every load balancer must show through the `haproxy` actuator. */
export function describeLoadBalancer(
  title: string,
  start: () => Promise<LoadBalancerSubject>,
): void {
  describe(title, () => {
    let subject: LoadBalancerSubject;
    let relay: RecordingRelay;
    let first: string;
    let second: string;
    const create = (address: string) => {
      const { routing, circuit } = subject.maps;
      const settings = { address, maps: { routing, circuit, missing: '/missing/nowhere.map' } };
      return haproxy.create(haproxy.schema.parse(settings)).loadBalancer;
    };
    /** Through the relay, which tells what was sent. */
    const balancer = () => create(relay.address);
    const raw = (command: string, success?: string): Promise<void> =>
      runCommand(
        runtimeEndpoint({ address: subject.address, timeoutMs: 2_000, reloadGraceMs: 0 }),
        command,
        success,
      );
    const find = async (name: string): Promise<LoadBalancerServer | undefined> =>
      (await balancer().servers(BACKEND)).find((server) => server.name === name);

    beforeAll(async () => {
      subject = await start();
      [first, second] = [subject.servers[0].name, subject.servers[1].name];
    });
    afterAll(() => subject.stop());
    beforeEach(async () => {
      for (const name of [first, second]) {
        await raw(`set server ${BACKEND}/${name} weight 100`);
        await raw(`set server ${BACKEND}/${name} state ready`);
      }
      relay = await startRecordingRelay(subject.address);
      return () => relay.stop();
    });

    it('lists the servers with address, weights, state and active requests', async () => {
      const servers = await balancer().servers(BACKEND);
      expect(servers.slice(0, 2)).toMatchObject(
        subject.servers.map((server) => ({
          ...server,
          weight: 100,
          initialWeight: 100,
          admin: 'ready',
          isUp: true,
          activeRequests: 0,
        })),
      );
    });

    it.each([0, 1, 37, 256])(
      'sets the weight %i, and sends nothing the second time',
      async (weight) => {
        await balancer().setWeight(BACKEND, first, weight);
        await balancer().setWeight(BACKEND, first, weight);
        expect(await find(first)).toMatchObject({ weight, initialWeight: 100, admin: 'ready' });
        expect(await find(second)).toMatchObject({ weight: 100 });
        expect(relay.writes()).toEqual([`set server ${BACKEND}/${first} weight ${weight}`]);
      },
    );

    it.each([-1, 257, 12.5, Number.NaN])(
      'refuses the weight %d without sending it',
      async (weight) => {
        await expect(balancer().setWeight(BACKEND, first, weight)).rejects.toMatchObject({
          reason: 'rejected',
          message: `server "${first}": weight ${weight} is not a whole number in 0..256`,
        });
        expect(relay.writes()).toEqual([]);
      },
    );

    it('passes on the refusal of a weight in the balancer’s own words', async () => {
      await expect(raw(`set server ${BACKEND}/${first} weight 300`)).rejects.toMatchObject({
        reason: 'rejected',
        message: expect.stringContaining(
          'Absolute weight can only be between 0 and 256 inclusive.',
        ) as string,
      });
    });

    it.each(PAIRS)('goes from %s to %s, and sends nothing the second time', async (from, to) => {
      await balancer().setAdmin(BACKEND, second, from);
      const sentBefore = relay.writes().length;
      await balancer().setAdmin(BACKEND, second, to);
      await balancer().setAdmin(BACKEND, second, to);
      expect(await find(second)).toMatchObject({ admin: to, isUp: to !== 'maint', weight: 100 });
      expect(relay.writes().length - sentBefore).toBe(from === to ? 0 : 1);
    });

    it('names the backend or server that does not exist', async () => {
      await expect(balancer().servers('nowhere')).rejects.toMatchObject({ reason: 'not-found' });
      await expect(balancer().setWeight(BACKEND, 'r9', 1)).rejects.toMatchObject({
        reason: 'not-found',
        message: 'server "r9" of backend "engines" does not exist',
      });
      await expect(balancer().setAdmin('nowhere', first, 'drain')).rejects.toMatchObject({
        reason: 'not-found',
      });
    });

    it('adds a server in service and checked, once, and removes it, once', async () => {
      const spare = { name: 'spare', address: subject.spareAddress, weight: 40 };
      await balancer().addServer(BACKEND, spare);
      await balancer().addServer(BACKEND, spare);
      expect(await find('spare')).toMatchObject({
        address: spare.address,
        weight: 40,
        initialWeight: 40,
        admin: 'ready',
        isUp: true,
        isHalfAdded: false,
      });
      await balancer().removeServer(BACKEND, 'spare');
      await balancer().removeServer(BACKEND, 'spare');
      expect(await find('spare')).toBeUndefined();
      expect(relay.writes().filter((command) => /^(add|del) /.test(command))).toHaveLength(2);
    });

    it('leaves an added server that an operator took out since', async () => {
      const spare = { name: 'spare', address: subject.spareAddress, weight: 40 };
      await balancer().addServer(BACKEND, spare);
      await balancer().setAdmin(BACKEND, 'spare', 'maint');
      await balancer().addServer(BACKEND, spare);
      expect(await find('spare')).toMatchObject({ admin: 'maint' });
      await balancer().removeServer(BACKEND, 'spare');
    });

    it.each([0, 1])(
      'completes an addition that was interrupted after %i of its steps',
      async (steps) => {
        const spare = { name: 'spare', address: subject.spareAddress, weight: 40 };
        await raw(
          `add server ${BACKEND}/spare ${spare.address} check inter 1s weight 40`,
          'New server registered.',
        );
        if (steps === 1) await raw(`enable server ${BACKEND}/spare`);
        expect(await find('spare')).toMatchObject({ isHalfAdded: true });
        await balancer().addServer(BACKEND, spare);
        expect(await find('spare')).toMatchObject({ admin: 'ready', isHalfAdded: false });
        await balancer().removeServer(BACKEND, 'spare');
      },
    );

    it('refuses to add a name that stands for another address', async () => {
      const address = subject.spareAddress;
      await expect(
        balancer().addServer(BACKEND, { name: first, address, weight: 1 }),
      ).rejects.toMatchObject({
        reason: 'rejected',
        message: `server "${first}" of backend "engines" is at ${subject.servers[0].address}, not ${address}; remove it first`,
      });
      expect(relay.writes()).toEqual([]);
    });

    it.each(['routing', 'circuit'] as const)(
      'sets, changes and removes entries of %s',
      async (map) => {
        const lb = balancer();
        expect(await lb.mapEntries(map)).toEqual(new Map());
        await lb.setMapEntry(map, 'engines', 'open');
        await lb.setMapEntry(map, 'other', 'half-open:10');
        await lb.setMapEntry(map, 'engines', 'half-open:25');
        await lb.setMapEntry(map, 'engines', 'half-open:25');
        expect(await lb.mapEntries(map)).toEqual(
          new Map([
            ['engines', 'half-open:25'],
            ['other', 'half-open:10'],
          ]),
        );
        expect(relay.writes()).toHaveLength(3);
        for (const key of ['engines', 'other', 'other', 'never-there']) {
          await lb.setMapEntry(map, key, undefined);
        }
        expect(await lb.mapEntries(map)).toEqual(new Map());
        expect(relay.writes()).toHaveLength(5);
      },
    );

    it('mends entries that two clients added at once', async () => {
      const file = subject.maps.circuit;
      await raw(`add map ${file} engines open`);
      await raw(`add map ${file} engines half-open:10`);
      await balancer().setMapEntry('circuit', 'engines', 'open');
      const sent = relay.writes().length;
      await balancer().setMapEntry('circuit', 'engines', 'open');
      expect(relay.writes().length).toBe(sent);
      await balancer().setMapEntry('circuit', 'engines', undefined);
      expect(await balancer().mapEntries('circuit')).toEqual(new Map());
    });

    it('names a map that is not there or not configured', async () => {
      await expect(balancer().mapEntries('missing')).rejects.toMatchObject({ reason: 'not-found' });
      await expect(balancer().setMapEntry('unheard-of', 'a', 'b')).rejects.toMatchObject({
        reason: 'not-found',
        message: 'map "unheard-of" is not configured; add its file to the actuator\'s "maps"',
      });
    });

    it.each(['a b', 'a;disable server engines/r1', 'a\nb', '', 'a\\', '<<'])(
      'never lets the name %j reach the wire',
      async (name) => {
        const lb = balancer();
        const calls = [
          () => lb.servers(name),
          () => lb.setWeight(BACKEND, name, 1),
          () => lb.setAdmin(name, first, 'drain'),
          () => lb.addServer(BACKEND, { name, address: subject.spareAddress, weight: 1 }),
          () => lb.addServer(BACKEND, { name: 'spare', address: name, weight: 1 }),
          () => lb.removeServer(BACKEND, name),
          () => lb.setMapEntry('circuit', name, 'open'),
          () => lb.setMapEntry('circuit', 'engines', name),
        ];
        for (const call of calls)
          await expect(call()).rejects.toMatchObject({ reason: 'rejected' });
        expect(relay.writes()).toEqual([]);
      },
    );

    it('serves many clients at once', async () => {
      const lb = create(subject.address);
      await Promise.all(
        Array.from({ length: 40 }, (_unused, index) =>
          index % 2 === 0 ? lb.setWeight(BACKEND, first, 60) : lb.servers(BACKEND),
        ),
      );
      expect(await find(first)).toMatchObject({ weight: 60 });
    });

    it('finds nothing wrong at start-up but the map that is missing', async () => {
      const { routing, circuit } = subject.maps;
      const check = (maps: Record<string, string>) =>
        haproxy.create(haproxy.schema.parse({ address: subject.address, maps })).check();
      expect(await check({ routing, circuit })).toEqual([]);
      const problems = await check({ circuit, missing: '/missing/nowhere.map' });
      expect(problems).toEqual([expect.stringContaining('Unknown map identifier')]);
    });
  });
}
