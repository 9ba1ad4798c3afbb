import type { Waiting } from '../lib/contract.js';
import { duration } from '../lib/format.js';
import { nowMs } from '../lib/now.js';
import { Icon } from './icon.js';

/** What waits for an answer, how long still, what happens without one, and the two answers. */
export function Asking(props: {
  readonly waiting: Waiting;
  readonly onApprove: () => void;
  readonly onDeny: () => void;
}) {
  const { waiting } = props;
  const leftS = waiting.until === null ? undefined : (Date.parse(waiting.until) - nowMs()) / 1000;
  return (
    <div class="asking">
      <p class="row tone-ask">
        <Icon shape="diamond" />
        <strong>
          {waiting.kind === 'rollback'
            ? 'A rollback waits for your approval'
            : 'A step waits for your approval'}
        </strong>
      </p>
      <code>{waiting.line}</code>
      {leftS === undefined ? null : (
        <p class="muted">
          Without an answer in {duration(leftS)}: {waiting.onTimeout}.
        </p>
      )}
      <div class="actions">
        <button class="btn ask" type="button" onClick={props.onApprove}>
          Approve
        </button>
        <button class="btn" type="button" onClick={props.onDeny}>
          Deny
        </button>
      </div>
    </div>
  );
}
