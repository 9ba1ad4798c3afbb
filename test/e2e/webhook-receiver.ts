import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What arrived, as far as tests look at it. */
export interface Received {
  readonly id: string;
  readonly kind: string;
  readonly dedupKey: string;
  readonly title: string;
  readonly incidentId: string | undefined;
}

/** The other side of a webhook channel: takes everything, and remembers it. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.received.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Received);
        response.writeHead(204).end();
      });
    });
    const receiver = new WebhookReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** How often each kind arrived for an incident. */
  counts(incidentId: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const one of this.received) {
      if (one.incidentId !== incidentId) continue;
      counts[one.kind] = (counts[one.kind] ?? 0) + 1;
    }
    return counts;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
