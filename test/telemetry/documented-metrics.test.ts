import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addDetectorCounters } from '../../src/compose/detector-counters.js';
import { createTelemetry } from '../../src/telemetry.js';

const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

describe('docs/metrics.md', () => {
  it('names every metric that is exported, with its type and labels, and no other', () => {
    const telemetry = createTelemetry({ role: 'all', version: '0' });
    onTestFinished(() => telemetry.close());
    addDetectorCounters(telemetry);
    const exported = telemetry.registry.families().map(({ name, type, labels }) => {
      return `${name} ${type} ${labels.join(', ')}`.trim();
    });
    const row = /^\| `([a-z_]+)` +\| (counter|gauge|histogram) +\| ([^|]*)\|/gm;
    const documented = [...PAGE.matchAll(row)].map(([, name, type, labels = '']) =>
      `${name} ${type} ${labels.replaceAll('`', '').trim()}`.trim(),
    );
    expect(documented.sort()).toEqual(exported.sort());
  });
});
