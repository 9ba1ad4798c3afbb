import type { IncidentDetail, Step } from '../lib/contract.js';
import { duration, number, words } from '../lib/format.js';
import { nowMs } from '../lib/now.js';
import { Icon } from './icon.js';
import { shownState } from './state.js';

const QUIET = ['skipped', 'planned'];

/** The steps of a recovery in their order, each with its exact calls and its effect on the SLI. */
export function Steps({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol class="steps">
      {steps.map((step) => {
        const state = shownState(step.state);
        return (
          <li key={step.id} class={QUIET.includes(step.state) ? 'is-quiet' : ''}>
            <span class={`mark tone-${state.tone}`}>
              <Icon shape={state.shape} />
            </span>
            <span>
              <b>{words(step.action)}</b> <span class={`tone-${state.tone}`}>{state.word}</span>
            </span>
            <Effect step={step} />
            {step.line === '' ? null : <span class="line">{step.line}</span>}
          </li>
        );
      })}
    </ol>
  );
}

function Effect({ step }: { readonly step: Step }) {
  const { before, after, startedAt, endedAt } = step;
  if (before != null && after != null) {
    return (
      <span class="effect">
        {number(before)} → {number(after)}
      </span>
    );
  }
  if (startedAt === null) return <span />;
  const untilMs = endedAt === null ? nowMs() : Date.parse(endedAt);
  return <span class="effect">{duration((untilMs - Date.parse(startedAt)) / 1000)}</span>;
}

/** What is still changed, and what undoing it does: recorded before each change was made. */
export function Owed({ owed }: { readonly owed: IncidentDetail['owed'] }) {
  if (owed.length === 0) return null;
  return (
    <div class="owed">
      <h3>Owed undos, newest first</h3>
      <ul>
        {[...owed].reverse().map(({ step, undo }) => (
          <li key={step}>{undo}</li>
        ))}
      </ul>
    </div>
  );
}
