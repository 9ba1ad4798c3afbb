import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/load.js';
import { DEFAULT_SLOS } from '../../src/domain/sla/slo.js';

const parse = (text: string) => parseConfig(text, 'paramedic.yaml', {});

function problems(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

describe('slos', () => {
  it('is the error rate’s by default, also beside thresholds of another metric', () => {
    expect(parse('').slos).toEqual(DEFAULT_SLOS);
    const own = 'thresholds:\n  - { metric: request_latency_p95, target: 200, window: 5m }\n';
    expect(parse(own).slos).toEqual(DEFAULT_SLOS);
    expect(parse('slos: []').slos).toEqual([]);
  });

  it('reads an objective as a share', () => {
    const text = 'slos:\n  - { name: fast, threshold: request_latency_p95, objective: 99% }';
    expect(parse(text).slos).toEqual([
      {
        ...{ name: 'fast', threshold: 'request_latency_p95', objectiveRatio: 0.99 },
        minBadEvents: 10,
      },
    ]);
  });

  it.each([
    [
      'an unknown threshold',
      'slos:\n  - { name: a, threshold: ttft, objective: 99% }',
      /:2 slos\[0\]\.threshold: expected one of request_latency_p95, .*got "ttft"/,
    ],
    [
      'an objective without a budget',
      'slos:\n  - { name: a, threshold: request_latency_p95, objective: 100% }',
      /:2 slos\[0\]\.objective: expected a share like "99.9%"/,
    ],
    [
      'the name of a threshold',
      'slos:\n  - { name: request_latency_p95, threshold: request_latency_p95, objective: 99% }',
      /:2 slos\[0\]\.name: duplicate name "request_latency_p95"/,
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(problems(text)).toEqual([expect.stringMatching(expected)]);
  });
});
