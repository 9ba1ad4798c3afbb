import { useSignal } from '@preact/signals';
import { isLocked, newKey, send } from '../lib/client.js';
import { wakeAll } from '../lib/resource.js';

/** Asks for a token and exchanges it for a session, a cookie that scripts can't read. */
export function LoginPage() {
  const value = useSignal('');
  const isTrying = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    isTrying.value = true;
    problem.value = undefined;
    try {
      await send('POST', '/v1/session', { token: value.value.trim() }, newKey());
      isLocked.value = false;
      wakeAll();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    } finally {
      isTrying.value = false;
    }
  };
  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>paramedic</h1>
        <p class="muted">This server wants a token. Ask whoever runs it for one of your own.</p>
        <div class="field">
          <label for="token">Token</label>
          <input
            id="token"
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            required
            value={value.value}
            onInput={(event) => (value.value = event.currentTarget.value)}
          />
        </div>
        {problem.value === undefined ? null : (
          <p class="tone-bad" role="alert">
            {problem.value}
          </p>
        )}
        <button class="btn primary" type="submit" disabled={isTrying.value}>
          {isTrying.value ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
