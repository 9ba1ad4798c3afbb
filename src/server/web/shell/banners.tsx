import type { ComponentChildren } from 'preact';
import { relative } from '../lib/format.js';
import { nowMs } from '../lib/now.js';
import { useResource } from '../lib/resource.js';
import { health, mode } from '../lib/resources.js';
import { Icon, type Shape } from '../ui/icon.js';
import type { Tone } from '../ui/state.js';

/** What stands in the way, on top of every page: no connection, parts that do not answer, stopped actions. */
export function Banners() {
  const { data, problem } = useResource(health);
  const now = useResource(mode).data;
  const kill = now?.killSwitch;
  return (
    <div class="banners" role="region" aria-label="Notices" aria-live="polite">
      {problem === undefined ? null : (
        <Banner tone="bad" shape="triangle">
          <strong>No connection.</strong> {sentence(problem.text)} What you see is the last that was
          known; detection and recovery do not depend on this page.
        </Banner>
      )}
      {(data?.problems ?? []).map((text) => (
        <Banner key={text} tone="warn" shape="triangle">
          {sentence(text)}
        </Banner>
      ))}
      {kill?.isOn === true ? (
        <Banner tone="bad" shape="power">
          <strong>The kill switch is on:</strong> no action is taken. By {kill.by}
          {kill.reason === '' ? '' : `: ${kill.reason}`}.
        </Banner>
      ) : null}
      {now?.maintenance == null ? null : (
        <Banner tone="info" shape="wrench">
          <strong>Maintenance</strong> ends {relative(now.maintenance.until, nowMs())}, by{' '}
          {now.maintenance.by}: {now.maintenance.reason}. Nobody is notified, and nothing is
          repaired automatically.
        </Banner>
      )}
    </div>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function Banner(props: {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`banner tone-${props.tone}`}>
      <Icon shape={props.shape} />
      <div>
        <p>{props.children}</p>
      </div>
    </div>
  );
}
