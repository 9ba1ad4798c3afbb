import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actuators } from '../../../src/adapters/actuators/index.js';

/** The least that each kind can be configured with. */
const EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  haproxy: { address: '/run/haproxy/admin.sock' },
  engine: { replicas: { r1: 'http://127.0.0.1:2242/' } },
  process: { services: { llm: 'http://127.0.0.1:18090' } },
  command: { commands: { replicas: ['list-replicas', '{service}'] } },
  kubernetes: { services: { llm: { deployment: 'engine' } } },
};

describe('actuators', () => {
  it('have kinds of their own', () => {
    const kinds = actuators.map(({ kind }) => kind);
    expect([...new Set(kinds)]).toEqual(kinds);
    expect([...kinds].sort()).toEqual(Object.keys(EXAMPLES).sort());
  });

  it.each(actuators)('$kind parses its example, and refuses a key that it does not know', (one) => {
    const example = EXAMPLES[one.kind];
    expect(one.schema.safeParse(example).success).toBe(true);
    expect(one.schema.safeParse({ ...example, typo: 1 }).success).toBe(false);
  });

  it.each(actuators)(
    '$kind can be described as JSON schema for the documentation',
    ({ schema }) => {
      expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({ type: 'object' });
    },
  );
});
