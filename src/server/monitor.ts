import type { Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { MonitorView } from '../domain/monitor/monitor-state.js';
import type { Silence } from '../domain/monitor/silence.js';
import {
  maintenanceUpdate,
  modeUpdate,
  silenceUpdate,
  unsilenceUpdate,
  type MaintenanceMessage,
  type ModeMessage,
  type SilenceMessage,
} from '../workflows/monitor-messages.js';
import { asProblem } from './incidents.js';
import { readMonitor, updateMonitor } from './monitor-client.js';

/** Reads need no worker; orders do, and are bounded by the client. */
const READ_WITHIN_MS = 2_000;

/** Mode, maintenance and silences, through Temporal. Refusals are Problems that say why. */
export interface Monitor {
  /** Undefined before the monitor ran for the first time. */
  view(): Promise<MonitorView | undefined>;
  setMode(ask: ModeMessage): Promise<MonitorView>;
  setMaintenance(ask: MaintenanceMessage): Promise<MonitorView>;
  addSilence(ask: SilenceMessage): Promise<Silence>;
  removeSilence(ask: { readonly id: string; readonly by: string }): Promise<MonitorView>;
}

/** The monitor over a Temporal client. */
export function createMonitor(client: Client): Monitor {
  const asked = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      throw asProblem(error, 'monitor');
    }
  };
  const order = <Result, Ask>(update: UpdateDefinition<Result, [Ask]>, ask: Ask) =>
    asked(() => updateMonitor(client, update, ask));
  return {
    view: () =>
      asked(() =>
        client.connection.withDeadline(Date.now() + READ_WITHIN_MS, () => readMonitor(client)),
      ),
    setMode: (ask) => order(modeUpdate, ask),
    setMaintenance: (ask) => order(maintenanceUpdate, ask),
    addSilence: (ask) => order(silenceUpdate, ask),
    removeSilence: (ask) => order(unsilenceUpdate, ask),
  };
}
