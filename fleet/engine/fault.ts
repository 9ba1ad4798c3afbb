/** A fault of one engine process, as the supervisor injects it. */
export type EngineFault =
  | { readonly kind: 'slow-replica'; readonly baseFactor: number; readonly sequenceFactor: number }
  | { readonly kind: 'kv-leak'; readonly blocksPerRequest: number }
  | { readonly kind: 'stale-cache'; readonly prefillFactor: number }
  | { readonly kind: 'erroring-replica'; readonly share: number }
  | { readonly kind: 'hung-core' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'slow-metrics'; readonly delayMs: number }
  | { readonly kind: 'no-cure'; readonly baseFactor: number };

/** The kinds of fault that an engine process knows. */
export type EngineFaultKind = EngineFault['kind'];
