import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utcText } from '../../src/domain/utc-time.js';

it('writes what the platform’s own calendar writes', () => {
  const instants = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) });
  fc.assert(
    fc.property(instants, (atMs) => {
      expect(utcText(atMs)).toBe(`${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`);
    }),
    { seed: 7, numRuns: 2_000 },
  );
});

it.each([
  [0, '1970-01-01 00:00:00Z'],
  [Date.UTC(2024, 1, 29, 23, 59, 59, 999), '2024-02-29 23:59:59Z'],
  [Date.UTC(2000, 11, 31), '2000-12-31 00:00:00Z'],
])('%d → %s', (atMs, text) => {
  expect(utcText(atMs)).toBe(text);
});
