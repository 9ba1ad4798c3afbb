import { z } from 'zod';
import { ErrorBudget, type BudgetState, type BudgetView } from '../domain/sla/error-budget.js';
import type { SlaEvent, SliSample } from '../domain/sla/samples.js';
import type { Slo } from '../domain/sla/slo.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { fingerprintOf, type Violation } from '../domain/sla/violation.js';
import { JsonFile } from './json-file.js';

/** Its own numbers come back; what they mean is for the budget to say. */
const fileSchema = z.object({
  version: z.literal(1),
  budgets: z.array(z.custom<BudgetState>((value) => typeof value === 'object' && value !== null)),
});

/** Budgets change by the minute; judging them more often finds nothing more. */
const JUDGE_EVERY_MS = 15_000;

/**
 * The error budgets of all services: fed with the samples that thresholds are judged by, judged every
 * 15 s, kept in a file of their own since their windows are days long.
 */
export class ErrorBudgets {
  readonly #budgets = new Map<string, ErrorBudget>();
  readonly #file: JsonFile<typeof fileSchema>;
  #saved: readonly BudgetState[] = [];
  #judgedAtMs = -Infinity;
  #bySlo: readonly { readonly slo: Slo; readonly threshold: Threshold }[] = [];

  constructor(
    file: string,
    private readonly slos: readonly Slo[],
    thresholds: readonly Threshold[],
    /** Budgets of other services, which moved to another detector, are dropped. */
    private readonly isOwn: (service: string) => boolean = () => true,
  ) {
    this.#file = new JsonFile(file, fileSchema);
    this.setThresholds(thresholds);
  }

  /** Takes up what the last run knew. @throws Error when the file can't be used; it begins anew then. */
  async restore(): Promise<void> {
    const saved = (await this.#file.read())?.budgets ?? [];
    this.#saved = saved.filter(({ service }) => this.isOwn(service));
    for (const { slo, service } of this.#saved) {
      const found = this.#bySlo.find((one) => one.slo.name === slo);
      if (found !== undefined) this.#of(found.slo, found.threshold, service);
    }
  }

  save(): Promise<void> {
    return this.#file.write(() => ({
      version: 1,
      budgets: [...this.#budgets.values()].map((budget) => budget.snapshot()),
    }));
  }

  /** Other thresholds are in force: what is bad may mean something else; what was counted stays. */
  setThresholds(thresholds: readonly Threshold[]): void {
    const saved = [...this.#budgets.values()].map((budget) => budget.snapshot());
    if (saved.length > 0) this.#saved = saved;
    this.#budgets.clear();
    this.#bySlo = this.slos.flatMap((slo) => {
      const threshold = thresholds.find(({ name, enabled }) => enabled && name === slo.threshold);
      return threshold === undefined ? [] : [{ slo, threshold }];
    });
    for (const { slo, service } of this.#saved) {
      const found = this.#bySlo.find((one) => one.slo.name === slo);
      if (found !== undefined) this.#of(found.slo, found.threshold, service);
    }
  }

  observe(sample: SliSample): void {
    for (const { slo, threshold } of this.#bySlo) {
      if (threshold.metric !== sample.metric) continue;
      this.#of(slo, threshold, sample.service).observe(sample);
    }
  }

  /** What changed as of `nowMs`; `open` are the thresholds' own violations. */
  judge(nowMs: number, open: readonly Violation[]): SlaEvent[] {
    if (nowMs - this.#judgedAtMs < JUDGE_EVERY_MS) return [];
    this.#judgedAtMs = nowMs;
    const events: SlaEvent[] = [];
    for (const budget of this.#budgets.values()) {
      const { service, slo } = budget;
      const isCovered = open.some((v) => v.service === service && v.threshold === slo.threshold);
      const previous = budget.open?.severity;
      const change = budget.judge(nowMs, isCovered);
      if (change === undefined) continue;
      const { type, violation } = change;
      if (type === 'violation') events.push({ type, atMs: nowMs, violation });
      else if (type === 'resolved') {
        events.push({ type, atMs: nowMs, violation, because: 'compliant' });
      } else if (previous !== undefined) {
        events.push({ type, atMs: nowMs, violation, previous });
      }
    }
    return events;
  }

  open(): Violation[] {
    return [...this.#budgets.values()].flatMap(({ open }) => open ?? []);
  }

  views(nowMs: number): BudgetView[] {
    return [...this.#budgets.values()].map((budget) => budget.view(nowMs));
  }

  /** Whether that fingerprint is a budget's, watched long enough, and none of its rules fires. */
  isOver(fingerprint: string, nowMs: number): boolean {
    return [...this.#budgets.values()].some(
      (budget) =>
        budget.open === undefined &&
        budget.isCovered(nowMs) &&
        fingerprintOf({ service: budget.service, replica: undefined }, budget.slo.name) ===
          fingerprint,
    );
  }

  #of(slo: Slo, threshold: Threshold, service: string): ErrorBudget {
    const key = `${slo.name}\n${service}`;
    const known = this.#budgets.get(key);
    if (known !== undefined) return known;
    const state = this.#saved.find((one) => one.slo === slo.name && one.service === service);
    const made = new ErrorBudget(slo, service, threshold, state);
    this.#budgets.set(key, made);
    return made;
  }
}
