import { signal } from '@preact/signals';
import { clockSkewMs } from './client.js';

const own = signal(Date.now());
setInterval(() => {
  if (!document.hidden) own.value = Date.now();
}, 1_000);

/** The server's time, Unix ms, anew every second: reading it in a component keeps its ages true. */
export function nowMs(): number {
  return own.value + clockSkewMs.value;
}
