import { Worker } from 'node:worker_threads';
import type { AnalysisAsk, Analyser, OnProgress } from '../activities/analysis.js';
import type { AnalysisProgress } from '../domain/rca/analyse.js';
import type { RootCauseReport } from '../domain/rca/report.js';

/** What the thread says of the analysis that it was last asked for. */
export type AnalysisMessage =
  | { readonly kind: 'progress'; readonly progress: AnalysisProgress }
  | { readonly kind: 'report'; readonly report: RootCauseReport }
  | { readonly kind: 'failed'; readonly message: string };

/** Of the thread's own heap: 5,000 series of 360 samples need about half. */
const MOST_HEAP_MEBIBYTES = 512;
/** 5,000 series take some seconds, and reading them some more; several times that on a busy machine. */
const MOST_MS = 60_000;
/** Incidents come in groups; between groups the thread's memory is better used by others. */
const IDLE_MS = 60_000;

/**
 * Analyses in a thread of its own, which reads the series itself: neither their parsing nor the arithmetic
 * holds up the event loop, and memory and time are bounded. One analysis at a time, the others wait.
 */
export class AnalysisThread {
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** `configPath` names the configuration that says where the history is. */
  constructor(private readonly configPath: string) {}

  /**
   * Rejects when the thread fails, or exceeds its heap or its time, and with what `onProgress` throws; the
   * next analysis then gets a new thread.
   */
  readonly analyse: Analyser = (ask, onProgress) => {
    const turn = this.#last.then(() => this.#run(ask, onProgress));
    this.#last = turn.catch(() => undefined);
    return turn;
  };

  /** Ends the thread. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #run(ask: AnalysisAsk, onProgress: OnProgress): Promise<RootCauseReport> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    try {
      const report = await once(worker, ask, onProgress);
      this.#idle = setTimeout(() => void this.stop(), IDLE_MS).unref();
      return report;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./analysis-thread-entry.js', import.meta.url), {
      workerData: this.configPath,
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MEBIBYTES },
    });
    worker.unref();
    return worker;
  }
}

/** Asks once, and waits for the report. */
function once(worker: Worker, ask: AnalysisAsk, onProgress: OnProgress): Promise<RootCauseReport> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new Error(`the analysis took longer than ${MOST_MS / 1000} s`))),
      MOST_MS,
    );
    const onMessage = (message: AnalysisMessage): void => {
      if (message.kind === 'report') settle(() => resolve(message.report));
      else if (message.kind === 'failed') settle(() => reject(new Error(message.message)));
      else {
        try {
          onProgress(message.progress);
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      }
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void =>
      settle(() => reject(new Error(`the analysis’ thread ended with ${code}`)));
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      how();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(ask);
  });
}
