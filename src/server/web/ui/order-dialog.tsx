import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { newKey, operatorName, send, setOperatorName } from '../lib/client.js';
import { useResource, wakeAll } from '../lib/resource.js';
import { session } from '../lib/resources.js';
import { tell } from './toast.js';

/** An order to be confirmed: what it does, in words, and the request that gives it. */
export interface Order {
  readonly title: string;
  /** What will happen, and what not. */
  readonly text: string;
  /** The exact call, where it is known. */
  readonly call?: string | undefined;
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly needsReason?: boolean;
  /** A choice with its label, on or off. */
  readonly choice?: { readonly label: string; readonly name: string };
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** For how long, in minutes, where the order has an end. */
  readonly minutes?: { readonly label: string; readonly value: number };
}

const asked = signal<Order | undefined>(undefined);

/** Asks for confirmation, name and reason, then sends it. */
export function order(given: Order): void {
  asked.value = given;
}

/** The one dialog of the page. */
export function OrderDialog() {
  const given = asked.value;
  return given === undefined ? null : <Open key={given.path} given={given} />;
}

function Open({ given }: { readonly given: Order }) {
  const ref = useRef<HTMLDialogElement>(null);
  const by = useSignal(operatorName());
  const reason = useSignal('');
  const isChosen = useSignal(false);
  const minutes = useSignal(given.minutes?.value ?? 0);
  const isSending = useSignal(false);
  const refusal = useSignal<string | undefined>(undefined);
  // One key per dialog: a second press is the same order.
  const key = useRef(newKey());
  // Signed in, the server knows who orders; on loopback everybody is `local`.
  const { via } = useResource(session).data ?? { via: null };
  const isKnown = via !== null && via !== 'local';
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  const close = () => {
    ref.current?.close();
    asked.value = undefined;
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isSending.value) return;
    isSending.value = true;
    refusal.value = undefined;
    setOperatorName(by.value.trim());
    try {
      const result = await send<{ result?: string } | undefined>(
        given.method,
        given.path,
        {
          ...given.body,
          ...(by.value.trim() === '' ? {} : { by: by.value.trim() }),
          ...(reason.value.trim() === '' ? {} : { reason: reason.value.trim() }),
          ...(given.choice !== undefined && isChosen.value ? { [given.choice.name]: true } : {}),
          ...(given.minutes === undefined ? {} : { for: `${minutes.value}m` }),
        },
        key.current,
      );
      tell('good', result?.result ?? `${given.verb}: done`);
      close();
    } catch (error) {
      refusal.value = error instanceof Error ? error.message : String(error);
      // What was refused may be given again after a change: that is another order.
      key.current = newKey();
    } finally {
      isSending.value = false;
      wakeAll();
    }
  };
  return (
    <dialog ref={ref} aria-labelledby="order-title" onCancel={close} onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="order-title">{given.title}</h2>
        <p>{given.text}</p>
        {given.call === undefined ? null : <p class="call">{given.call}</p>}
        {given.minutes === undefined ? null : (
          <div class="field">
            <label for="order-minutes">{given.minutes.label}</label>
            <input
              id="order-minutes"
              type="number"
              min="1"
              max="10080"
              required
              value={minutes.value}
              onInput={(event) => (minutes.value = event.currentTarget.valueAsNumber)}
            />
          </div>
        )}
        {isKnown ? null : (
          <div class="field">
            <label for="order-by">Your name</label>
            <input
              id="order-by"
              autocomplete="username"
              maxLength={200}
              required
              value={by.value}
              onInput={(event) => (by.value = event.currentTarget.value)}
            />
          </div>
        )}
        <div class="field">
          <label for="order-reason">Reason{given.needsReason === true ? '' : ' (optional)'}</label>
          <textarea
            id="order-reason"
            rows={2}
            maxLength={2000}
            required={given.needsReason === true}
            value={reason.value}
            onInput={(event) => (reason.value = event.currentTarget.value)}
          />
        </div>
        {given.choice === undefined ? null : (
          <label class="check">
            <input
              type="checkbox"
              checked={isChosen.value}
              onChange={(event) => (isChosen.value = event.currentTarget.checked)}
            />
            {given.choice.label}
          </label>
        )}
        {refusal.value === undefined ? null : (
          <p class="tone-bad" role="alert">
            {refusal.value}
          </p>
        )}
        <div class="actions">
          <button class="btn" type="button" onClick={close}>
            Cancel
          </button>
          <button
            class={`btn primary${given.isDangerous === true ? ' danger' : ''}`}
            type="submit"
            disabled={isSending.value}
          >
            {isSending.value ? 'Sending…' : given.verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
