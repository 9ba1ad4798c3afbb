import { describe, expect, it } from 'vitest';
import { ACTION_NAMES } from '../../../src/domain/recovery/action.js';
import { gateText } from '../../../src/domain/recovery/procedure.js';
import { DEFAULT_PROCEDURES } from '../../../src/domain/recovery/procedures/index.js';
import { ACTIONS } from '../../../src/activities/actions/index.js';
import * as workflows from '../../../src/workflows/index.js';

describe('the registry of procedures', () => {
  it('has unique names', () => {
    const names = DEFAULT_PROCEDURES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(DEFAULT_PROCEDURES.map((one) => [one.name, one] as const))(
    '%s can be run: a workflow type that exists, actions that exist, figures that make sense',
    (_, procedure) => {
      expect(Object.keys(workflows)).toContain(procedure.workflowType);
      expect(procedure.description).not.toBe('');
      expect(procedure.steps.length).toBeGreaterThan(0);
      expect(procedure.violationTypes.length).toBeGreaterThan(0);
      expect(procedure.timeoutMs).toBeGreaterThan(0);
      for (const { action } of [...procedure.steps, ...procedure.onFailure]) {
        expect(ACTION_NAMES).toContain(action);
        expect(ACTIONS[action]).toBeDefined();
      }
    },
  );
});

describe('gateText', () => {
  it('says what a gate waits for, and what happens otherwise', () => {
    const condition = {
      ...{ metric: 'queue', of: 'target' as const, above: 5, below: undefined, overMs: 60_000 },
    };
    expect(gateText({ kind: 'wait', forMs: 30_000 })).toBe('wait 30 s');
    expect(gateText({ kind: 'require', condition, withinMs: 120_000, otherwise: 'stop' })).toBe(
      'require queue of the target above 5 over 60 s within 120 s, or else stop',
    );
    expect(
      gateText({ kind: 'ask', question: 'Go on?', timeoutMs: 60_000, onTimeout: 'skip' }),
    ).toBe('ask “Go on?”; after 60 s without an answer: skip');
  });
});
