import { AdapterError } from '../../domain/ports.js';

/**
 * A word that can stand in a command as it is.
 *
 * The runtime API splits at white space and runs what follows a `;` as another command, so a name
 * that came from a label must never carry either.
 *
 * @throws AdapterError `rejected` naming `what` and the word.
 */
export function token(what: string, word: string): string {
  if (/^[^\s;\\<>"'\p{Cc}]{1,512}$/u.test(word)) return word;
  throw new AdapterError(
    'rejected',
    `${what} ${JSON.stringify(word)}: expected one word without white space, quotes, ";", "<" and "\\"`,
  );
}
