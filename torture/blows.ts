import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Blow, Order } from './schedule.js';
import type { Victim } from './victim.js';

/** An order that the API accepted. */
export interface TakenOrder {
  readonly incidentId: string;
  readonly order: string;
}

const RESUME_AFTER_MS = 5_000;

/** Deals one blow and, where it lasts, ends it; returns the orders that were accepted. */
export async function deal(victim: Victim, blow: Blow): Promise<readonly TakenOrder[]> {
  switch (blow.kind) {
    case 'kill':
      signal(victim, blow.part, 'SIGKILL');
      return [];
    case 'freeze': {
      const frozen = signal(victim, blow.part, 'SIGSTOP');
      await sleep(blow.forMs);
      if (frozen !== undefined) wake(frozen);
      return [];
    }
    case 'slow':
    case 'cut':
    case 'silent':
      victim.setLink(blow.link, blow.kind);
      await sleep(blow.forMs);
      // What was swallowed is lost: the connection is, too.
      if (blow.kind === 'silent') victim.setLink(blow.link, 'cut');
      victim.setLink(blow.link, 'open');
      return [];
    case 'full-disk': {
      if (!victim.canFillDisk) return [];
      const giveBack = victim.fillDisk();
      await sleep(blow.forMs);
      giveBack();
      return [];
    }
    case 'clock-step':
      if (victim.canStepClock) victim.stepClock(blow.byMs);
      return [];
    case 'webhooks':
      await sameWebhookThrice(victim, blow.delayMs);
      return [];
    case 'operator':
      return giveOrder(victim, blow.order);
    case 'terminate':
      return terminate(victim);
  }
}

function signal(victim: Victim, part: string, name: NodeJS.Signals): number | undefined {
  try {
    const pid = victim.stack.pidOf(part);
    process.kill(pid, name);
    return pid;
  } catch {
    // It is being restarted: that was the blow before.
    return undefined;
  }
}

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was killed while it slept.
  }
}

/** Posts to the API as often as a careful client would: until it answers, for a while. */
async function post(
  victim: Victim,
  resource: string,
  body: unknown,
): Promise<Response | undefined> {
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      return await fetch(`http://127.0.0.1:${victim.stack.ports.server}${resource}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      await sleep(500);
    }
  }
  return undefined;
}

async function sameWebhookThrice(victim: Victim, delayMs: number): Promise<void> {
  const idempotencyKey = `torture-${Date.now()}`;
  const report = {
    ...{ type: 'latency_breach', severity: 'minor', service: 'chat', replica: 'engine-3' },
    ...{ threshold: 'request_latency_p95', metric: 'request_latency_p95', value: 260 },
    idempotencyKey,
  };
  await Promise.all([post(victim, '/v1/incidents', report), post(victim, '/v1/incidents', report)]);
  await sleep(delayMs);
  await post(victim, '/v1/incidents', report);
}

/** Any that is open: past paramedic, to Temporal itself. */
async function terminate({ stack }: Victim): Promise<readonly TakenOrder[]> {
  const target = await openIncident(stack);
  if (target === undefined) return [];
  const connection = await Connection.connect({
    address: `127.0.0.1:${stack.ports.temporal}`,
    connectTimeout: 10_000,
  }).catch(() => undefined);
  // Temporal was killed: that was the blow before.
  if (connection === undefined) return [];
  try {
    const client = new Client({ connection, namespace: 'paramedic' });
    await client.workflow.getHandle(target.id, target.runId).terminate('a drill');
    return [{ incidentId: target.id, order: 'terminate' }];
  } catch {
    // It ended meanwhile.
    return [];
  } finally {
    await connection.close();
  }
}

async function openIncident(stack: Victim['stack']) {
  const incidents = await stack.incidents().catch(() => []);
  return incidents.find(({ state }) => state !== 'resolved');
}

async function giveOrder(victim: Victim, order: Order): Promise<readonly TakenOrder[]> {
  const target = await openIncident(victim.stack);
  if (target === undefined) return [];
  const taken: TakenOrder[] = [];
  const give = async (what: string) => {
    const resource = `/v1/incidents/${encodeURIComponent(target.id)}/${what}`;
    const reply = await post(victim, resource, { by: 'torture', reason: 'a drill' });
    if (reply?.ok === true) taken.push({ incidentId: target.id, order: what });
  };
  await give(order);
  if (order === 'pause') {
    await sleep(RESUME_AFTER_MS);
    await give('resume');
  }
  return taken;
}
