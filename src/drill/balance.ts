import net from 'node:net';

/** How requests are spread, as the gateway of the reference fleet tells it. */
export interface Balance {
  readonly servers: readonly {
    readonly name: string;
    readonly weight: number;
    readonly admin: string;
  }[];
  readonly maps: Readonly<Record<string, readonly unknown[]>>;
}

/** Where the gateway listens: for its state, and for runtime commands. */
export interface GatewayPorts {
  readonly http: number;
  readonly runtime: number;
}

const TIMEOUT_MS = 5_000;

/** The balance as it is. */
export async function readBalance({ http }: GatewayPorts): Promise<Balance> {
  const reply = await fetch(`http://127.0.0.1:${http}/-/state`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return (await reply.json()) as Balance;
}

/**
 * Commands that bring the balance back to what it was, for servers that were there before and for maps that
 * were empty: a mitigation that was kept would be in the way of the next drill. None where all is as before.
 */
export function restoringCommands(before: Balance, now: Balance): string[] {
  const servers = before.servers.flatMap(({ name, weight, admin }) => {
    const current = now.servers.find((server) => server.name === name);
    if (!current) return [];
    const at = `engines/${name}`;
    return [
      ...(current.weight === weight ? [] : [`set server ${at} weight ${weight}`]),
      ...(current.admin === admin ? [] : [`set server ${at} state ${admin}`]),
    ];
  });
  const maps = Object.entries(now.maps).flatMap(([name, entries]) =>
    entries.length > 0 && before.maps[name]?.length === 0 ? [`clear map ${name}`] : [],
  );
  return [...servers, ...maps];
}

/** Runs runtime commands, one connection each, as the protocol wants it. */
export async function runCommands(
  { runtime }: GatewayPorts,
  commands: readonly string[],
): Promise<void> {
  for (const command of commands) {
    await new Promise<void>((resolve, reject) => {
      const socket = net.connect(runtime, '127.0.0.1', () => socket.end(`${command}\n`));
      let answer = '';
      socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${command}: no answer`)));
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('error', reject);
      socket.on('close', () => {
        if (answer.trim() === '') resolve();
        else reject(new Error(`${command}: ${answer.trim()}`));
      });
    });
  }
}
