import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request as a test's server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer: a status with a JSON body (text stays as it is), or nothing, for ever. */
export type Answer =
  | readonly [status: number, body?: unknown, headers?: Readonly<Record<string, string>>]
  | 'hang'
  | 'cut';

/** A local HTTP server that ends with the test. */
export interface TestHttpServer {
  /** Base URL without a slash at its end. */
  readonly url: string;
  readonly address: string;
  /** Requests in the order they came. */
  readonly seen: readonly SeenRequest[];
}

/** Starts one. `cut` closes the connection in the middle of a reply. */
export async function startHttpServer(
  answer: (request: SeenRequest) => Answer,
): Promise<TestHttpServer> {
  const seen: SeenRequest[] = [];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(request);
      const reply = answer(request);
      if (reply === 'hang') return;
      if (reply === 'cut') {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('{"half":', () => response.destroy());
        return;
      }
      const [status, body = '', more] = reply;
      response.writeHead(status, { 'content-type': 'application/json', ...more });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, address: `127.0.0.1:${port}`, seen };
}
