import path from 'node:path';
import { RotatingLog } from '../adapters/rotating-log.js';
import type { StartSettings } from './start-settings.js';
import { storyLine } from './story.js';
import type { Terminal } from './terminal.js';

/** The folder of the parts' logs under the data folder: `<name>.log`, older ones `.1`, `.2`, … */
export function logFolder(dataDir: string): string {
  return path.join(dataDir, 'log');
}

/** Where the lines of one part go: all to its log file, the telling ones to people as well. */
export interface PartLog {
  readonly onLine: (line: string) => void;
  close(): void;
}

/**
 * Opens the log of a part; it is shared by all the processes that the part runs in turn. What can't be
 * written, as on a full disk, is lost and counted: the stack does not end because its log does.
 */
export function openPartLog(
  { dataDir, logs }: Pick<StartSettings, 'dataDir' | 'logs'>,
  name: string,
  terminal: Terminal,
): PartLog {
  const file = path.join(logFolder(dataDir), `${name}.log`);
  const log = new RotatingLog(file, logs);
  let lost = 0;
  const write = (line: string): void => {
    try {
      if (lost > 0) log.write(`${lost} lines could not be written here`);
      lost = 0;
      log.write(line);
    } catch (error) {
      if (lost === 0) {
        const why = error instanceof Error ? error.message : String(error);
        const text = `${file} can’t be written, lines go missing until it can: ${why}`;
        terminal.line(terminal.paint('red', text));
      }
      lost += 1;
    }
  };
  return {
    onLine: (line) => {
      write(line);
      const shown = storyLine(name, line, terminal);
      if (shown !== undefined) terminal.line(shown);
    },
    close: () => log.close(),
  };
}
