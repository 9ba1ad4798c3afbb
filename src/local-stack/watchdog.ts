import { type ChildProcess, spawn } from 'node:child_process';

/** Keeps the promise that no process outlives the launcher, even after a kill -9. */
export interface Watchdog {
  /** From now on this process group dies with the launcher. */
  add(pid: number): void;
  /** The process has ended: its number may soon be somebody else's. */
  remove(pid: number): void;
  /** Ends the watchdog itself, with nothing left to watch. */
  close(): void;
}

/**
 * A shell that waits for its input to end, which happens however the launcher dies; then it ends
 * the groups it was told of: SIGTERM, 5 s, SIGKILL. A program that isn't ours (Temporal's server)
 * can't be asked to watch its parent, and `prctl` is out of Node's reach.
 */
const SCRIPT = `
trap '' INT HUP TERM
groups=' '
while read -r verb pid; do
  case $verb in
    add) groups="$groups$pid " ;;
    remove) groups=$(printf '%s' "$groups" | sed "s/ $pid / /") ;;
    close) exit 0 ;;
  esac
done
for pid in $groups; do kill -s TERM -- "-$pid" 2>/dev/null; done
for _ in 1 2 3 4 5 6 7 8 9 10; do
  left=0
  for pid in $groups; do kill -s 0 -- "-$pid" 2>/dev/null && left=1; done
  [ $left = 0 ] && exit 0
  sleep 0.5
done
for pid in $groups; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

/** Starts the watchdog in a group of its own, out of reach of the terminal's Ctrl-C. */
export function startWatchdog(): Watchdog {
  const shell: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const { stdin } = shell;
  // A watchdog that was killed is one safety net less; the stack itself goes on without it.
  stdin?.on('error', () => undefined);
  shell.on('error', () => undefined);
  // It must not keep the launcher alive, nor the launcher wait for it.
  shell.unref();
  const tell = (line: string): void => void stdin?.write(`${line}\n`);
  return {
    add: (pid) => tell(`add ${pid}`),
    remove: (pid) => tell(`remove ${pid}`),
    close: () => {
      tell('close');
      stdin?.end();
    },
  };
}
