import { describe, expect, it } from 'vitest';
import { restoringCommands, type Balance } from '../../src/drill/balance.js';

const calm: Balance = {
  servers: [
    { name: 'engine-1', weight: 100, admin: 'ready' },
    { name: 'engine-2', weight: 80, admin: 'ready' },
  ],
  maps: { routing: [], circuit: [] },
};

describe('taking mitigations back', () => {
  it('sets weight, state and maps that differ, and nothing else', () => {
    const now: Balance = {
      servers: [
        { name: 'engine-1', weight: 10, admin: 'drain' },
        { name: 'engine-2', weight: 80, admin: 'ready' },
        { name: 'engine-4', weight: 100, admin: 'ready' },
      ],
      maps: { routing: [], circuit: [['engines/engine-1', 'open']] },
    };
    expect(restoringCommands(calm, now)).toEqual([
      'set server engines/engine-1 weight 100',
      'set server engines/engine-1 state ready',
      'clear map circuit',
    ]);
    expect(restoringCommands(calm, calm)).toEqual([]);
  });

  it('leaves a map alone that had entries, and a server that is gone', () => {
    const before: Balance = { ...calm, maps: { routing: [['noisy', 'reject']] } };
    const now: Balance = {
      servers: [],
      maps: {
        routing: [
          ['noisy', 'reject'],
          ['x', 'y'],
        ],
      },
    };
    expect(restoringCommands(before, now)).toEqual([]);
  });
});
