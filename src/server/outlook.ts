import { z } from 'zod';
import type { DetectorClient } from './detector-client.js';
import { bodyOf } from './forward.js';
import { operation, type Operation } from './operation.js';

/** As the detector gives it: absent is left out, lengths of time are ms. */
const detectorShape = z.object({
  budgets: z.array(
    z.object({
      slo: z.string(),
      threshold: z.string(),
      service: z.string(),
      objectiveRatio: z.number(),
      remainingPercent: z.number(),
      windows: z.array(z.object({ windowMs: z.number(), burnRate: z.number() })),
      isFiring: z.boolean(),
    }),
  ),
  outlooks: z.array(
    z.object({
      threshold: z.string(),
      service: z.string(),
      replica: z.string().optional(),
      outlook: z.enum(['breached', 'breach-ahead', 'steady', 'unknown']),
      breachInSeconds: z.number().optional(),
    }),
  ),
});

const answer = z
  .object({
    budgets: z.array(
      z.object({
        slo: z.string(),
        threshold: z.string(),
        service: z.string(),
        objectivePercent: z.number(),
        remainingPercent: z.number().min(0).max(100),
        burnRates: z.array(z.object({ windowSeconds: z.number(), rate: z.number() })),
        isFiring: z.boolean(),
      }),
    ),
    forecasts: z.array(
      z.object({
        threshold: z.string(),
        service: z.string(),
        replica: z.string().nullable(),
        outlook: z.enum(['breached', 'breach-ahead', 'steady', 'unknown']),
        breachInSeconds: z.number().nullable(),
      }),
    ),
  })
  .meta({
    id: 'Outlook',
    description:
      'What is left of the error budgets (of the last 3 days), how many times as fast as allowed they are spent, and when each SLI will reach its limit if its trend goes on.',
  });

/** `GET /v1/outlook`: error budgets and forecasts, which cost more than a look at the status. */
export function outlookRoutes(detector: DetectorClient): Operation[] {
  return [
    operation({
      tag: 'thresholds',
      id: 'getOutlook',
      method: 'get',
      path: '/v1/outlook',
      summary: 'Error budgets with their burn rates, and the forecast of each SLI',
      role: 'viewer',
      answer,
      handle: async () => {
        const found = await detector.forward('GET', '/internal/outlook', undefined);
        const { budgets, outlooks } = bodyOf(detectorShape, found);
        return {
          body: {
            budgets: budgets.map(({ objectiveRatio, windows, ...rest }) => ({
              ...rest,
              objectivePercent: 100 * objectiveRatio,
              burnRates: windows.map(({ windowMs, burnRate }) => ({
                windowSeconds: windowMs / 1000,
                rate: burnRate,
              })),
            })),
            forecasts: outlooks.map(({ replica, breachInSeconds, ...rest }) => ({
              ...rest,
              replica: replica ?? null,
              breachInSeconds: breachInSeconds ?? null,
            })),
          },
        };
      },
    }),
  ];
}
