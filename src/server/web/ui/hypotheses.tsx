import type { ComponentChildren } from 'preact';
import type { Hypothesis } from '../lib/rca-contract.js';
import { percent, scope } from '../lib/format.js';
import { Icon } from './icon.js';

const SHOWN_ARGUMENTS = 4;

/** Hypotheses, the likeliest first, with what speaks for and against each; with the undetermined share they make 100 %. */
export function Hypotheses(props: {
  readonly hypotheses: readonly Hypothesis[];
  readonly undetermined: number;
}) {
  return (
    <ul class="hypotheses">
      {props.hypotheses.map((one) => (
        <li key={one.kind}>
          <Share
            label={
              <>
                <b>{one.title}</b> <span class="muted">{scope(one)}</span>
              </>
            }
            share={one.probability}
          />
          {one.mechanism == null ? null : <p>{one.mechanism}</p>}
          <ul class="arguments">
            {one.evidenceFor.slice(0, SHOWN_ARGUMENTS).map(({ text }) => (
              <li key={text}>
                <span class="tone-good">
                  <Icon shape="plus" />
                  <span class="sr">for: </span>
                </span>
                {text}
              </li>
            ))}
            {one.evidenceAgainst.slice(0, SHOWN_ARGUMENTS).map(({ text }) => (
              <li key={text}>
                <span class="tone-bad">
                  <Icon shape="minus" />
                  <span class="sr">against: </span>
                </span>
                {text}
              </li>
            ))}
          </ul>
        </li>
      ))}
      <li>
        <Share label="undetermined" share={props.undetermined} isQuiet />
      </li>
    </ul>
  );
}

/** A share of 1 as a bar with its number. */
export function Share(props: {
  readonly label: ComponentChildren;
  readonly share: number;
  /** What stands beside the bar; the share in percent where left out. */
  readonly text?: string;
  readonly isQuiet?: boolean;
}) {
  const width = Math.max(0, Math.min(1, props.share)) * 100;
  return (
    <div class="share">
      <span>{props.label}</span>
      <span class="num">{props.text ?? percent(props.share * 100)}</span>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="8" rx="1" />
        <rect
          class={`value${props.isQuiet === true ? ' quiet' : ''}`}
          width={width}
          height="8"
          rx="1"
        />
      </svg>
      <span />
    </div>
  );
}
