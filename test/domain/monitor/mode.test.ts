import { describe, expect, it } from 'vitest';
import {
  DEFAULT_COOLDOWN_MS,
  nextMode,
  type AutomaticMode,
} from '../../../src/domain/monitor/mode.js';
import type { Severity } from '../../../src/domain/sla/severity.js';

const minor = (n: number): Severity[] => Array.from({ length: n }, () => 'minor');

describe('the automatic mode', () => {
  it.each<[string, AutomaticMode, Severity[], number, AutomaticMode]>([
    ['one critical violation', 'normal', ['critical'], 100, 'emergency'],
    ['one critical among milder ones', 'high-alert', ['minor', 'critical'], 100, 'emergency'],
    ['three open, however mild', 'normal', minor(3), 100, 'emergency'],
    ['four open', 'high-alert', minor(4), 100, 'emergency'],
    ['two open', 'normal', minor(2), 100, 'high-alert'],
    ['one major open', 'normal', ['major'], 100, 'high-alert'],
    ['none open, compliance just under 95', 'normal', [], 94.99, 'high-alert'],
    ['none open, compliance of 95', 'normal', [], 95, 'normal'],
    ['one still open after an emergency', 'emergency', ['minor'], 100, 'emergency'],
    ['low compliance after an emergency', 'emergency', [], 90, 'emergency'],
    ['none open, 95 to 99 after an emergency', 'emergency', [], 98.99, 'emergency'],
    ['none open and 99 after an emergency', 'emergency', [], 99, 'normal'],
    ['none open, 95 to 99 after high alert', 'high-alert', [], 97, 'high-alert'],
    ['none open and 99 after high alert', 'high-alert', [], 99, 'normal'],
    ['none open and all compliant', 'normal', [], 100, 'normal'],
  ])('%s', (_, current, active, compliancePercent, next) => {
    expect(nextMode(current, { active, compliancePercent })).toBe(next);
  });

  it('has the design document’s cooldowns', () => {
    const seconds = Object.entries(DEFAULT_COOLDOWN_MS).map(([mode, ms]) => [mode, ms / 1000]);
    expect(Object.fromEntries(seconds)).toEqual({
      ...{ normal: 300, 'high-alert': 60, emergency: 30, maintenance: 900 },
    });
  });
});
