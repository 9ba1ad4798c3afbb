import { z } from 'zod';
import { readThresholds } from '../config/threshold-text.js';
import type { Threshold } from '../domain/sla/threshold.js';

/** A change reaches workers within this time; judging a step takes longer. */
const LOOK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 2_000;

const answer = z.object({ thresholds: z.array(z.unknown()) });

/** The thresholds in force, as last heard of. */
export interface LiveThresholds {
  current(): readonly Threshold[];
  stop(): void;
}

/**
 * Follows the thresholds of a detector in another process, which the API may change at any time.
 * While it does not answer, the last known ones hold; at first those of the configuration.
 */
export async function followThresholds(
  detectorUrl: string,
  configured: readonly Threshold[],
  token: string | undefined,
): Promise<LiveThresholds> {
  const url = new URL('/internal/thresholds', detectorUrl);
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  let known = configured;
  const look = async () => {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const reply = await fetch(url, { headers, signal });
      if (!reply.ok) return;
      const read = readThresholds(answer.parse(await reply.json()).thresholds);
      if (read.status === 'read') known = read.thresholds;
    } catch {
      // It may be restarting; whoever watches the detector tells it, and the next look comes soon.
    }
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  return { current: () => known, stop: () => clearInterval(timer) };
}
