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
 * Follows the thresholds of the detectors in other processes, which the API may change at any time:
 * all judge by the same, so the first that answers tells them. While none does, the last known ones
 * hold; at first those of the configuration.
 */
export async function followThresholds(
  detectorUrls: readonly string[],
  configured: readonly Threshold[],
  token: string | undefined,
): Promise<LiveThresholds> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  let known = configured;
  /** Whether it told them. */
  const ask = async (detectorUrl: string): Promise<boolean> => {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const reply = await fetch(new URL('/internal/thresholds', detectorUrl), { headers, signal });
      if (!reply.ok) return false;
      const read = readThresholds(answer.parse(await reply.json()).thresholds);
      if (read.status === 'read') known = read.thresholds;
      return read.status === 'read';
    } catch {
      // It may be restarting; whoever watches the detector tells it, and the next look comes soon.
      return false;
    }
  };
  const look = async () => {
    for (const url of detectorUrls) {
      if (await ask(url)) return;
    }
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  return { current: () => known, stop: () => clearInterval(timer) };
}
