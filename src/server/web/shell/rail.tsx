import { newKey, send } from '../lib/client.js';
import { useResource } from '../lib/resource.js';
import { incidents, session } from '../lib/resources.js';
import { route, type Route } from '../lib/router.js';
import { setTheme, theme, type Theme } from '../lib/theme.js';
import { Icon, type Shape } from '../ui/icon.js';

const ITEMS: readonly {
  readonly page: Route['page'];
  readonly path: string;
  readonly label: string;
  readonly shape: Shape;
}[] = [
  { page: 'sla', path: '/', label: 'Compliance', shape: 'gauge' },
  { page: 'response', path: '/response', label: 'Response', shape: 'pulse' },
  { page: 'causes', path: '/causes', label: 'Root cause', shape: 'graph' },
  { page: 'incidents', path: '/incidents', label: 'Incidents', shape: 'list' },
];
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

/** Where one can go, with how many incidents wait for a person; at the bottom on a phone. */
export function Rail() {
  const { data } = useResource(incidents);
  const who = useResource(session).data;
  const page = route.value.page === 'incident' ? 'incidents' : route.value.page;
  const calling = (data?.incidents ?? []).filter(
    ({ state }) => state === 'awaiting-approval' || state === 'escalated',
  ).length;
  return (
    <div class="rail">
      <a class="brand" href="/">
        <Icon shape="pulse" />
        <span>paramedic</span>
      </a>
      <nav aria-label="Pages">
        <ul>
          {ITEMS.map(({ page: name, path, label, shape }) => (
            <li key={path}>
              <a href={path} title={label} {...(name === page ? { 'aria-current': 'page' } : {})}>
                <Icon shape={shape} />
                <span class="label">{label}</span>
                {name === 'response' && calling > 0 ? (
                  <span class="count">
                    {calling}
                    <span class="sr"> waiting for a person</span>
                  </span>
                ) : null}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="foot">
        <div class="segmented" role="group" aria-label="Colours">
          {THEMES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={theme.value === one}
              onClick={() => setTheme(one)}
            >
              {one}
            </button>
          ))}
        </div>
        {who?.via !== 'session' ? null : (
          <>
            <span class="muted">
              {who.name}, {who.role}
            </span>
            <button class="btn small" type="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </>
        )}
      </div>
    </div>
  );
}

async function signOut(): Promise<void> {
  await send('DELETE', '/v1/session', undefined, newKey());
  location.reload();
}
