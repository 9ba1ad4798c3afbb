import type { HeartbeatActivities } from './contract.js';

/** What a heartbeat needs: undefined where none is configured. */
export interface Heartbeat {
  readonly periodMs: number;
  /** Why detection or dispatch do not work; undefined when they do. */
  problem(): Promise<string | undefined>;
  /** Tells the switch. @throws when it does not take it. */
  send(): Promise<void>;
  /** How it went, for telemetry and the log. */
  readonly onBeat: (result: BeatResult, why: string | undefined) => void;
}

/** `withheld`: something does not work, so the switch is left to raise the alarm. */
export type BeatResult = 'sent' | 'withheld' | 'failed';

/** The activity behind the heartbeat workflow. It never fails: the next beat is the retry. */
export function createHeartbeatActivities(heartbeat: Heartbeat | undefined): HeartbeatActivities {
  return {
    async beat() {
      if (heartbeat === undefined) return { nextAfterMs: undefined };
      const why = await heartbeat.problem();
      if (why === undefined) {
        await heartbeat.send().then(
          () => heartbeat.onBeat('sent', undefined),
          (error: unknown) =>
            heartbeat.onBeat('failed', error instanceof Error ? error.message : String(error)),
        );
      } else heartbeat.onBeat('withheld', why);
      return { nextAfterMs: heartbeat.periodMs };
    },
  };
}
