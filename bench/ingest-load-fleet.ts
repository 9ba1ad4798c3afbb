import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { enginePage } from './ingest-page.js';

/**
 * Program: serves so many targets of so many series, each on a port of its own, and prints the ports
 * as JSON. Runs in a process of its own, so that its CPU time is not the detector's.
 */
const [targets = 3, series = 100] = process.argv.slice(2).map(Number);
/** As many pages as there are rounds before values repeat; rendered once, to be quick. */
const pages = Array.from({ length: 64 }, (_, i) => enginePage(series, 1000 + i));

function listen(): Promise<number> {
  let round = Math.floor(Math.random() * pages.length);
  const server = http.createServer((_, response) => {
    const page = pages[round++ % pages.length]!;
    response.writeHead(200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': page.length,
    });
    response.end(page);
  });
  // Go's server, which most exporters run on, keeps idle connections open for minutes.
  server.keepAliveTimeout = 180_000;
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const ports: number[] = [];
for (let i = 0; i < targets; i += 1) ports.push(await listen());
process.stdout.write(`${JSON.stringify(ports)}\n`);
// The bench closes this end when it is done, or dies.
process.stdin.on('end', () => process.exit(0)).resume();
