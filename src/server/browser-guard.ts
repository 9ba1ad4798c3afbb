import { Problem } from './problem.js';

/** Under which names this server is reached. */
export interface GuardSettings {
  /**
   * Host names that a request may name; undefined for any. Where nobody has to sign in, a page of
   * another site could otherwise have its own name point to this machine (DNS rebinding).
   */
  readonly hosts: ReadonlySet<string> | undefined;
  /** `host[:port]` of the address that browsers see, where a proxy shows another to this server. */
  readonly publicHost: string | undefined;
}

/**
 * Refuses what a browser sends in another site’s name. Browsers say so by `Origin` and
 * `Sec-Fetch-Site`; programs send neither. Following a link to a page here is fine.
 *
 * @throws Problem 403.
 */
export function guardBrowser(request: Request, { hosts, publicHost }: GuardSettings): void {
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
  if (hosts !== undefined && !hosts.has(hostname(host))) {
    const why = `"${host}" is no name of this server: use 127.0.0.1, or add it to server.allowedHosts`;
    throw new Problem(403, 'Not allowed', why);
  }
  const site = request.headers.get('sec-fetch-site');
  const isLink = request.method === 'GET' && request.headers.get('sec-fetch-mode') === 'navigate';
  if (site !== null && site !== 'same-origin' && site !== 'none' && !isLink) throw crossSite();
  const origin = request.headers.get('origin');
  if (origin === null) return;
  const from = URL.canParse(origin) ? new URL(origin).host : undefined;
  if (from !== host && (from === undefined || from !== publicHost)) throw crossSite();
}

const crossSite = () =>
  new Problem(403, 'Not allowed', 'pages of other sites may not call this server');

/** Without the port; an IPv6 address keeps its brackets. */
function hostname(host: string): string {
  return host.replace(/:\d*$/, '');
}
