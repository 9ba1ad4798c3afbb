import { z } from 'zod';
import type { Violation } from '../domain/sla/violation.js';
import type { Origin } from './incident-gate.js';
import { JsonFile } from './json-file.js';
import { violationSchema } from './violation-schema.js';

/** Keys of reports that have ended: a late repetition must not open them again. */
const MAX_ENDED = 10_000;
const REMEMBER_MS = 24 * 3_600_000;

const fileSchema = z.object({
  version: z.literal(1),
  open: z.array(
    z.object({
      key: z.string(),
      violation: violationSchema,
      source: z.enum(['api', 'alertmanager']),
      evidence: z.string().optional(),
      untilMs: z.number(),
    }),
  ),
  ended: z.array(z.object({ key: z.string(), atMs: z.number() })),
});

/** One report of an engine, or one episode of an alert. */
export interface ExternalReport {
  /** The same key is the same report, however often it arrives. */
  readonly key: string;
  readonly violation: Violation;
  readonly origin: Origin;
}

/** What a report did: opened its incident, joined one that others opened, was known, or comes too late. */
export type Reported = 'opened' | 'joined' | 'repeated' | 'ended';

/** What reports act on: see `Dispatcher`. */
interface Holder {
  hold(violation: Violation, origin: Origin): void;
  letGo(fingerprint: string, why: string, atMs: number): void;
}

/**
 * Reports from outside that hold incidents open: each until it is resolved, or its time has passed
 * without a repetition. An incident is held as long as any report of it is. The reports are in a file
 * before they are acknowledged, so that a restart goes on holding them; the incidents themselves are
 * Temporal's, and carry the same time, so that one whose report is lost here ends as well.
 */
export class ExternalReports {
  readonly #open = new Map<string, ExternalReport>();
  readonly #ended = new Map<string, number>();
  readonly #file: JsonFile<typeof fileSchema>;

  constructor(
    file: string,
    private readonly holder: Holder,
    private readonly now: () => number,
    /** Reports of other services, which moved to another detector, are dropped: that one will end them. */
    private readonly isOwn: (service: string) => boolean = () => true,
  ) {
    this.#file = new JsonFile(file, fileSchema);
  }

  /** How many hold incidents open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Of the same. */
  get openKeys(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Takes up what the last run held. @throws Error when the file can't be used; nothing is held then. */
  async restore(): Promise<void> {
    const saved = await this.#file.read();
    for (const { key, atMs } of saved?.ended ?? []) this.#ended.set(key, atMs);
    for (const { key, violation, source, evidence, untilMs } of saved?.open ?? []) {
      if (!this.isOwn(violation.service)) continue;
      const report = { key, violation, origin: { source, evidence, untilMs } };
      this.#open.set(key, report);
      this.holder.hold(violation, report.origin);
    }
  }

  /**
   * Takes a report; durable when it resolves. A repetition prolongs it and may make it graver, but
   * stays with the incident that it opened, also when the thresholds have changed meanwhile.
   */
  async report(report: ExternalReport): Promise<{ status: Reported; fingerprint: string }> {
    const { key, origin } = report;
    const known = this.#open.get(key);
    const violation =
      known === undefined
        ? report.violation
        : { ...known.violation, severity: report.violation.severity };
    const { fingerprint } = violation;
    if (this.#ended.has(key)) return { status: 'ended', fingerprint };
    const isHeld = this.#holds(fingerprint);
    this.#open.set(key, { key, violation, origin });
    this.holder.hold(violation, origin);
    await this.#save();
    const first = isHeld ? 'joined' : 'opened';
    return { status: known === undefined ? first : 'repeated', fingerprint };
  }

  /** Ends a report; its fingerprint, or undefined where none of that key is open. Durable when it resolves. */
  async resolve(key: string, why: string): Promise<string | undefined> {
    const fingerprint = this.#open.get(key)?.violation.fingerprint;
    // Also of one never heard of: deliveries overtake each other, and its firing may still come.
    this.#end(key, why);
    await this.#save();
    return fingerprint;
  }

  /** Ends the reports whose time has passed. */
  async expire(): Promise<void> {
    const nowMs = this.now();
    const over = [...this.#open.values()].filter(({ origin }) => origin.untilMs <= nowMs);
    if (over.length === 0) return;
    for (const { key } of over) this.#end(key, 'its source has neither repeated nor resolved it');
    await this.#save();
  }

  #end(key: string, why: string): void {
    const report = this.#open.get(key);
    this.#open.delete(key);
    this.#ended.delete(key);
    this.#ended.set(key, this.now());
    if (report === undefined) return;
    const { fingerprint } = report.violation;
    if (!this.#holds(fingerprint)) this.holder.letGo(fingerprint, why, this.now());
  }

  #holds(fingerprint: string): boolean {
    for (const { violation } of this.#open.values()) {
      if (violation.fingerprint === fingerprint) return true;
    }
    return false;
  }

  #save(): Promise<void> {
    const oldestMs = this.now() - REMEMBER_MS;
    for (const [key, atMs] of this.#ended) {
      if (atMs > oldestMs && this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(key);
    }
    return this.#file.write(() => ({
      version: 1,
      open: [...this.#open.values()].map(({ key, violation, origin }) => ({
        ...{ key, violation },
        ...{ source: origin.source, evidence: origin.evidence, untilMs: origin.untilMs },
      })),
      ended: [...this.#ended].map(([key, atMs]) => ({ key, atMs })),
    }));
  }
}
