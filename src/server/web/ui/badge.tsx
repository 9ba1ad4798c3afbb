import { Icon } from './icon.js';
import { shownState, type Shown } from './state.js';

/** A state by word, shape and tone. `bare`: without its background, for tables. */
export function Badge(props: {
  readonly state?: string;
  readonly shown?: Shown;
  readonly bare?: boolean;
}) {
  const { word, shape, tone } = props.shown ?? shownState(props.state ?? '');
  return (
    <span class={`badge tone-${tone}${props.bare === true ? ' bare' : ''}`}>
      <Icon shape={shape} />
      {word}
    </span>
  );
}
