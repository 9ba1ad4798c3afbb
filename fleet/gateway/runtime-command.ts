import type { Backend } from './backend.js';

/** What a command works with. */
export interface CommandContext {
  readonly backend: Backend;
  readonly nowMs: number;
  /** Requests waiting in the gateway. */
  readonly queued: number;
  readonly startedAtMs: number;
  /** Requests answered since the start. */
  readonly served: number;
}

/**
 * What a command did. `reply` is HAProxy's answer byte for byte, without the line feed that ends
 * every answer. `change` is present for commands that may change state, also if they did not.
 */
export interface CommandResult {
  readonly reply: string;
  readonly change?: { readonly before: unknown; readonly after: unknown };
}

/** One command's implementation; `words` are those after the command's name. */
export type Command = (words: readonly string[], context: CommandContext) => CommandResult;

/** Commands by their leading words. */
export type CommandTable = Readonly<Record<string, Command>>;

/** An answer without a change. */
export const answer = (reply: string): CommandResult => ({ reply });
