import { describe, expect, it } from 'vitest';
import { unmetCondition, type MetricCondition } from '../../../src/domain/recovery/condition.js';
import {
  NO_PREREQUISITES,
  unmetPrerequisites,
  type PrerequisiteFacts,
} from '../../../src/domain/recovery/prerequisites.js';

const queue = (bounds: { below?: number; above?: number }): MetricCondition => ({
  ...{ metric: 'queue', of: 'service', overMs: 60_000 },
  below: bounds.below,
  above: bounds.above,
});
const FACTS: PrerequisiteFacts = {
  ...{ healthyReplicas: 3, mode: 'normal', actuators: ['loadBalancer'], samples: [] },
};

describe('unmetCondition', () => {
  it.each([
    [
      'strictly above',
      queue({ above: 5 }),
      [5, 5, 5],
      'queue of the service above 5 over 60 s: it is 5.000',
    ],
    ['above by the median', queue({ above: 5 }), [6, 100, 0], undefined],
    ['strictly below', queue({ below: 5 }), [4, 4, 9], undefined],
    [
      'a band',
      queue({ above: 1, below: 5 }),
      [7],
      'queue of the service above 1 and below 5 over 60 s: it is 7.000',
    ],
    [
      'no samples',
      queue({ below: 5 }),
      [],
      'queue of the service below 5 over 60 s: there are no samples',
    ],
  ])('%s', (_, condition, values, expected) => {
    expect(unmetCondition(condition, values)).toBe(expected);
  });
});

describe('unmetPrerequisites', () => {
  it('asks for nothing by default', () => {
    const nothing = { healthyReplicas: undefined, mode: undefined, actuators: [], samples: [] };
    expect(unmetPrerequisites(NO_PREREQUISITES, nothing)).toEqual([]);
  });

  it('says each that is not met, with what is there', () => {
    const wanted = {
      ...{ healthyReplicas: 4, notInModes: ['normal'], conditions: [queue({ above: 5 })] },
      actuators: ['loadBalancer', 'supervisor'] as const,
    };
    expect(unmetPrerequisites(wanted, { ...FACTS, samples: [[1]] })).toEqual([
      'at least 4 replicas in full service: 3 are',
      'not in mode normal',
      'an actuator for the service’s supervisor',
      'queue of the service above 5 over 60 s: it is 1.000',
    ]);
  });

  it('takes what is not known as not met', () => {
    const wanted = { ...NO_PREREQUISITES, healthyReplicas: 1, conditions: [queue({ below: 9 })] };
    expect(unmetPrerequisites(wanted, { ...FACTS, healthyReplicas: undefined })).toEqual([
      'at least 1 replicas in full service: how many are is not known',
      'queue of the service below 9 over 60 s: there are no samples',
    ]);
  });
});
