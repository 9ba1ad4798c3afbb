/** A weight to set, or why not, in HAProxy's bytes. */
export type WeightRequest =
  | { readonly kind: 'weight'; readonly weight: number }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Reads a weight as HAProxy 2.6 does: absolute 0 to 256, or percent of the initial weight,
 * rounded down and capped at 256. Some of its messages lack the line feed; so do ours.
 */
export function parseWeight(text: string | undefined, initialWeight: number): WeightRequest {
  const refused = (message: string): WeightRequest => ({ kind: 'refused', message });
  if (text === undefined || text === '') return refused('Require <weight> or <weight%>.\n');
  const match = /^([+-]?\d+)(.*)$/.exec(text);
  if (match === null) return refused('Empty weight string empty or preceded by garbage');
  const value = Number(match[1]);
  const rest = match[2] ?? '';
  if (rest === '%') {
    if (value < 0) return refused('Relative weight must be positive.\n');
    const weight = Math.floor((initialWeight * Math.min(value, 25_600)) / 100);
    return { kind: 'weight', weight: Math.min(256, weight) };
  }
  if (value < 0 || value > 256) {
    return refused('Absolute weight can only be between 0 and 256 inclusive.\n');
  }
  if (rest !== '') return refused('Trailing garbage in weight string');
  return { kind: 'weight', weight: value };
}
