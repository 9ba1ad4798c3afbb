/** The user's wish to stop, as it comes. */
export interface StopWish {
  /** Resolves at the first signal. */
  readonly first: Promise<void>;
  /** Resolves at the second one: no more patience. */
  readonly second: Promise<void>;
  isTold(): boolean;
  /** Gives the signals back to Node's own handling. */
  forget(): void;
}

/** SIGHUP is what a closed terminal window sends. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C under `npm start` arrives twice: from the terminal, which signals the whole group,
 * and from npm, which passes its own on. Only what comes later than this is a second one.
 */
const ECHO_MS = 400;

/** Listens for the signals that ask to stop. */
export function untilToldToStop(): StopWish {
  let firstAtMs: number | undefined;
  let tellFirst: () => void = () => undefined;
  let tellSecond: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (tellFirst = resolve));
  const second = new Promise<void>((resolve) => (tellSecond = resolve));
  const onSignal = (): void => {
    const now = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = now;
      tellFirst();
    } else if (now - firstAtMs > ECHO_MS) {
      tellSecond();
    }
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    first,
    second,
    isTold: () => firstAtMs !== undefined,
    forget: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
