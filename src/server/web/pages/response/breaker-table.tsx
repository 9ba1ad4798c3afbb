import { useSignal } from '@preact/signals';
import type { Breaker } from '../../lib/contract.js';
import { relative, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { Badge } from '../../ui/badge.js';
import { Empty } from '../../ui/panel.js';
import { shownBreaker } from '../../ui/state.js';
import { setBreaker } from './orders.js';

const ORDER = ['isolated', 'open', 'half-open', 'closed'];

/** Every breaker, those that hold traffic back first, with what one can set it to. */
export function BreakerTable({ breakers }: { readonly breakers: readonly Breaker[] }) {
  const isAll = useSignal(false);
  if (breakers.length === 0) {
    return <Empty>No breaker has been needed yet: each is made when something first fails.</Empty>;
  }
  // Each service and replica has one of every kind: those that are closed and count nothing say nothing.
  const calm = breakers.filter((one) => one.state === 'closed' && one.failures === 0);
  const shown = (isAll.value ? breakers : breakers.filter((one) => !calm.includes(one))).toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state),
  );
  return (
    <ul class="list">
      <li class="row">
        <Badge shown={shownBreaker('closed')} bare />
        <span>
          {calm.length} of {breakers.length} without failures
        </span>
        <button
          class="btn small quiet end"
          type="button"
          aria-pressed={isAll.value}
          onClick={() => (isAll.value = !isAll.value)}
        >
          {isAll.value ? 'Hide them' : 'Show all'}
        </button>
      </li>
      {shown.map((one) => (
        <li key={one.id}>
          <div class="row">
            <Badge shown={shownBreaker(one.state)} />
            <strong>{scope(one)}</strong>
            <span class="end row">
              {one.state === 'closed' ? (
                <button
                  class="btn small quiet"
                  type="button"
                  onClick={() => setBreaker(one, 'open')}
                >
                  Open<span class="sr"> the breaker of {scope(one)}</span>
                </button>
              ) : (
                <button class="btn small" type="button" onClick={() => setBreaker(one, 'close')}>
                  Close<span class="sr"> the breaker of {scope(one)}</span>
                </button>
              )}
              {one.state === 'isolated' ? null : (
                <button
                  class="btn small quiet"
                  type="button"
                  onClick={() => setBreaker(one, 'isolate')}
                >
                  Isolate<span class="sr"> {scope(one)}</span>
                </button>
              )}
            </span>
          </div>
          <p class="muted">{detailOf(one)}</p>
        </li>
      ))}
    </ul>
  );
}

function detailOf(one: Breaker): string {
  const parts = [
    words(one.kind),
    one.reason,
    one.by === null ? null : `by ${one.by}`,
    one.openedAt === null || one.state === 'closed'
      ? null
      : `opened ${relative(one.openedAt, nowMs())}`,
    one.until === null || one.state === 'closed'
      ? null
      : `tries again ${relative(one.until, nowMs())}`,
    one.failures > 0 ? `${one.failures} failures` : null,
    one.failedTrials > 0 && one.state !== 'closed' ? `${one.failedTrials} failed trials` : null,
    one.state === 'half-open' ? `${one.successes} successes` : null,
  ].filter((part) => part !== null && part !== '');
  return parts.join(' · ');
}
