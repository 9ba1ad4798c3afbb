import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server behind a load balancer that can be made to fail, and notes when it was asked. */
export interface FailingUpstream {
  readonly name: string;
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Answers 500 to everything but `/health` while true. */
  isFailing: boolean;
  /** When each request came, health checks left out; Unix milliseconds. */
  readonly askedAtMs: number[];
  stop(): Promise<void>;
}

/** Starts one that takes 20 ms for an answer. */
export async function startFailingUpstream(name: string): Promise<FailingUpstream> {
  const askedAtMs: number[] = [];
  const upstream = { name, isFailing: false, askedAtMs };
  const server = http.createServer((request, response) => {
    if (request.url === '/health') {
      response.end();
      return;
    }
    askedAtMs.push(Date.now());
    const { isFailing } = running;
    setTimeout(() => response.writeHead(isFailing ? 500 : 200).end(name), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const running: FailingUpstream = {
    ...upstream,
    address: `127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return running;
}
