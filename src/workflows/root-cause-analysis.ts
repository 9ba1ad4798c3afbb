import { log, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { rcaProgressQuery, type RcaInput, type RcaResult } from './messages.js';
import { analyseIncident } from './proxies.js';

/** Works out an incident's probable cause from the evidence taken when it opened, and files a report. */
export async function rootCauseAnalysis(input: RcaInput): Promise<RcaResult> {
  let progress = 'analysing';
  const tell = (text: string): void => {
    progress = text;
    setCurrentDetails(text);
  };
  setHandler(rcaProgressQuery, () => progress, { description: 'How far the analysis is' });
  tell('analysing: the heartbeat of the activity tells the stage and the share done');
  const result = await analyseIncident(input);
  const certainty = result.isConfident ? 'confident' : 'not confident';
  tell(`done, ${certainty}: ${result.probableCause} (report ${result.reportId})`);
  log.info(result.probableCause, { report: result.reportId, incident: input.incidentId });
  return result;
}
