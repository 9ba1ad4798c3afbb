import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A local HTTP server that stands behind the load balancer. */
export interface Upstream {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts one; every answer is 200 with the name that it was given. */
export async function startUpstream(name: string): Promise<Upstream> {
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
