import type { StoryLine } from '../../lib/contract.js';
import { clock, words } from '../../lib/format.js';
import { stageTone } from '../../ui/state.js';
import { Empty } from '../../ui/panel.js';

/** What happened, in order. */
export function Story({ lines }: { readonly lines: readonly StoryLine[] }) {
  if (lines.length === 0) return <Empty>Nothing is written yet.</Empty>;
  return (
    <ol class="story">
      {lines.map(({ at, stage, text }, i) => (
        <li key={`${at ?? ''}/${i}`}>
          <time {...(at === null ? {} : { dateTime: at })}>{clock(at)}</time>
          <span class={`stage tone-${stageTone(stage)}`}>{words(stage)}</span>
          <span class="text">{text}</span>
        </li>
      ))}
    </ol>
  );
}
