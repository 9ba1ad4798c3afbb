import type { Logger } from 'pino';
import type { Detector } from '../detector/detector.js';

const LOOK_EVERY_MS = 500;
/** A target that hangs is told of after its timeout; what is known by then is told. */
const WAIT_MS = 30_000;

/**
 * Logs the start-up report once each target was asked: a line for each threshold, a warning for one
 * that can't be measured. Returns what stops the waiting.
 */
export function tellCoverage(detector: Detector, log: Logger): () => void {
  const untilMs = Date.now() + WAIT_MS;
  const timer = setInterval(() => {
    // A rate needs two scrapes; what a source is bound to shows with its first.
    const isKnown = detector.targets().every(({ isUp }) => isUp !== undefined);
    if (!isKnown && Date.now() < untilMs) return;
    clearInterval(timer);
    for (const { threshold, service, status, text } of detector.coverage()) {
      const line = `${threshold} of ${service} is ${status}: ${text}`;
      if (status === 'measurable') log.info({ threshold, service, status }, line);
      else log.warn({ threshold, service, status }, line);
    }
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
