import { useSignal } from '@preact/signals';
import type { Recommendation } from '../../lib/rca-contract.js';
import { moment, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { incidentPath } from '../../lib/router.js';
import { Badge } from '../../ui/badge.js';
import { order } from '../../ui/order-dialog.js';
import { Empty } from '../../ui/panel.js';
import { shownRecommendation } from '../../ui/state.js';

const SHOWN = 40;
const STATES = ['open', 'accepted', 'done', 'dismissed'] as const;
const NEXT: Readonly<Record<string, readonly (readonly [state: string, verb: string])[]>> = {
  open: [
    ['accepted', 'Accept'],
    ['dismissed', 'Dismiss'],
  ],
  accepted: [
    ['done', 'Done'],
    ['dismissed', 'Dismiss'],
  ],
};

/** What people should do, tracked to done. */
export function Recommendations({ all }: { readonly all: readonly Recommendation[] }) {
  const state = useSignal<string>('open');
  const shown = all.filter((one) => one.state === state.value);
  return (
    <>
      <div class="toolbar" style={{ padding: '8px 16px' }}>
        <div class="segmented" role="group" aria-label="State of recommendations">
          {STATES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={state.value === one}
              onClick={() => (state.value = one)}
            >
              {one} {all.filter((r) => r.state === one).length}
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 ? (
        <Empty shape="check">None is {state.value}.</Empty>
      ) : (
        <ul class="list">
          {shown.slice(0, SHOWN).map((one) => (
            <li key={`${one.reportId}/${one.id}`}>
              <div class="row">
                <Badge shown={shownRecommendation(one.state)} bare />
                <span class="muted">{words(one.category)}</span>
                <a href={incidentPath(one.incidentId)}>
                  {one.incidentId.replace(/^incident:/, '')}
                </a>
                {one.by === null ? null : (
                  <span class="muted">
                    by {one.by} {moment(one.at, nowMs())}
                  </span>
                )}
                <span class="end row">
                  {(NEXT[one.state] ?? []).map(([next, verb]) => (
                    <button
                      key={next}
                      class="btn small"
                      type="button"
                      onClick={() => set(one, next, verb)}
                    >
                      {verb}
                    </button>
                  ))}
                </span>
              </div>
              <p class="wrap">{one.text}</p>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function set(one: Recommendation, state: string, verb: string): void {
  order({
    title: `${verb}: is that right?`,
    text: one.text,
    verb,
    needsReason: state === 'dismissed',
    method: 'POST',
    path: `/v1/recommendations/${encodeURIComponent(one.id)}`,
    body: { state },
  });
}
