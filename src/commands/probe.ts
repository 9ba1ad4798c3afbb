/** What a probe of an address found. */
export interface Probed {
  readonly url: string;
  readonly isUp: boolean;
  /** In words: what answers there, or why nothing does. */
  readonly text: string;
}

const TIMEOUT_MS = 3_000;
const MAX_CHARACTERS = 2 << 20;

/** Asks an address for Prometheus text, and says whose metrics they are. */
export async function probeMetrics(url: string, words: 'engine' | 'gateway'): Promise<Probed> {
  let text: string;
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!reply.ok) return { url, isUp: false, text: `answers ${reply.status}` };
    text = (await reply.text()).slice(0, MAX_CHARACTERS);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return { url, isUp: false, text: `does not answer: ${why}` };
  }
  const kind = /^(aphrodite|vllm|haproxy)[_:]/m.exec(text)?.[1];
  if (kind !== undefined) return { url, isUp: true, text: `${kind}’s metrics` };
  const isText = /^[a-zA-Z_:][\w:]*(?:\{.*\})? \S+/m.test(text);
  if (isText) return { url, isUp: true, text: `metrics, but none that an ${words} is known by` };
  return { url, isUp: false, text: 'answers, but not with Prometheus text' };
}
