import { randomUUID } from 'node:crypto';
import {
  isGrpcServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import {
  incidentIdOf,
  resolvedSignal,
  type IncidentInput,
  type IncidentResult,
} from '../../src/workflows/messages.js';
import {
  abortSignal,
  OPERATOR_UPDATES,
  type AbortMessage,
} from '../../src/workflows/operator-messages.js';
import type { IncidentRecord } from '../../src/domain/archive.js';
import { slowReplica, type FakeFleet } from './fake-world.js';
import type { ManyServices } from './many-services.js';
import { Gate } from './operator-gate.js';
import type { Message, Point, Seen } from './operator-points.js';

/** Long, but short of what a poll costs on a busy machine. */
const POLL_MS = 50;
/** For each wait; far more than any takes, so that the one that hangs can say where. */
const WITHIN_MS = 120_000;
const ANSWER_WITHIN_MS = 20_000;
const isLate = (error: unknown) =>
  isGrpcServiceError(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** What `abort-keep` stands for. */
export function orderOf(message: Message) {
  return message === 'abort-keep'
    ? ({ action: 'abort', keep: true } as const)
    : ({ action: message } as const);
}

/** How an incident ended: its outcome, and every effect on its fleet, in order. */
export type Ending = readonly [outcome: string, ...effects: string[]];

/** One incident of a service of its own, followed by what it writes: a query would cost it a task each. */
export class OperatorCase {
  readonly gate = new Gate();
  readonly fleet: FakeFleet;
  readonly id: string;
  private readonly service = `s-${randomUUID()}`;

  constructor(
    readonly point: Omit<Point, 'expected'>,
    private readonly services: ManyServices,
    private readonly client: Client,
  ) {
    this.fleet = services.add(this.service, point.policy ?? {});
    this.id = incidentIdOf(`${this.service}:engine-2:request_latency_p95`);
    point.arrange(this.fleet, this.gate);
  }

  private get handle() {
    type Incident = (input: IncidentInput) => Promise<IncidentResult>;
    return this.client.workflow.getHandle<Incident>(this.id);
  }

  /** The incident that holds the target before it, at a point that is blocked. */
  private get otherId(): string {
    return incidentIdOf(`${this.service}:engine-2:another`);
  }

  private seen(id = this.id): Seen {
    const { records, lines } = this.services.ledger;
    // Not the last: an attempt that was given up may write after the one that followed it.
    const record = records
      .filter((one) => one.id === id)
      .reduce<IncidentRecord | undefined>(
        (newest, one) => (one.revision >= (newest?.revision ?? 0) ? one : newest),
        undefined,
      );
    const stages = new Set(lines.filter((l) => l.incidentId === id).map(({ stage }) => stage));
    return { state: record?.state, outcome: record?.outcome, stages, gate: this.gate };
  }

  /** Lines of the incident's own story. */
  get story(): readonly string[] {
    const mine = this.services.ledger.lines.filter(({ incidentId }) => incidentId === this.id);
    return mine.map(({ stage, text }) => `${stage}: ${text}`);
  }

  private async until(what: string, is: (seen: Seen) => boolean, id = this.id): Promise<void> {
    const untilMs = Date.now() + WITHIN_MS;
    while (!is(this.seen(id))) {
      if (Date.now() > untilMs) {
        const { state, outcome } = this.seen(id);
        const told = `${state ?? 'unwritten'}, ${outcome ?? 'no outcome'}\n${this.story.join('\n')}`;
        throw new Error(`${what}: not so after ${WITHIN_MS / 1000} s: ${told}`);
      }
      await pause();
    }
  }

  private async start(threshold = 'request_latency_p95'): Promise<void> {
    const { service } = this;
    const fingerprint = `${service}:engine-2:${threshold}`;
    const violation = slowReplica({ service, fingerprint, threshold, severity: 'major' });
    const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
    await this.client.workflow.start('incident', {
      workflowId: incidentIdOf(fingerprint),
      taskQueue: 'recovery',
      args: [input],
    });
  }

  /** Leads it to its point. */
  async reach(): Promise<void> {
    const { point, gate } = this;
    if (point.isBlocked === true) {
      await this.start('another');
      const holds = ({ state }: Seen) => state === 'awaiting-approval';
      await this.until('another holds the target', holds, this.otherId);
    }
    await this.start();
    if (point.first !== undefined) {
      await this.until('its gate', () => gate.isReached);
      await this.say(point.first);
      await this.until('paused', ({ state }) => state === 'paused');
      gate.open();
    }
    if (point.isResolved === true) {
      await this.until('recovered', ({ outcome }) => outcome === 'recovered');
      await this.cure();
    }
    await this.until(`its point, ${point.name}`, (seen) => point.isReached(seen));
  }

  /** The fault passes, and the detector tells so. */
  async cure(): Promise<void> {
    this.fleet.latencyOf = () => 110;
    this.fleet.note();
    await this.resolve();
  }

  private resolve(): Promise<void> {
    return this.handle.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'inside' });
  }

  /** Sends it as Temporal's UI does; returns why it was refused, or undefined. */
  async say(message: Message): Promise<string | undefined> {
    const { action, ...keep } = orderOf(message);
    const updateId = randomUUID();
    const args: [AbortMessage] = [{ by: 'ada', reason: 'a drill', ...keep }];
    const untilMs = Date.now() + WITHIN_MS;
    for (;;) {
      try {
        // A server that is overtaxed may lose one before it is taken: it is sent again, as the same.
        await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
          this.handle.executeUpdate(OPERATOR_UPDATES[action], { args, updateId }),
        );
        return undefined;
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError)
          return error.cause?.message ?? error.message;
        if (!isLate(error) || Date.now() > untilMs) throw error;
      }
    }
  }

  /** Waits until whoever it is for has it: the incident, or the recovery that it is forwarded to. */
  async heard(message: Message): Promise<void> {
    const { action } = orderOf(message);
    const isSaid = () => this.story.some((line) => line.startsWith(`operator: ada: ${action}`));
    // A recovery that rolls back already is told of an abort, and has nothing to say to it. At a look
    // that holds the worker's task, the line comes with what follows it.
    const isLater = this.point.isHeldTask === true && action === 'abort';
    if (isLater) this.gate.open();
    await this.until(`${action} is heard`, ({ state }) => state === 'rolling-back' || isSaid());
  }

  /** Waits for the end of all that it tries by itself. `answers`: with a yes to all that is asked. */
  async settle(answers: boolean): Promise<void> {
    this.gate.open();
    const isOver = ({ state, outcome }: Seen) =>
      state === 'escalated' || outcome === 'recovered' || outcome === 'aborted';
    const asks = ({ state }: Seen) =>
      answers && (state === 'awaiting-approval' || state === 'paused');
    for (;;) {
      await this.until('its end', (seen) => isOver(seen) || asks(seen));
      const { state } = this.seen();
      if (isOver(this.seen())) return;
      if (state === 'paused') await this.say('resume');
      else if ((await this.say('approve')) !== undefined) await this.say('approve-rollback');
      await pause();
    }
  }

  /** Lets it go on to its end. */
  async finish(answers = true): Promise<Ending> {
    if (this.point.isBlocked === true) return this.finishBehind();
    await this.settle(answers);
    await this.resolve().catch(() => undefined);
    const { outcome } = await this.handle.result();
    return [outcome, ...this.fleet.effects];
  }

  /** The one before goes on only when this one is over: its effects are not this one's. */
  private async finishBehind(): Promise<Ending> {
    await this.resolve().catch(() => undefined);
    const { outcome } = await this.handle.result();
    const ended: Ending = [outcome, ...this.fleet.effects];
    const other = this.client.workflow.getHandle(this.otherId);
    await other.signal(abortSignal, { by: 'test' });
    await other.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'inside' });
    await other.result();
    return ended;
  }
}
