import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { p95Between, readBuckets } from '../fleet/gateway-p95.js';
import type { StackPorts } from './ports.js';

/** One state-changing runtime command, as the gateway's admin log has it. */
export interface AdminEntry {
  readonly seq: number;
  readonly command: string;
  readonly before: unknown;
  readonly after: unknown;
  /** False for a command that set what was set already. */
  readonly changed: boolean;
}

/** The gateway from outside: nothing here goes through paramedic. */
export class Gateway {
  constructor(private readonly ports: StackPorts) {}

  private get url(): string {
    return `http://127.0.0.1:${this.ports.gateway}`;
  }

  /** One command of HAProxy's runtime protocol, with its answer. */
  async runtime(command: string): Promise<string> {
    const socket = connect(this.ports.runtime, '127.0.0.1');
    socket.end(`${command}\n`);
    return text(socket);
  }

  /** Weight and administrative state (0 ready, 8 drain) of a server, by `show servers state`. */
  async server(name: string): Promise<{ weight: number; admin: number }> {
    const rows = (await this.runtime('show servers state engines')).split('\n');
    const fields = rows.map((row) => row.split(' ')).find((row) => row[3] === name);
    if (fields === undefined) throw new Error(`no server "${name}" in ${rows.join('\n')}`);
    return { weight: Number(fields[7]), admin: Number(fields[6]) };
  }

  /** Everything that decides how it balances, as canonical JSON. */
  async state(): Promise<string> {
    return (await fetch(`${this.url}/-/state`)).text();
  }

  /** What was commanded since an entry, oldest first. */
  async adminLog(afterSeq = 0): Promise<AdminEntry[]> {
    const reply = await fetch(`${this.url}/-/admin/log`);
    const { entries } = (await reply.json()) as { entries: AdminEntry[] };
    return entries.filter(({ seq }) => seq > afterSeq);
  }

  /** Number of the newest entry; 0 when nothing was commanded yet. */
  async lastSeq(): Promise<number> {
    return (await this.adminLog()).at(-1)?.seq ?? 0;
  }

  /** p95 of all requests over the next `forMs`, as the upper bound of its bucket, in milliseconds. */
  async p95Over(forMs: number): Promise<number> {
    const before = await readBuckets(this.url);
    await new Promise((resolve) => setTimeout(resolve, forMs));
    return p95Between(before, await readBuckets(this.url));
  }
}
