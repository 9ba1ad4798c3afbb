import {
  CancellationScope,
  condition,
  log,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { post } from './post.js';
import { analyseIncident, captureEvidence } from './proxies.js';
import {
  causeSignal,
  rcaProgressQuery,
  recoveryEndedSignal,
  type RcaEnd,
  type RcaInput,
  type RcaResult,
} from './rca-messages.js';
import { messageOf } from './rollback.js';

/** Nothing was changed yet. */
const NOTHING_YET: RcaEnd = { steps: [], outcome: 'none' };

/**
 * Takes the evidence as the incident opens and works out its probable cause: a report that is there
 * while the recovery goes on, and made anew with what the recovery changed when that has ended. A
 * cancel, as when the incident is ended from outside, means that there will be no more to know.
 */
export async function rootCauseAnalysis(input: RcaInput): Promise<RcaResult> {
  const analysis = new Analysis(input);
  CancellationScope.current().cancelRequested.catch(() => analysis.end(NOTHING_YET));
  return CancellationScope.nonCancellable(() => analysis.run());
}

class Analysis {
  private progress = '';
  private ended: RcaEnd | undefined;
  /** Whether the evidence at the opening is there; told with the progress. */
  private evidence = '';

  constructor(private readonly input: RcaInput) {
    setHandler(rcaProgressQuery, () => this.progress, { description: 'How far the analysis is' });
    setHandler(recoveryEndedSignal, (ended) => this.end(ended), {
      description: 'What the recovery changed: later evidence',
    });
  }

  end(ended: RcaEnd): void {
    this.ended ??= ended;
  }

  async run(): Promise<RcaResult> {
    await this.capture();
    const first = this.ended;
    this.tell(
      `${this.evidence}; analysing: the activity’s heartbeat tells the stage and share done`,
    );
    let result = await this.analyse(first ?? NOTHING_YET);
    if (first === undefined && this.ended === undefined) {
      this.tell(
        `${this.evidence}; so far ${verdictOf(result)}; waiting for what the recovery changes`,
      );
      await this.tellIncident(result);
      await condition(() => this.ended !== undefined);
    }
    if (first === undefined && this.ended?.steps.some(hasBegun) === true) {
      this.tell(
        `${this.evidence}; so far ${verdictOf(result)}; analysing with the recovery’s steps`,
      );
      result = await this.analyse(this.ended);
    }
    this.tell(`done, ${verdictOf(result)} (report ${result.reportId})`);
    const { incidentId } = this.input;
    log.info(result.probableCause, { report: result.reportId, incident: incidentId });
    return result;
  }

  private async capture(): Promise<void> {
    this.tell('taking the evidence: state, logs and changes as the incident opened');
    const { incidentId, incidentRunId, violation } = this.input;
    try {
      await captureEvidence({ incidentId, incidentRunId, violation });
      this.evidence = 'evidence taken';
    } catch (error) {
      this.evidence = `evidence not taken: ${messageOf(error)}`;
      log.warn('the evidence at the opening was not taken', { reason: messageOf(error) });
    }
  }

  private analyse(ended: RcaEnd): Promise<RcaResult> {
    return analyseIncident({ ...this.input, ...ended });
  }

  /** People on call want to know it before the recovery has ended; a lost incident wants nothing. */
  private async tellIncident({ probableCause }: RcaResult): Promise<void> {
    const { incidentId: workflowId, incidentRunId: runId } = this.input;
    await post({ workflowId, runId }, causeSignal, { probableCause }).catch(() => undefined);
  }

  private tell(text: string): void {
    this.progress = text;
    setCurrentDetails(text);
  }
}

/** A step that was planned and never begun has changed nothing. */
function hasBegun({ startedAtMs }: RcaEnd['steps'][number]): boolean {
  return startedAtMs !== undefined;
}

function verdictOf({ isConfident, probableCause }: RcaResult): string {
  return `${isConfident ? 'confident' : 'not confident'}: ${probableCause}`;
}
