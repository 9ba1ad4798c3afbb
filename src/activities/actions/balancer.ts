import { AdapterError, type LoadBalancer, type LoadBalancerServer } from '../../domain/ports.js';
import type { ActContext } from './action.js';

/** The service's load balancer; the step was only planned because there was one. */
export function balancerOf({ service }: ActContext): LoadBalancer {
  const port = service.loadBalancer?.port;
  if (port !== undefined) return port;
  throw new AdapterError('rejected', `service "${service.name}" has no load balancer configured`);
}

/** That server as it is now; undefined when it is gone. */
export async function currentServer(
  context: ActContext,
  at: { readonly backend: string; readonly server: string },
): Promise<LoadBalancerServer | undefined> {
  const servers = await balancerOf(context).servers(at.backend);
  return servers.find((s) => s.name === at.server);
}
