import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import type { DetectorStatus } from '../../src/server/detector-client.js';
import { NO_HEALTH } from './server-parts.js';

/** A detector that watches one threshold, with nothing open and 97.5 % compliant, unless told. */
export function detectorStatus(
  atMs: number,
  summary: Partial<DetectorStatus['summary']> = {},
  more: Partial<DetectorStatus> = {},
): DetectorStatus {
  return {
    atMs,
    summary: {
      compliancePercent: 97.5,
      complianceByThreshold: {},
      active: [],
      lastDay: {
        total: 0,
        bySeverity: { minor: 0, major: 0, critical: 0 },
        byType: {
          latency_breach: 0,
          throughput_degradation: 0,
          error_rate_spike: 0,
          availability_loss: 0,
          resource_exhaustion: 0,
          performance_regression: 0,
        },
        openedAtMs: [],
      },
      heatMap: [],
      ...summary,
    },
    thresholds: DEFAULT_THRESHOLDS.slice(0, 1),
    targets: [],
    coverage: [
      {
        threshold: 'request_latency_p95',
        service: 'chat',
        status: 'measurable',
        text: 'by gateway',
      },
    ],
    isDispatching: true,
    openReports: 0,
    breakers: [],
    health: NO_HEALTH,
    ...more,
  };
}
