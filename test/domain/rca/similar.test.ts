import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/domain/rca/analyse.js';
import { similarIncidents, type PastReport } from '../../../src/domain/rca/similar.js';
import { evidenceOf, FAULTS } from './synthetic-fleet.js';

const past = (incidentId: string, features: readonly string[], createdAtMs = 1): PastReport => ({
  ...{ incidentId, runId: 'run', createdAtMs, features },
  probableCause: `what ${incidentId} was`,
});

describe('similar incidents', () => {
  it('are those of the same fault, not of others', () => {
    const reports = FAULTS.map((fault) =>
      past(fault.name, analyse(evidenceOf(fault, 1, fault.culprit)).features),
    );
    for (const fault of FAULTS) {
      const again = analyse(evidenceOf(fault, 2, fault.culprit));
      const [first] = similarIncidents(again.features, reports);
      expect(first?.incidentId).toBe(fault.name);
      expect(first?.similarity).toBeGreaterThan(0.6);
    }
  });

  it('are at most five, the most similar first, then the newest', () => {
    const features = ['cause:application', 'how:leak', 'rises:latency'];
    const reports = [
      past('half', ['cause:application', 'how:leak', 'rises:queue', 'falls:throughput']),
      ...[1, 2, 3, 4, 5].map((n) => past(`same-${n}`, features, n)),
      past('other', ['cause:network', 'rises:latency']),
    ];
    expect(similarIncidents(features, reports).map(({ incidentId }) => incidentId)).toEqual([
      ...['same-5', 'same-4', 'same-3', 'same-2', 'same-1'],
    ]);
    const [, ...rest] = reports;
    expect(similarIncidents(features, [reports[0]!, rest.at(-1)!])).toMatchObject([
      // 6 of 6 + 3 units of weight are in common.
      { incidentId: 'half', similarity: expect.closeTo(6 / 9, 9) as unknown },
    ]);
  });

  it('are none without a past, or without anything in common', () => {
    expect(similarIncidents(['cause:network'], [])).toEqual([]);
    expect(similarIncidents([], [past('empty', [])])).toEqual([]);
  });
});
