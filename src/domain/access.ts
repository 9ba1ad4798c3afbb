/** What a caller may do, from least to most: each role includes those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, once that is established. */
export interface Principal {
  /** Name of the token, or the person; `local` on loopback without tokens. */
  readonly name: string;
  readonly role: Role;
  /** How that was established; `none` for a stranger, where one is served. */
  readonly via: 'none' | 'local' | 'token' | 'session' | 'oidc' | 'signature';
  /** Changes when its token does: a session of the old one ends then. */
  readonly key?: string | undefined;
  /** It is nobody after this instant, in Unix milliseconds. */
  readonly untilMs?: number | undefined;
}

/** Whether a role includes another. */
export function includesRole(has: Role, needed: Role): boolean {
  return ROLES.indexOf(has) >= ROLES.indexOf(needed);
}
