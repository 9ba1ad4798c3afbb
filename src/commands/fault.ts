import { loadConfig } from '../config/load.js';
import { duration } from '../config/duration.js';
import { print, printJson, table } from './table.js';

interface FaultList {
  readonly catalogue: readonly {
    name: string;
    scope: string;
    description: string;
    curedBy: unknown;
  }[];
  readonly active: readonly { fault?: string; name?: string; replica?: string }[];
}

/**
 * `paramedic fault [name] [replica]`: lists the reference fleet’s faults, injects one, or ends all
 * (`clear`). It talks to the fleet’s own supervisor: paramedic itself is never told.
 */
export async function runFault(
  configPath: string,
  name: string | undefined,
  replica: string | undefined,
  options: { for?: string; json?: boolean },
): Promise<number> {
  const { fleet } = loadConfig(configPath);
  if (fleet === undefined) {
    throw new Error(
      `${configPath} has no "fleet" section: faults are only for the reference fleet`,
    );
  }
  const base = `http://127.0.0.1:${fleet.supervisorPort}/v1/faults`;
  if (name === undefined) {
    const list = (await call(base, 'GET')) as FaultList;
    if (options.json === true) printJson(list);
    else {
      print(
        table(
          ['FAULT', 'SCOPE', 'WHAT IT DOES'],
          list.catalogue.map((f) => [f.name, f.scope, f.description]),
          110,
        ),
      );
      print(`\nactive: ${list.active.length === 0 ? 'none' : JSON.stringify(list.active)}`);
    }
    return 0;
  }
  if (name === 'clear') {
    const reply = await call(base, 'DELETE');
    if (options.json === true) printJson(reply);
    else print('all faults ended');
    return 0;
  }
  const forMs = options.for === undefined ? undefined : duration.parse(options.for);
  const reply = await call(base, 'POST', { fault: name, replica, forMs });
  if (options.json === true) printJson(reply);
  else {
    print(
      `${name}${replica === undefined ? '' : ` on ${replica}`} is active; end it with: bin/paramedic fault clear`,
    );
  }
  return 0;
}

async function call(url: string, method: string, body?: unknown): Promise<unknown> {
  let reply: Response;
  try {
    reply = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw new Error('the reference fleet does not answer: is it running? (npm start)', { cause });
  }
  const answer = (await reply.json().catch(() => ({}))) as { error?: string; message?: string };
  if (reply.ok) return answer;
  throw new Error(answer.error ?? answer.message ?? `the fleet answered ${reply.status}`);
}
