import type { z } from 'zod';

/**
 * Hands on what a plug-in's own schema found wrong with its settings, as mistakes of the entry that
 * holds them; unknown keys stay unknown keys, so that each is told at its own line.
 */
export function adoptIssues(
  error: z.ZodError,
  context: z.RefinementCtx,
  input: Record<string, unknown>,
): void {
  for (const issue of error.issues) {
    const path = [...issue.path];
    if (issue.code === 'unrecognized_keys') {
      context.addIssue({ code: issue.code, keys: issue.keys, path, input });
    } else context.addIssue({ code: 'custom', path, message: issue.message });
  }
}

/** Says that a kind is none of those that there are. */
export function refuseKind(
  kind: string,
  known: readonly { readonly kind: string }[],
  context: z.RefinementCtx,
): void {
  context.addIssue({
    code: 'custom',
    path: ['kind'],
    message: `expected one of ${known.map((one) => one.kind).join(', ')}, got "${kind}"`,
  });
}
