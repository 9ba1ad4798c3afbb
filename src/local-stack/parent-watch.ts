/** A role that can't end in order within this time after its launcher died is ended anyway. */
const EXIT_WITHIN_MS = 5_000;

/**
 * Ends this process when the launcher that started it is gone, however it went: its end of our
 * standard input closes. Does nothing unless the launcher asked for it with `PARAMEDIC_PARENT=1`,
 * so that a role started by hand or by systemd doesn't mind a closed input.
 *
 * First as by SIGTERM, so that the role's own orderly end runs; 5 s later without asking. Call it
 * once, early. It doesn't keep the process alive.
 */
export function exitWithParent(): void {
  if (process.env['PARAMEDIC_PARENT'] !== '1') return;
  const { stdin } = process;
  let gone = false;
  const end = (): void => {
    if (gone) return;
    gone = true;
    setTimeout(() => process.exit(1), EXIT_WITHIN_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  };
  stdin.once('end', end).once('close', end).once('error', end);
  stdin.resume();
  // A pipe's handle is a socket; reading it would otherwise hold the event loop open.
  (stdin as { unref?: () => void }).unref?.();
}
