import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { haproxy } from '../../../src/adapters/actuators/haproxy.js';
import { describeWithProgram } from '../../support/programs.js';
import { startHaproxy, type HaproxyProcess } from './haproxy-process.js';
import { describeLoadBalancer } from './load-balancer-contract.js';

describeWithProgram('haproxy', 'haproxy', (program) => {
  for (const kind of ['socket', 'tcp'] as const) {
    describeLoadBalancer(`load balancer contract: HAProxy over ${kind}`, async () => {
      const running = await startHaproxy(program);
      return { ...running, address: running[kind] };
    });
  }

  describe('HAProxy with the example configuration', () => {
    let running: HaproxyProcess;
    const balancer = () => {
      const { socket: address, maps } = running;
      return haproxy.create(haproxy.schema.parse({ address, maps })).loadBalancer;
    };
    const ask = async (
      tenant?: string,
    ): Promise<{ status: number; text: string; retryAfter: unknown }> => {
      const headers = tenant === undefined ? {} : { 'x-tenant': tenant };
      const reply = await request(`${running.url}/v1/completions`, { headers });
      const text = await reply.body.text();
      return { status: reply.statusCode, text, retryAfter: reply.headers['retry-after'] };
    };
    const share = async (
      count: number,
      isCounted: (reply: { status: number; text: string }) => boolean,
    ) => {
      const replies = await Promise.all(Array.from({ length: count }, () => ask()));
      return replies.filter(isCounted).length / count;
    };

    beforeAll(async () => {
      running = await startHaproxy(program);
    });
    afterAll(() => running.stop());

    it('refuses all requests while the circuit is open, and none after', async () => {
      await balancer().setMapEntry('circuit', 'engines', 'open');
      expect(await ask()).toMatchObject({ status: 503, retryAfter: '5' });
      await balancer().setMapEntry('circuit', 'engines', undefined);
      expect(await ask()).toMatchObject({ status: 200 });
    });

    it('lets the share of a half-open circuit through', async () => {
      await balancer().setMapEntry('circuit', 'engines', 'half-open:20');
      const admitted = await share(400, ({ status }) => status === 200);
      await balancer().setMapEntry('circuit', 'engines', undefined);
      // 20 % of 400 with four standard deviations of a binomial (0.02 each).
      expect(admitted).toBeGreaterThan(0.12);
      expect(admitted).toBeLessThan(0.28);
    });

    it('routes a tenant to a pool, to a server, or refuses it, and nobody else', async () => {
      await balancer().setMapEntry('routing', 'noisy', 'pool:quarantine');
      await balancer().setMapEntry('routing', 'pinned', 'r2');
      await balancer().setMapEntry('routing', 'banned', 'reject');
      await balancer().setMapEntry('routing', 'stale', 'r77');
      await balancer().setAdmin('engines', 'r3', 'maint');
      for (let round = 0; round < 6; round++) {
        expect(await ask('noisy')).toMatchObject({ status: 200, text: 'spare' });
        expect(await ask('pinned')).toMatchObject({ status: 200, text: 'r2' });
        expect(await ask('banned')).toMatchObject({ status: 429, retryAfter: '30' });
        expect((await ask('stale')).text).toMatch(/^r[12]$/);
        expect((await ask()).text).toMatch(/^r[12]$/);
      }
      for (const tenant of ['noisy', 'pinned', 'banned', 'stale']) {
        await balancer().setMapEntry('routing', tenant, undefined);
      }
      await balancer().setAdmin('engines', 'r3', 'ready');
    });

    it('sends no request to a drained server', async () => {
      await balancer().setAdmin('engines', 'r1', 'drain');
      expect(await share(30, ({ text }) => text === 'r1')).toBe(0);
      await balancer().setAdmin('engines', 'r1', 'ready');
      expect(await share(30, ({ text }) => text === 'r1')).toBeGreaterThan(0);
    });

    it('keeps weight, drain and maintenance across a reload; added servers are gone', async () => {
      const lb = balancer();
      await lb.setWeight('engines', 'r1', 25);
      await lb.setAdmin('engines', 'r1', 'drain');
      await lb.setAdmin('engines', 'r2', 'maint');
      await lb.addServer('engines', { name: 'r4', address: running.spareAddress, weight: 10 });
      await running.reload();
      const servers = await lb.servers('engines');
      expect(servers.find(({ name }) => name === 'r1')).toMatchObject({
        weight: 25,
        admin: 'drain',
      });
      expect(servers.find(({ name }) => name === 'r2')).toMatchObject({ admin: 'maint' });
      expect(servers.map(({ name }) => name)).toEqual(['r1', 'r2', 'r3']);
      await lb.removeServer('engines', 'r4');
      await lb.addServer('engines', { name: 'r4', address: running.spareAddress, weight: 10 });
      await lb.removeServer('engines', 'r4');
      await lb.setWeight('engines', 'r1', 100);
      for (const name of ['r1', 'r2']) await lb.setAdmin('engines', name, 'ready');
      expect((await ask()).status).toBe(200);
    });

    it('answers every call that is made while it reloads', async () => {
      const lb = balancer();
      let isReloading = true;
      const readers = Array.from({ length: 4 }, async () => {
        let count = 0;
        while (isReloading) {
          expect(await lb.servers('engines')).toHaveLength(3);
          count += 1;
        }
        return count;
      });
      for (let round = 0; round < 3; round++) await running.reload();
      isReloading = false;
      for (const count of await Promise.all(readers)) expect(count).toBeGreaterThan(3);
      await lb.setWeight('engines', 'r1', 77);
      expect((await lb.servers('engines'))[0]).toMatchObject({ name: 'r1', weight: 77 });
      await lb.setWeight('engines', 'r1', 100);
    });

    it('exposes its metrics', async () => {
      const reply = await request(running.metricsUrl);
      expect(await reply.body.text()).toContain('haproxy_server_current_sessions{proxy="engines"');
    });
  });

  it('says that the socket lacks level admin', async () => {
    const running = await startHaproxy(program, (config) =>
      config.replaceAll('level admin', 'level operator'),
    );
    try {
      const { loadBalancer, check } = haproxy.create(
        haproxy.schema.parse({ address: running.tcp, maps: running.maps }),
      );
      await expect(loadBalancer.setWeight('engines', 'r1', 5)).rejects.toMatchObject({
        reason: 'unauthorized',
        message: expect.stringContaining('Permission denied') as string,
      });
      expect(await check()).toEqual([expect.stringContaining('Permission denied')]);
    } finally {
      await running.stop();
    }
  });
});
