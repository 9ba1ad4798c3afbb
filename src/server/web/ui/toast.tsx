import { signal } from '@preact/signals';
import { Icon } from './icon.js';

interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

const SHOWN_MS = 8_000;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Says what came of an order. A refusal stays until it is closed. */
export function tell(tone: Toast['tone'], text: string): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value, { id, tone, text }];
  if (tone === 'good') setTimeout(() => close(id), SHOWN_MS);
}

function close(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Where they appear, read out as they come. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text }) => (
        <div key={id} class={`banner tone-${tone}`}>
          <Icon shape={tone === 'good' ? 'check' : 'triangle'} />
          <div>
            <p>{text}</p>
          </div>
          <button class="btn small quiet" type="button" onClick={() => close(id)}>
            Close
          </button>
        </div>
      ))}
    </div>
  );
}
