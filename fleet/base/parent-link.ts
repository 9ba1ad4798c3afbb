import { PortBusyError } from './listen.js';

/** A call from the supervisor to a child process. */
interface ChildCall {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** What a child process sends to the supervisor. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly info: unknown }
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly port?: number;
      readonly flag?: string;
    }
  | { readonly type: 'event'; readonly name: string; readonly data: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly result: unknown };

/** Methods that the supervisor may call, by name. */
export type ChildMethods = Readonly<Record<string, (params: never) => unknown>>;

/** Sends one message to the supervisor; without one (started by hand) nothing happens. */
export function tellParent(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

/** The start parameters, JSON in the first argument. */
export function startParameters(): unknown {
  const json = process.argv[2];
  if (json === undefined) throw new Error('expected the start parameters as JSON');
  return JSON.parse(json);
}

/**
 * Answers the supervisor's calls and ends this process when the supervisor is gone,
 * however it went: a closed channel is the one sign that kill -9 leaves, too.
 */
export function serveParent(methods: ChildMethods): void {
  process.on('disconnect', () => process.exit(0));
  // The terminal's Ctrl-C reaches the whole group; the supervisor decides the order of stopping.
  process.on('SIGINT', () => undefined);
  process.on('message', (call: ChildCall) => {
    const method = methods[call.method];
    if (method === undefined) return;
    const result = method(call.params as never);
    void Promise.resolve(result).then((value) =>
      tellParent({ type: 'reply', id: call.id, result: value }),
    );
  });
}

/** Runs a child's start; a failure is told to the supervisor and ends the process with code 1. */
export function runChild(start: () => Promise<unknown>): void {
  start().then(
    (info) => tellParent({ type: 'ready', info }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const failed = { type: 'failed', message } as const;
      tellParent(
        error instanceof PortBusyError ? { ...failed, port: error.port, flag: error.flag } : failed,
      );
      // Lets the message leave before the process does.
      setTimeout(() => process.exit(1), 50);
    },
  );
}
