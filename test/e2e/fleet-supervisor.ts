import type { StackPorts } from './ports.js';

/** One engine process, as the fleet's supervisor knows it. */
interface Process {
  readonly name: string;
  readonly state: string;
  readonly release: string;
  /** Grows with every start. */
  readonly generation: number;
}

/** An operation that somebody asked of the supervisor, as its own log has it. */
export interface SupervisorEntry {
  readonly seq: number;
  readonly what: string;
  readonly target: string;
  /** Null for what it did by itself, and for faults. */
  readonly operationId: string | null;
}

/** The fleet's supervisor from outside: nothing here goes through paramedic. */
export class FleetSupervisor {
  constructor(private readonly ports: StackPorts) {}

  private get url(): string {
    return `http://127.0.0.1:${this.ports.supervisor}`;
  }

  private async text(resource: string): Promise<string> {
    const reply = await fetch(`${this.url}${resource}`);
    if (!reply.ok) throw new Error(`${resource} answered ${reply.status}`);
    return reply.text();
  }

  /** Its processes and releases, byte for byte as it tells them. */
  async state(): Promise<string> {
    return `${await this.text('/v1/replicas')}\n${await this.text('/v1/releases')}`;
  }

  async processes(): Promise<readonly Process[]> {
    const { replicas } = JSON.parse(await this.text('/v1/replicas')) as { replicas: Process[] };
    return replicas;
  }

  async activeRelease(): Promise<string> {
    return (JSON.parse(await this.text('/v1/releases')) as { active: string }).active;
  }

  /** What was asked of it since an entry, oldest first. */
  async log(afterSeq = 0): Promise<readonly SupervisorEntry[]> {
    const { entries } = JSON.parse(await this.text('/v1/log')) as { entries: SupervisorEntry[] };
    return entries.filter(({ seq, operationId }) => seq > afterSeq && operationId !== null);
  }

  async lastSeq(): Promise<number> {
    const { entries } = JSON.parse(await this.text('/v1/log')) as { entries: SupervisorEntry[] };
    return entries.at(-1)?.seq ?? 0;
  }

  /** Injects a fault with its own numbers. */
  async inject(fault: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const body = JSON.stringify({ fault, ...more });
    const reply = await fetch(`${this.url}/v1/faults`, { method: 'POST', body });
    if (!reply.ok) throw new Error(`fault ${fault}: ${await reply.text()}`);
  }
}
