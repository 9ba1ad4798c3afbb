import type { ComponentChildren } from 'preact';

/** Key figures in a row. */
export function Stats(props: { readonly children: ComponentChildren }) {
  return <dl class="stats">{props.children}</dl>;
}

/** One of them: a number, or a word where `isWord`. */
export function Stat(props: {
  readonly label: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly isWord?: boolean;
}) {
  return (
    <div class="stat">
      <dt>{props.label}</dt>
      <dd class={props.isWord === true ? 'word' : ''}>{props.value}</dd>
      {props.note === undefined ? null : <dd class="note">{props.note}</dd>}
    </div>
  );
}
