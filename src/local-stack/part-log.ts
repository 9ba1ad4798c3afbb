import path from 'node:path';
import { RotatingLog } from '../adapters/rotating-log.js';
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

/** Opens the log of a part; it is shared by all the processes that the part runs in turn. */
export function openPartLog(dataDir: string, name: string, terminal: Terminal): PartLog {
  const log = new RotatingLog(path.join(logFolder(dataDir), `${name}.log`));
  return {
    onLine: (line) => {
      log.write(line);
      const shown = storyLine(name, line, terminal);
      if (shown !== undefined) terminal.line(shown);
    },
    close: () => log.close(),
  };
}
