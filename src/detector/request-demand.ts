import { requestsIn, type Measure } from './measure.js';
import type { MeasureId } from './sli-catalogue.js';

/** A measure's amount per second of its window. */
export function perSecond(amount: number, windowMs: number): number {
  return (1000 * amount) / windowMs;
}

/**
 * Requests per second behind a measure, where it can be told: they are counted in quantiles and
 * ratios, and for tokens taken from the other measures of the same scope, which `current` knows.
 */
export function demandBehind(
  id: MeasureId,
  measure: Measure,
  current: (id: MeasureId) => Measure | undefined,
): number | undefined {
  if (measure.kind === 'histogram') {
    return perSecond(requestsIn(measure.counts), measure.windowMs);
  }
  if (measure.kind === 'ratio') return perSecond(measure.whole, measure.windowMs);
  return id === 'generated-tokens' ? demandForTokens(measure, current) : undefined;
}

/**
 * Requests asked of a scope: as the gateway hands them out, or as they finish. While nothing comes
 * out although requests are in flight, these are the demand: a hung engine finishes none and must not
 * look idle.
 */
function demandForTokens(
  tokens: Measure,
  current: (id: MeasureId) => Measure | undefined,
): number | undefined {
  const known: number[] = [];
  const arrivals = current('gateway-arrivals');
  if (arrivals?.kind === 'rate') known.push(perSecond(arrivals.amount, arrivals.windowMs));
  const finished = current('finished-requests') ?? current('http-responses');
  if (finished?.kind === 'ratio') known.push(perSecond(finished.whole, finished.windowMs));
  if (tokens.kind === 'rate' && tokens.amount === 0) {
    let inFlight = 0;
    for (const level of [current('running'), current('waiting')]) {
      if (level?.kind === 'level') inFlight += level.value;
    }
    if (inFlight > 0) known.push(perSecond(inFlight, tokens.windowMs));
  }
  return known.length === 0 ? undefined : Math.max(...known);
}
