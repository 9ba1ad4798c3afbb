import { startFleet } from './fleet-process.js';
import { describeLoadBalancer } from './load-balancer-contract.js';
import { startUpstream } from './upstream.js';

for (const kind of ['socket', 'tcp'] as const) {
  describeLoadBalancer(`load balancer contract: the fleet's gateway over ${kind}`, async () => {
    const fleet = await startFleet(2);
    const spare = await startUpstream('spare');
    const { socket, port } = fleet.gateway.runtime;
    const [first, second] = fleet.replicas.map(({ name, url }) => ({
      name,
      address: new URL(url).host,
    }));
    if (first === undefined || second === undefined) throw new Error('two replicas were asked for');
    return {
      address: kind === 'socket' ? socket : `127.0.0.1:${port}`,
      maps: { routing: '/etc/haproxy/maps/routing.map', circuit: '/etc/haproxy/maps/circuit.map' },
      servers: [first, second] as const,
      spareAddress: spare.address,
      async stop() {
        await fleet.stop();
        await spare.stop();
      },
    };
  });
}
