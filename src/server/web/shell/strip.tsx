import type { Known } from '../lib/resource.js';
import { isLive, useResource } from '../lib/resource.js';
import { duration, percent, relative } from '../lib/format.js';
import { nowMs } from '../lib/now.js';
import { health, mode, summary } from '../lib/resources.js';
import { isDark, setTheme } from '../lib/theme.js';
import { Badge } from '../ui/badge.js';
import { Icon } from '../ui/icon.js';

/** Data older than this is called old. */
const STALE_MS = 8_000;

/** What holds for everything, on every page: health, mode, violations, and how fresh this is. */
export function Strip() {
  const known = useResource(health);
  const { data } = known;
  const now = useResource(mode).data;
  const seed = useResource(summary).data;
  const word = now?.mode ?? seed?.monitoring_mode;
  return (
    <header class="strip">
      <span class="fact">
        <span class="sr">Health:</span>
        {data === undefined ? <Badge state="…" /> : <Badge state={data.status} />}
      </span>
      {word === undefined ? null : (
        <span class="fact">
          Mode <Badge state={word} bare />
          {now?.maintenance == null ? null : (
            <span class="muted">ends {relative(now.maintenance.until, nowMs())}</span>
          )}
        </span>
      )}
      {data === undefined ? null : (
        <>
          <span class="fact">
            <strong>{data.active_violations}</strong>
            {data.active_violations === 1 ? 'open violation' : 'open violations'}
          </span>
          <span class="fact">
            <strong>{percent(data.sla_compliance)}</strong> compliant
          </span>
        </>
      )}
      {now?.killSwitch?.isOn === true ? (
        <span class="badge tone-bad">
          <Icon shape="power" />
          all actions stopped
        </span>
      ) : null}
      <Fresh known={known} />
      <button
        class="btn small quiet theme-toggle"
        type="button"
        onClick={() => setTheme(isDark.value ? 'light' : 'dark')}
      >
        {isDark.value ? 'Light' : 'Dark'}
      </button>
    </header>
  );
}

/** How old what one sees is, and whether it goes on by itself. */
function Fresh({ known }: { readonly known: Known<unknown> }) {
  const { atMs, problem } = known;
  // Read so that this is drawn again every second.
  nowMs();
  if (atMs === undefined) {
    return (
      <span class="fresh" role="status">
        {problem === undefined ? 'Connecting…' : 'Not connected, trying again'}
      </span>
    );
  }
  const ageMs = Date.now() - atMs;
  if (problem !== undefined || ageMs > STALE_MS) {
    return (
      <span class="fresh tone-warn">
        <Icon shape="triangle" />
        Last updated {duration(ageMs / 1000)} ago, reconnecting
      </span>
    );
  }
  return (
    <span class="fresh">
      <Icon shape={isLive.value ? 'pulse' : 'clock'} />
      {isLive.value ? 'Live' : 'Updated every 2 s'}
    </span>
  );
}
