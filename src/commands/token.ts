import { InvalidArgumentError } from 'commander';
import { createToken, tokenLine, tokenSchema } from '../adapters/identity/tokens.js';
import { ROLES } from '../domain/access.js';
import { print, printJson } from './table.js';

/** `paramedic token create`: a new token, shown once, and the line that the configuration needs. */
export function createNamedToken(options: { role: string; name: string; json?: boolean }): number {
  const role = ROLES.find((known) => known === options.role);
  if (role === undefined) {
    throw new InvalidArgumentError(`expected one of ${ROLES.join(', ')}, got "${options.role}"`);
  }
  const name = tokenSchema.shape.name.safeParse(options.name);
  if (!name.success) {
    throw new InvalidArgumentError('--name: expected letters, digits, "_", "-", "." or "@"');
  }
  const { token, sha256 } = createToken();
  if (options.json === true) {
    printJson({ token, name: name.data, role, sha256 });
    return 0;
  }
  print('The token, shown this once; whoever has it may act in its name:\n');
  print(`  ${token}\n`);
  print('What the configuration keeps of it, under server.tokens:\n');
  print(`server:\n  tokens:\n    ${tokenLine(name.data, role, sha256)}\n`);
  print('Commands take it from PARAMEDIC_TOKEN, programs send it as "Authorization: Bearer …".');
  return 0;
}
