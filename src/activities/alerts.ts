import type { AlertActivities } from './contract.js';
import { asFailure } from './failure.js';
import type { World } from './world.js';

/** What the alerts of an incident need: each a thin layer over a port. */
export function createAlertActivities(world: World): AlertActivities {
  const { alerting, coordination } = world;
  return {
    alertSettings: () => Promise.resolve(alerting),

    judgeAlert: (ask) =>
      asFailure(async () => {
        const judgement = await coordination.judgeAlert(ask);
        const { under } = judgement;
        if (under === undefined) return judgement;
        // An incident that was ended from outside says nothing any more: it must mute nobody.
        if (!(await coordination.hasEnded(under.incidentId, under.runId))) return judgement;
        await coordination.forgetAlerts(under.runId);
        return coordination.judgeAlert(ask);
      }),

    recordAlert: (record) => asFailure(() => world.archive.putAlert(record)),

    hasIncidentEnded: ({ incidentId, runId }) =>
      asFailure(() => coordination.hasEnded(incidentId, runId)),
  };
}
