/** Entry of the thread that analyses: see `AnalysisThread`. */
import { parentPort, workerData } from 'node:worker_threads';
import { analyseFrom, type AnalysisAsk } from '../activities/analysis.js';
import { loadConfig } from '../config/load.js';
import { createHistory } from './history.js';
import type { AnalysisMessage } from './analysis-thread.js';

/** Progress more often than this tells nobody more. */
const TELL_EVERY_MS = 200;

const history = createHistory(loadConfig(workerData as string));
const tell = (message: AnalysisMessage): void => parentPort?.postMessage(message);

async function analyse(ask: AnalysisAsk): Promise<void> {
  let toldAtMs = 0;
  try {
    const report = await analyseFrom(
      history,
      ask,
      (progress) => {
        if (Date.now() - toldAtMs < TELL_EVERY_MS) return;
        toldAtMs = Date.now();
        tell({ kind: 'progress', progress });
      },
      () => Promise.resolve(),
    );
    tell({ kind: 'report', report });
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on('message', (ask: AnalysisAsk) => void analyse(ask));
