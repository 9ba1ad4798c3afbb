import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { scratchFolder } from '../support/scratch.js';

/** A request that a server of a test has received. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** A local server that answers by `reply`; `received` has what was asked, in order. */
export async function serve(
  reply: (request: Received) => { status?: number; body: unknown },
): Promise<{ readonly port: number; readonly received: readonly Received[] }> {
  const received: Received[] = [];
  const server = http.createServer((request, response) => {
    const { method = '', url = '' } = request;
    void (method === 'POST' ? json(request) : Promise.resolve(undefined)).then((body) => {
      received.push({ method, url, body });
      const answer = reply({ method, url, body });
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      const { body: text } = answer;
      response.end(typeof text === 'string' ? text : JSON.stringify(text));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, received };
}

/** A configuration file with that text, in a folder of the test's own. */
export function configFile(yaml: string): string {
  const file = path.join(scratchFolder(), 'paramedic.yaml');
  writeFileSync(file, yaml);
  return file;
}

/** What a command printed, and its exit code; it throws what the command throws. */
export async function run(
  command: () => Promise<number>,
): Promise<{ readonly code: number; readonly output: string }> {
  let output = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
  try {
    const code = await command();
    return { code, output };
  } finally {
    write.mockRestore();
  }
}
