import net from 'node:net';

/** What a link does to what passes over it. */
export type LinkState = 'open' | 'slow' | 'cut' | 'silent';

/** Delay of each piece over a slow link: a scrape then takes longer than its timeout now and then. */
const SLOW_MS = 400;

/** Stands between a client and a local server, and can be slow, cut, or swallow everything. */
export class TcpProxy {
  state: LinkState = 'open';
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(private readonly target: number) {
    this.#server = net.createServer((near) => this.#connect(near));
  }

  /** Listens on a free port of loopback. */
  static async to(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Changes the link; a cut also ends what is connected. */
  set(state: LinkState): void {
    this.state = state;
    if (state === 'cut') for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #connect(near: net.Socket): void {
    if (this.state === 'cut') {
      near.destroy();
      return;
    }
    // HAProxy's clients close their side after the command, and read on.
    const far = net.connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    near.allowHalfOpen = true;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => this.#pass(() => to.write(chunk)));
      from.on('end', () => this.#pass(() => to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroySoon();
      });
    }
  }

  #pass(send: () => void): void {
    if (this.state === 'silent') return;
    if (this.state === 'slow') setTimeout(send, SLOW_MS);
    else send();
  }
}
