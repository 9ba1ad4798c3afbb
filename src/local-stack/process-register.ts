import { removePidFile, writePidFile } from './pid-files.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

/**
 * Every process group of the stack that is alive: in pid files for people, with the watchdog for
 * the launcher's sudden death, and here for the last resort.
 */
export class ProcessRegister {
  private readonly groups = new Map<number, string>();
  private readonly watchdog: Watchdog = startWatchdog();
  /** However the launcher ends, an uncaught error included, nothing is left running. */
  private readonly atExit = (): void => this.killAll();

  /** `tell` is told, in words, of a pid file that could not be written. */
  constructor(
    private readonly dataDir: string,
    private readonly tell: (problem: string) => void,
  ) {
    process.on('exit', this.atExit);
  }

  spawned(name: string, pid: number): void {
    this.groups.set(pid, name);
    this.watchdog.add(pid);
    try {
      writePidFile(this.dataDir, name, pid);
    } catch (error) {
      // On a full disk. The file is for people: the part must come up without it.
      const why = error instanceof Error ? error.message : String(error);
      this.tell(`the pid file of ${name} (process ${pid}) can’t be written: ${why}`);
    }
  }

  ended(name: string, pid: number): void {
    this.groups.delete(pid);
    this.watchdog.remove(pid);
    // A restart may have written its own number already.
    if (![...this.groups.values()].includes(name)) removePidFile(this.dataDir, name);
  }

  /** SIGKILL to every group, at once. */
  killAll(): void {
    for (const pid of this.groups.keys()) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // Gone since: that is what was wanted.
      }
    }
  }

  /** To be called when all have ended, or were killed. */
  close(): void {
    process.off('exit', this.atExit);
    for (const name of this.groups.values()) removePidFile(this.dataDir, name);
    this.groups.clear();
    this.watchdog.close();
  }
}
