import { readdirSync, readFileSync } from 'node:fs';

/** Environment variable that marks a stack's processes: children inherit it, whoever starts them. */
export const STACK_MARK = 'PARAMEDIC_TEST_STACK';

/**
 * The numbers of all living processes with that mark in their environment; Linux's /proc.
 * Zombies have no environment any more, and don't count.
 */
export function markedProcesses(mark: string): number[] {
  const wanted = `${STACK_MARK}=${mark}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted);
      } catch {
        // Gone since, or somebody else's.
        return false;
      }
    })
    .map(Number);
}

/** Command line of a process, for messages. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '(gone)';
  }
}
