import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/load.js';
import { readThresholds, thresholdText } from '../../src/config/threshold-text.js';
import { slaPolicyOf } from '../../src/config/evaluation-schema.js';
import { durationText } from '../../src/config/duration.js';
import { DEFAULT_SLA_POLICY } from '../../src/domain/sla/policy.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { REPLICA_AVAILABILITY } from '../../src/domain/sla/availability.js';

function problems(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    parseConfig(text, 'paramedic.yaml', env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

const CHAT = `services:
  - name: chat
    replicas: [{ name: e1, url: 'http://127.0.0.1:1' }]
`;

describe('a configuration that can’t be used', () => {
  it.each([
    ['an unknown key', 'detector:\n  port: 1\n  prot: 2\n', ':3 detector.prot: unknown key'],
    ['an unknown section', 'a: 1\nfoo: 1', /:1 a: unknown key\n.*:2 foo: unknown key/],
    [
      'a bad duration',
      'detector:\n  scrapeInterval: 5',
      ':2 detector.scrapeInterval: expected a duration like "2m", got 5',
    ],
    [
      'a duration without unit',
      'detector:\n  scrapeInterval: "5"',
      ':2 detector.scrapeInterval: expected a duration like "2m", got "5"',
    ],
    [
      'a duration of zero',
      'detector:\n  scrapeTimeout: 0s',
      ':2 detector.scrapeTimeout: expected a duration like "2m", got "0s"',
    ],
    [
      'a bad window',
      'thresholds:\n  - metric: error_rate_percent\n    target: 1\n    window: 2',
      ':4 thresholds[0].window: expected a duration like "2m", got 2',
    ],
    [
      'another unit than the metric’s',
      'thresholds:\n  - metric: request_latency_p95\n    target: 0.2\n    unit: s\n    window: 5m',
      ':4 thresholds[0].unit: expected "ms", the unit of request_latency_p95, got "s"',
    ],
    [
      'no target',
      'thresholds:\n  - metric: request_latency_p95\n    window: 5m',
      ':2 thresholds[0].target: expected a number, the target in the metric’s unit, got nothing',
    ],
    [
      'a name twice',
      'thresholds:\n  - { metric: up, target: 1, window: 5m }\n  - { metric: up, target: 2, window: 5m }',
      ':3 thresholds[1].name: duplicate name "up": thresholds[0] has it already',
    ],
    [
      'a metric of one’s own without direction',
      'thresholds:\n  - { metric: mine, target: 1, window: 5m }',
      /:2 thresholds\[0\]\.direction: expected "upper" or "lower": "mine" is not a metric that paramedic knows/,
    ],
    [
      'an unknown actuator',
      `${CHAT}    engine: { actuator: motor }`,
      ':4 services[0].engine.actuator: no actuator is named "motor": expected one of (none configured), got "motor"',
    ],
    [
      'an unknown kind of actuator',
      'actuators:\n  x:\n    kind: magic',
      /:3 actuators\.x\.kind: expected one of haproxy, .*, got "magic"/,
    ],
    [
      'an unknown kind of source',
      'sources:\n  - kind: telepathy',
      ':2 sources[0].kind: expected one of prometheus-text, http-health, promql, got "telepathy"',
    ],
    [
      'an unknown key of a source',
      `${CHAT}sources:\n  - kind: http-health\n    interval: 5s\n    targets: []`,
      ':6 sources[0].interval: unknown key',
    ],
    [
      'a source of a service that is not there',
      `${CHAT}sources:\n  - kind: http-health\n    targets: [{ url: 'http://h/', service: chta, replica: e1 }]`,
      /:5 sources\[0\]: expected a configured service \(chat\), got "chta"/,
    ],
    [
      'an unknown history',
      'history: { kind: memory }',
      ':1 history.kind: expected one of detector, prometheus, got "memory"',
    ],
    [
      'a history without its server',
      'history: { kind: prometheus }',
      /:1 history\.url: expected a URL/,
    ],
    [
      'a share without its sign',
      'evaluation:\n  resolve: 80',
      ':2 evaluation.resolve: expected a share like "80%", from 0% to 100%, got 80',
    ],
    [
      'a share above the whole',
      'evaluation:\n  coldStart: 100.5%',
      ':2 evaluation.coldStart: expected a share like "80%", from 0% to 100%, got "100.5%"',
    ],
    [
      'seconds where whole minutes are needed',
      'evaluation:\n  regression:\n    recent: 90s',
      ':3 evaluation.regression.recent: expected whole minutes, like "15m", got "90s"',
    ],
    [
      'a replica twice',
      "services:\n  - name: chat\n    replicas:\n      - { name: a, url: 'http://h:1' }\n      - { name: a, url: 'http://h:2' }",
      ':5 services[0].replicas[1].name: duplicate name "a"',
    ],
    [
      'a URL that is none',
      "services: [{ name: c, replicas: [{ name: a, url: 'h:1' }] }]",
      /:1 services\[0\]\.replicas\[0\]\.url: expected a URL like/,
    ],
    ['broken YAML', 'a: [1,\nb: 2', /^paramedic\.yaml:\d+ /],
    [
      'a variable that is not set',
      'dataDir: ${NOWHERE}',
      ':1 dataDir: environment variable NOWHERE is not set',
    ],
  ])('%s', (_, text, expected) => {
    const found = problems(text).join('\n');
    if (typeof expected === 'string') expect(found).toBe(`paramedic.yaml${expected}`);
    else expect(found).toMatch(expected);
  });

  it('names every mistake, not only the first', () => {
    expect(
      problems('detector:\n  scrapeInterval: x\n  port: 99999\nrecovery:\n  maxConcurrent: 0'),
    ).toHaveLength(3);
  });
});

describe('values of the configuration', () => {
  it('are the shipped policy where nothing is said, and what is said otherwise', () => {
    expect(slaPolicyOf(parseConfig('{}', 'f', {}))).toEqual(DEFAULT_SLA_POLICY);
    const text =
      'evaluation: { coldStart: 25%, regression: { recent: 5m, worse: 12.5% }, anomaly: { enabled: false } }';
    expect(slaPolicyOf(parseConfig(text, 'f', {}))).toMatchObject({
      coldStartPercent: 25,
      regression: { recentMinutes: 5, worsePercent: 12.5, minZ: 4 },
      anomaly: { enabled: false, minScore: 0.5 },
    });
  });

  it('take variables after parsing, so that one can’t change the structure', () => {
    const env = { WORDS: 'x\nlogLevel: debug' };
    expect(parseConfig('environment: ${WORDS}', 'f', env)).toMatchObject({
      environment: 'x\nlogLevel: debug',
      logLevel: 'info',
    });
    expect(parseConfig('environment: ${NO:-lab}', 'f', {}).environment).toBe('lab');
  });

  it.each([
    [500, '500ms'],
    [90_000, '90s'],
    [120_000, '2m'],
    [86_400_000, '1d'],
    [0, '0s'],
  ])('%d ms are written as %s', (lengthMs, text) => expect(durationText(lengthMs)).toBe(text));

  it('reads thresholds back as they are written', () => {
    const all = [...DEFAULT_THRESHOLDS, REPLICA_AVAILABILITY];
    const read = readThresholds(all.map(thresholdText));
    expect(read).toEqual({ status: 'read', thresholds: all });
  });

  it('says where a list of thresholds is wrong', () => {
    expect(readThresholds([{ metric: 'up', target: 1, window: '5m', sort: 1 }])).toEqual({
      status: 'refused',
      problems: [{ path: '[0]', message: 'unknown key sort' }],
    });
  });
});
