import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';

/** What a command's arguments may stand for. */
const PLACEHOLDERS = [
  'service',
  'replica',
  'release',
  'operationId',
  'replicas',
  'generation',
  'tail',
  'sinceMs',
] as const;
export type CommandValues = Readonly<Partial<Record<(typeof PLACEHOLDERS)[number], string>>>;

const WHOLE = /^\{(\w+)\}$/;

const isKnown = (name: string): name is (typeof PLACEHOLDERS)[number] =>
  (PLACEHOLDERS as readonly string[]).includes(name);

const argument = z.string().superRefine((text, context) => {
  const name = WHOLE.exec(text)?.[1];
  if (name === undefined ? !/\{\w+\}/.test(text) : isKnown(name)) return;
  context.addIssue({
    code: 'custom',
    message:
      `"${text}": expected plain text, or one of ` +
      `${PLACEHOLDERS.map((known) => `"{${known}}"`).join(', ')} as the whole argument`,
  });
});

/**
 * A program and its arguments. A placeholder is always a whole argument, never a part of one:
 * what a value contains can then change neither the other arguments nor where it ends.
 */
export const argvTemplate = z
  .tuple([z.string().regex(/^[^{}]+$/, 'expected a program, not a placeholder')], argument)
  .readonly();
export type ArgvTemplate = z.output<typeof argvTemplate>;

/**
 * Puts values in.
 *
 * @throws AdapterError `rejected` for a placeholder that this call has no value for, and for a
 * value that begins with `-` (the program would take it for an option), is empty or has control
 * characters.
 */
export function fillTemplate(
  template: ArgvTemplate,
  values: CommandValues,
): readonly [string, ...string[]] {
  const [program, ...rest] = template;
  const filled = rest.map((text) => {
    const name = WHOLE.exec(text)?.[1];
    if (name === undefined || !isKnown(name)) return text;
    const value = values[name];
    if (value === undefined) {
      throw new AdapterError('rejected', `${program}: {${name}} has no value in this command`);
    }
    if (!/^[^-\p{Cc}][^\p{Cc}]*$/u.test(value)) {
      throw new AdapterError(
        'rejected',
        `${program}: {${name}} would be ${JSON.stringify(value)}, which could be taken for an option`,
      );
    }
    return value;
  });
  return [program, ...filled];
}
