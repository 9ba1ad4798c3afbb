import { onTestFinished } from 'vitest';

/** Puts secrets into the environment for one test; the reference to each, by its name. */
export function secretsInEnv<T extends Readonly<Record<string, string>>>(
  values: T,
): { readonly [K in keyof T]: { readonly env: string } } {
  const references = Object.entries(values).map(([name, value]) => {
    const variable = `PARAMEDIC_TEST_${name.toUpperCase()}`;
    process.env[variable] = value;
    onTestFinished(() => {
      Reflect.deleteProperty(process.env, variable);
    });
    return [name, { env: variable }] as const;
  });
  return Object.fromEntries(references) as { readonly [K in keyof T]: { readonly env: string } };
}
