import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/load.js';
import { proceduresInForce } from '../../src/config/procedure-schema.js';
import { DEFAULT_PROCEDURES } from '../../src/domain/recovery/procedures/index.js';

const HEAD = `actuators:
  gateway: { kind: haproxy, address: '127.0.0.1:9999' }
services:
  - name: chat
    replicas: [{ name: e1, url: 'http://127.0.0.1:1' }]
    loadBalancer: { actuator: gateway, backend: engines }
recovery:
`;
const parse = (procedures: string) => parseConfig(HEAD + procedures, 'paramedic.yaml', {});
const inForce = (procedures: string) => proceduresInForce(parse(procedures).recovery.procedures);

function problems(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

const FULL = `  procedures:
    - name: queue_relief
      description: Shortens queues.
      violationTypes: [latency_breach]
      metrics: [request_latency_p95]
      services: [chat]
      leastSeverity: minor
      timeout: 2m
      retries: 1
      prerequisites:
        healthyReplicas: 2
        notInModes: [maintenance]
        actuators: [loadBalancer]
        metrics: [{ metric: queue, above: 5, of: service, over: 30s }]
      steps:
        - action: load_balancer_adjust
          parameters: { weightPercent: 20 }
          autonomy: approve
          retries: 4
          timeout: 5s
          settle: 9s
          compensation: keep
        - wait: 30s
        - require: { metric: queue, below: 100 }
          within: 1m
          otherwise: skip
        - ask: Route around it?
          timeout: 10m
          onTimeout: proceed
        - traffic_routing
      onFailure: [circuit_breaker_open]
      verification: { hold: 10s, minSamples: 3 }
`;

describe('procedures of the configuration', () => {
  it('are read with all that they say, and come before those in code', () => {
    const [own, ...rest] = inForce(FULL);
    expect(rest).toEqual(DEFAULT_PROCEDURES);
    expect(own).toMatchObject({
      ...{ name: 'queue_relief', workflowType: 'customRecovery', leastSeverity: 'minor' },
      ...{ timeoutMs: 120_000, retries: 1, metrics: ['request_latency_p95'], services: ['chat'] },
      verification: { holdMs: 10_000, minSamples: 3 },
      prerequisites: {
        ...{ healthyReplicas: 2, notInModes: ['maintenance'], actuators: ['loadBalancer'] },
        conditions: [{ metric: 'queue', above: 5, of: 'service', overMs: 30_000 }],
      },
      onFailure: [{ action: 'circuit_breaker_open', gates: [], isKept: false }],
    });
    expect(own?.steps).toMatchObject([
      {
        ...{ action: 'load_balancer_adjust', parameters: { weightPercent: 20 }, gates: [] },
        ...{ autonomy: 'approve', retries: 4, timeoutMs: 5_000, settleMs: 9_000, isKept: true },
      },
      {
        action: 'traffic_routing',
        gates: [
          { kind: 'wait', forMs: 30_000 },
          { kind: 'require', withinMs: 60_000, otherwise: 'skip' },
          { kind: 'ask', question: 'Route around it?', timeoutMs: 600_000, onTimeout: 'proceed' },
        ],
      },
    ]);
  });

  it('override one of the same name in what they say, and nothing else', () => {
    const found = inForce(`  procedures:
    - { name: latency_spike, steps: [traffic_routing], timeout: 1m }
    - { name: critical_system, enabled: false }
`);
    const before = DEFAULT_PROCEDURES.map(({ name }) => name);
    expect(found.map(({ name }) => name)).toEqual(before);
    const [spike] = found;
    expect(spike).toEqual({
      ...DEFAULT_PROCEDURES[0],
      steps: [expect.objectContaining({ action: 'traffic_routing' })],
      timeoutMs: 60_000,
    });
    expect(found.at(-1)).toEqual({ ...DEFAULT_PROCEDURES.at(-1), isEnabled: false });
  });

  it.each([
    [
      'what it is for is not said',
      '  procedures:\n    - { name: own, steps: [traffic_routing] }',
      ':9 recovery.procedures[0].violationTypes: expected a list like [latency_breach], got nothing',
    ],
    [
      'an unknown action',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - action: reboot',
      /:11 recovery\.procedures\[0\]\.steps\[0\]\.action: .*expected one of.*got "reboot"/,
    ],
    [
      'neither an action nor a gate',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - { sleep: 3s }',
      /:11 recovery\.procedures\[0\]\.steps\[0\]: expected an action \(.*\), or one of action, wait, require, ask/,
    ],
    [
      'an unknown key of a step',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - action: traffic_routing\n          settel: 3s',
      ':12 recovery.procedures[0].steps[0].settel: unknown key',
    ],
    [
      'a parameter that the action does not take',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - action: traffic_routing\n          parameters: { weightPercent: 5 }',
      ':12 recovery.procedures[0].steps[0].parameters.weightPercent: traffic_routing takes no parameters, got "weightPercent"',
    ],
    [
      'a gate behind which nothing stands',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - traffic_routing\n        - wait: 5s',
      /:12 recovery\.procedures\[0\]\.steps\[1\]: expected an action after it/,
    ],
    [
      'a condition without a bound',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - require: { metric: queue }\n        - traffic_routing',
      /:11 recovery\.procedures\[0\]\.steps\[0\]\.require: expected below or above/,
    ],
    [
      'an action that no actuator can carry out',
      '  procedures:\n    - name: latency_spike\n      steps:\n        - wait: 5s\n        - action: scale_resources',
      ':12 recovery.procedures[0].steps[1].action: expected an action that can be carried out: "chat" has no supervisor configured, got "scale_resources"',
    ],
    [
      'a service that is not there',
      '  procedures:\n    - name: latency_spike\n      services: [chta]',
      ':10 recovery.procedures[0].services[0]: expected one of chat, got "chta"',
    ],
    [
      'a metric that no threshold watches',
      '  procedures:\n    - name: latency_spike\n      metrics: [ttft]',
      /:10 recovery\.procedures\[0\]\.metrics\[0\]: expected a metric with a threshold \(.*\), got "ttft"/,
    ],
    [
      'two of a name',
      '  procedures:\n    - { name: latency_spike }\n    - { name: latency_spike }',
      ':10 recovery.procedures[1].name: duplicate name "latency_spike": procedures[0] has it already',
    ],
    [
      'a policy for a service that is not there',
      '  services: { chta: { rollback: approve } }',
      ':8 recovery.services.chta: expected a configured service, one of chat, got "chta"',
    ],
  ])('refuses %s', (_, text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    if (typeof expected === 'string') expect(found[0]).toBe(`paramedic.yaml${expected}`);
    else expect(found[0]).toMatch(expected);
  });

  it('does not hold a disabled procedure’s actions against it', () => {
    expect(
      problems(
        '  procedures:\n    - { name: latency_spike, enabled: false, steps: [scale_resources] }',
      ),
    ).toEqual([]);
  });
});
