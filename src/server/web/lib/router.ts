import { signal } from '@preact/signals';

/** Where the page is. */
export type Route =
  | { readonly page: 'sla' | 'response' | 'causes' | 'incidents' | 'unknown' }
  | { readonly page: 'incident'; readonly id: string };

const PAGES = {
  '/': 'sla',
  '/response': 'response',
  '/causes': 'causes',
  '/incidents': 'incidents',
} as const;

/** The route of an address. */
function routeOf(pathname: string): Route {
  const page = (PAGES as Readonly<Record<string, (typeof PAGES)[keyof typeof PAGES] | undefined>>)[
    pathname
  ];
  if (page !== undefined) return { page };
  const id = /^\/incidents\/([^/]+)$/.exec(pathname)?.[1];
  if (id === undefined) return { page: 'unknown' };
  try {
    return { page: 'incident', id: decodeURIComponent(id) };
  } catch {
    return { page: 'unknown' };
  }
}

/** Address of an incident's page. */
export function incidentPath(id: string): string {
  return `/incidents/${encodeURIComponent(id)}`;
}

export const route = signal<Route>(routeOf(location.pathname));
/** The part behind the `?`, which pages keep their selection in. */
export const search = signal(location.search);

function read(): void {
  route.value = routeOf(location.pathname);
  search.value = location.search;
}

/** Goes to an address of this page. */
function go(path: string): void {
  history.pushState(null, '', path);
  read();
  window.scrollTo(0, 0);
}

/** Sets or removes a value behind the `?`, without a new entry in the history. */
export function setQuery(name: string, value: string | undefined): void {
  const query = new URLSearchParams(location.search);
  if (value === undefined) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  history.replaceState(null, '', `${location.pathname}${text === '' ? '' : `?${text}`}`);
  read();
}

/** Links stay links (middle click, copy); a plain click does not load the page anew. */
export function followLinks(): void {
  window.addEventListener('popstate', read);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    if (routeOf(link.pathname).page === 'unknown') return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
