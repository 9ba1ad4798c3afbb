import { useEffect, useRef } from 'preact/hooks';
import { isLocked } from '../lib/client.js';
import { route, type Route } from '../lib/router.js';
import { CausesPage } from '../pages/causes/causes-page.js';
import { IncidentPage } from '../pages/incident/incident-page.js';
import { IncidentsPage } from '../pages/incidents-page.js';
import { LoginPage } from '../pages/login-page.js';
import { ResponsePage } from '../pages/response/response-page.js';
import { SlaPage } from '../pages/sla/sla-page.js';
import { OrderDialog } from '../ui/order-dialog.js';
import { Toasts } from '../ui/toast.js';
import { Banners } from './banners.js';
import { Rail } from './rail.js';
import { Strip } from './strip.js';

const TITLES: Readonly<Record<Route['page'], string>> = {
  sla: 'SLA compliance',
  response: 'Incident response',
  causes: 'Root cause',
  incidents: 'Incidents',
  incident: 'Incident',
  unknown: 'Not found',
};

/** The whole page: where one is decides what is shown; a server that wants a token gets the login. */
export function App() {
  if (isLocked.value) return <LoginPage />;
  return <Signed />;
}

function Signed() {
  const at = route.value;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const key = at.page === 'incident' ? at.id : at.page;
  useEffect(() => {
    document.title = `${at.page === 'incident' ? at.id.replace(/^incident:/, '') : TITLES[at.page]} · paramedic`;
    // A reader's and a keyboard's place goes with the page, as after a real load.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [key]);
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={() => main.current?.focus()}>
        Skip to content
      </a>
      <Strip />
      <Rail />
      <main id="main" ref={main} tabIndex={-1}>
        <Banners />
        <Content at={at} />
      </main>
      <OrderDialog />
      <Toasts />
    </div>
  );
}

function Content({ at }: { readonly at: Route }) {
  switch (at.page) {
    case 'sla':
      return <SlaPage />;
    case 'response':
      return <ResponsePage />;
    case 'causes':
      return <CausesPage />;
    case 'incidents':
      return <IncidentsPage />;
    case 'incident':
      return <IncidentPage key={at.id} id={at.id} />;
    case 'unknown':
      return (
        <div class="page">
          <header>
            <div>
              <h1>Nothing is here</h1>
              <p>
                The address names no page. Go to <a href="/">SLA compliance</a>.
              </p>
            </div>
          </header>
        </div>
      );
  }
}
