import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Known } from '../lib/resource.js';
import { Icon, type Shape } from './icon.js';

/** A titled region. */
export function Panel(props: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly flush?: boolean;
  readonly class?: string;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={`panel ${props.class ?? ''}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{props.title}</h2>
        {props.aside === undefined ? null : <div class="aside">{props.aside}</div>}
      </header>
      <div class={`body${props.flush === true ? ' flush' : ''}`}>{props.children}</div>
    </section>
  );
}

/** Says why there is nothing. */
export function Empty(props: { readonly shape?: Shape; readonly children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon shape={props.shape ?? 'dash'} />
      <div>{props.children}</div>
    </div>
  );
}

/**
 * Shows what is known of a resource: the content, or that it loads, is not there, or could not be read.
 * Old content stays in sight while new cannot be had; the strip on top says how old it is.
 */
export function Loaded<T>(props: {
  readonly of: Known<T>;
  /** What this server lacks, in words: `circuit breakers`. */
  readonly what: string;
  readonly children: (data: T) => ComponentChildren;
}) {
  const { data, problem } = props.of;
  if (data !== undefined) return <>{props.children(data)}</>;
  if (problem?.kind === 'absent') {
    return <Empty>This server has no {props.what} yet.</Empty>;
  }
  if (problem !== undefined) {
    return (
      <Empty shape="triangle">
        Could not read the {props.what}: {problem.text}. Trying again.
      </Empty>
    );
  }
  return (
    <div class="skeleton" role="status">
      <span class="sr">Loading {props.what}</span>
      <i />
      <i />
      <i />
    </div>
  );
}
