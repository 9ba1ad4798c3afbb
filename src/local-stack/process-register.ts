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

  constructor(private readonly dataDir: string) {
    process.on('exit', this.atExit);
  }

  spawned(name: string, pid: number): void {
    this.groups.set(pid, name);
    this.watchdog.add(pid);
    writePidFile(this.dataDir, name, pid);
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
