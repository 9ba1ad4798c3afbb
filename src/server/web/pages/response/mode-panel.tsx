import { relative } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { useResource } from '../../lib/resource.js';
import { mode, summary } from '../../lib/resources.js';
import { Badge } from '../../ui/badge.js';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import { setKillSwitch, setMaintenance } from './orders.js';

/** The mode with its reason, maintenance, and the switch that stops every action. */
export function ModePanel() {
  const { data } = useResource(mode);
  const seed = useResource(summary).data;
  const word = data?.mode ?? seed?.monitoring_mode ?? '…';
  const kill = data?.killSwitch;
  return (
    <Panel title="Mode and stops">
      <dl class="facts">
        <dt>Mode</dt>
        <dd>
          <Badge state={word} bare />
          {data?.since == null ? null : (
            <span class="muted"> since {relative(data.since, nowMs())}</span>
          )}
          {data?.why == null ? null : <div class="muted">{data.why}</div>}
        </dd>
        {data === undefined ? null : (
          <>
            <dt>Maintenance</dt>
            <dd>
              {data.maintenance == null
                ? 'none'
                : `by ${data.maintenance.by}, ends ${relative(data.maintenance.until, nowMs())}: ${data.maintenance.reason}`}
            </dd>
            <dt>Kill switch</dt>
            <dd>
              {kill?.isOn === true ? (
                <span class="tone-bad">
                  on, by {kill.by}
                  {kill.reason === '' ? '' : `: ${kill.reason}`}
                </span>
              ) : (
                'off: actions are allowed'
              )}
            </dd>
          </>
        )}
      </dl>
      <div class="actions" style={{ marginTop: '12px' }}>
        {data === undefined ? null : (
          <button
            class="btn small"
            type="button"
            onClick={() => setMaintenance(data.mode !== 'maintenance')}
          >
            <Icon shape="wrench" />
            {data.mode === 'maintenance' ? 'End maintenance' : 'Begin maintenance'}
          </button>
        )}
        {kill?.isOn === true ? (
          <button class="btn small" type="button" onClick={() => setKillSwitch(false)}>
            <Icon shape="check" />
            Allow actions
          </button>
        ) : (
          <button class="btn small danger" type="button" onClick={() => setKillSwitch(true)}>
            <Icon shape="power" />
            Stop all actions
          </button>
        )}
      </div>
    </Panel>
  );
}
