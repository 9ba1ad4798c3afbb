import { describe, expect, it, onTestFinished } from 'vitest';
import type { z } from 'zod';
import { HISTORIES } from '../../../src/adapters/history/index.js';
import { SOURCES } from '../../../src/adapters/sources/index.js';
import { SeriesTable } from '../../../src/adapters/sources/series-table.js';
import type { SourceKind } from '../../../src/adapters/sources/source.js';

const targets = [
  { url: 'http://127.0.0.1:8000/metrics', service: 'chat', replica: 'e1' },
  { url: 'http://127.0.0.1:8001/metrics', service: 'chat' },
];
/** A configuration of each kind, as an operator writes it. */
const examples: Readonly<Record<string, object>> = {
  'prometheus-text': { period: '1s', targets },
  'http-health': { period: '5s', timeout: '1s', targets },
  promql: {
    url: 'http://127.0.0.1:9090',
    queries: [{ metric: 'm', service: 'chat', query: 'up' }],
  },
  prometheus: {
    url: 'http://127.0.0.1:9090',
    selectors: [{ service: 'chat', selector: '{job="engines"}' }],
  },
  detector: { url: 'http://127.0.0.1:2243' },
};

interface AnyKind {
  readonly kind: string;
  readonly schema: z.ZodType;
}

describe.each(SOURCES.map((source) => [source.kind, source] as const))(
  'source %s',
  (kind, source) => {
    it('parses its example and makes targets of it', async () => {
      // Each schema parses for its own `create`; the union of kinds can't say so.
      const any = source as unknown as SourceKind;
      const created = any.create(any.schema.parse(examples[kind]), { table: new SeriesTable() });
      onTestFinished(() => created.close());
      expect(created.pollers.length).toBeGreaterThan(0);
      const ids = created.pollers.map(({ target }) => target.id);
      expect(new Set(ids).size).toBe(ids.length);
      await created.close();
    });
  },
);

describe.each([...SOURCES, ...HISTORIES].map((each): [string, AnyKind] => [each.kind, each]))(
  '%s',
  (kind, { schema }) => {
    it('takes its example and refuses what it does not know', () => {
      expect(schema.safeParse(examples[kind]).error).toBeUndefined();
      expect(schema.safeParse({ ...examples[kind], unknown: 1 }).success).toBe(false);
      expect(schema.safeParse({ ...examples[kind], timeout: 5 }).success).toBe(false);
    });
  },
);

it('has one kind of each name', () => {
  const kinds = [...SOURCES, ...HISTORIES].map(({ kind }) => kind);
  expect(new Set(kinds).size).toBe(kinds.length);
});
