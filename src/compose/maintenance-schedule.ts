import { Cron } from 'croner';
import type { MaintenanceWindow } from '../config/monitor-schema.js';
import type { ScheduledWindow } from '../server/mode.js';

/** A window that is under way or to come, by its start: an instant names it wherever it is computed. */
export function windowAt(window: MaintenanceWindow, nowMs: number): ScheduledWindow {
  const { name, cron, timeZone, reason } = window;
  const schedule = new Cron(cron, { timezone: timeZone, paused: true });
  // The first that begins after this is the one under way, if any is.
  const from = schedule.nextRun(new Date(nowMs - window.for)) ?? undefined;
  const fromMs = from?.getTime();
  const untilMs = fromMs === undefined ? undefined : fromMs + window.for;
  return { name, cron, timeZone, reason, fromMs, untilMs };
}

/** What the monitor is asked for a window that is under way. */
export interface WindowOrder {
  readonly on: true;
  /** Unique for each time that it comes. */
  readonly window: string;
  readonly untilMs: number;
  readonly by: string;
  readonly reason: string;
}

/** How often it is looked at the clock: a window begins at a minute. */
const LOOK_EVERY_MS = 5_000;

/**
 * Enters scheduled maintenance, level-triggered: while a window is under way the monitor is asked for it
 * until it took it. Several workers ask for the same; the monitor ends it by itself.
 */
export class MaintenanceSchedule {
  readonly #taken = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly windows: readonly MaintenanceWindow[],
    private readonly ask: (order: WindowOrder) => Promise<unknown>,
    private readonly onProblem: (error: unknown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  start(): void {
    if (this.windows.length === 0) return;
    const look = () => void this.look().catch(this.onProblem);
    this.#timer = setInterval(look, LOOK_EVERY_MS);
    look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at the clock. */
  async look(): Promise<void> {
    const nowMs = this.now();
    for (const one of this.windows) {
      const { name, reason, fromMs, untilMs } = windowAt(one, nowMs);
      if (fromMs === undefined || untilMs === undefined || fromMs > nowMs) continue;
      const window = `${name}@${fromMs}`;
      if (this.#taken.has(window)) continue;
      await this.ask({ on: true, window, untilMs, by: `schedule "${name}"`, reason });
      this.#taken.add(window);
    }
  }
}
