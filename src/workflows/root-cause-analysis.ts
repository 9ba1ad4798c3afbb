import { log, setHandler } from '@temporalio/workflow';
import { rcaProgressQuery, type RcaInput, type RcaResult } from './messages.js';
import { analyseIncident } from './proxies.js';

/** Works out an incident's probable cause from the evidence taken when it opened, and files a report. */
export async function rootCauseAnalysis(input: RcaInput): Promise<RcaResult> {
  let progress = 'analysing';
  setHandler(rcaProgressQuery, () => progress, { description: 'How far the analysis is' });
  const result = await analyseIncident(input);
  progress = 'done';
  log.info(result.probableCause, { report: result.reportId, incident: input.incidentId });
  return result;
}
