import type { Command } from 'commander';

/** What a group of commands needs to register itself. */
export interface Registration {
  readonly program: Command;
  /** Runs a command’s body, and makes its exit code of its result or its error. */
  readonly run: <A extends unknown[]>(
    body: (...args: A) => Promise<number | undefined>,
  ) => (...args: A) => Promise<void>;
  /** Where the configuration is, once the options are read. */
  readonly configPath: () => string;
}

/** Who asks, unless `--by` says. */
export const USER = process.env['USER'] ?? 'operator';
