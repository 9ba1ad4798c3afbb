import { request } from 'undici';
import { haproxy } from '../../src/adapters/actuators/haproxy.js';
import { processActuator } from '../../src/adapters/actuators/process.js';
import type { FleetProcess } from '../adapters/actuators/fleet-process.js';

interface Entry {
  readonly seq: number;
  readonly what?: string;
  readonly target?: string;
  readonly operationId?: string | null;
  readonly command?: string;
  readonly changed?: boolean;
}

/** A fleet as seen and set by a person beside paramedic. */
export class CrashFleet {
  private operations = 0;

  constructor(readonly process: FleetProcess) {}

  get balancer() {
    const address = `127.0.0.1:${this.process.gateway.runtime.port}`;
    return haproxy.create(haproxy.schema.parse({ address })).loadBalancer;
  }

  /** Has the supervisor do something, by hand. */
  async supervise(
    order: { readonly release: string; readonly ifRelease: string } | { readonly replicas: number },
  ): Promise<void> {
    this.operations += 1;
    const operationId = `by-hand-${this.operations}`;
    const services = { chat: this.process.supervisor.url };
    const supervisor = processActuator.create(processActuator.schema.parse({ services }));
    if ('release' in order) {
      await supervisor.deployment.activate('chat', { operationId, ...order });
    } else await supervisor.replicas.scale('chat', { operationId, ...order });
    await supervisor.close();
  }

  async engine<T>(name: string, method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const url = this.process.replicas.find((one) => one.name === name)?.url ?? '';
    const reply = await request(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.body.text();
    if (reply.statusCode >= 300) throw new Error(`${path} answered ${reply.statusCode}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** How far the gateway's and the supervisor's logs have come. */
  async mark(): Promise<readonly [gateway: number, supervisor: number]> {
    const [gateway, supervisor] = await this.logs();
    return [gateway.at(-1)?.seq ?? 0, supervisor.at(-1)?.seq ?? 0];
  }

  /** What paramedic changed since, as the gateway and the supervisor wrote it down, in words without figures. */
  async effectsSince(mark: readonly [number, number]): Promise<readonly string[]> {
    const [gateway, supervisor] = await this.logs();
    return [
      ...gateway
        .filter(({ seq, changed }) => seq > mark[0] && changed === true)
        .map(({ command = '' }) => named(command)),
      ...supervisor
        .filter(({ seq, operationId }) => seq > mark[1] && typeof operationId === 'string')
        .filter(({ operationId }) => operationId?.startsWith('by-hand') !== true)
        .map(({ what = '', target = '' }) => `${what} ${target}`),
    ];
  }

  private async logs(): Promise<readonly [readonly Entry[], readonly Entry[]]> {
    const read = async (url: string) =>
      ((await (await request(url)).body.json()) as { entries: Entry[] }).entries;
    const { gateway, supervisor } = this.process;
    return Promise.all([read(`${gateway.url}/-/admin/log`), read(`${supervisor.url}/v1/log`)]);
  }
}

/** Without its arguments, which tell addresses and figures. */
const named = (effect: string): string =>
  /^(?:set server \S+ (?:weight|state \w+)|\w+ (?:server|health) \S+|\w+)/.exec(effect)?.[0] ??
  effect;
